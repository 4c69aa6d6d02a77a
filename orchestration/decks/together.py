"""Decks that wait together and begin alike with other prices: which is accepted last would count."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.decks.normal import Deck
from orchestration.decks.review import Suspicion

REASON = "together"
_KEY = ("rate_table_id", "prefix", "band", "calling_prefix", "jurisdiction")
_TERMS = tuple(name for name in CANONICAL_COLUMNS if name not in (*_KEY, "destination", "valid_from"))
_SAME = " and ".join(f"a.{name} is not distinct from b.{name}" for name in _KEY)


class Together:
    """The decks that wait, as far as they were read: each is noted when it has been read into `deck_rows`."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute(
            f"""
            create or replace temp table waiting_prices as
            select '' as source, '' as name, now()::TIMESTAMP as effective_at, false as is_full,
                {", ".join(CANONICAL_COLUMNS)}
            from landed.rates
            limit 0
            """
        )

    def note(self, deck: Deck) -> None:
        self._con.execute(
            f"""
            insert into waiting_prices
            select ?, ?, ?, ?, {", ".join(CANONICAL_COLUMNS)}
            from deck_rows
            where not copies
            """,
            [deck.source, deck.name, deck.effective_at, deck.replaces_all],
        )

    def contradictions(self) -> Mapping[tuple[str, str], list[Suspicion]]:
        """By source and name of a deck, what others say otherwise of the same instant.

        A price of the same numbers that both have; or one that only the other has, where a full deck would end it.
        """
        rows = self._con.execute(
            f"""
            with otherwise as (
                select
                    a.source, a.name, b.source as other_source, b.name as other, a.rate_table_id, a.prefix,
                    a.valid_from as begins_at
                from waiting_prices as a
                inner join waiting_prices as b
                    on (a.source, a.name) <> (b.source, b.name) and a.valid_from = b.valid_from and {_SAME}
                where ({_of("a")}) is distinct from ({_of("b")})
                union all
                select
                    unnest([a.source, d.source]), unnest([a.name, d.name]), unnest([d.source, a.source]),
                    unnest([d.name, a.name]), a.rate_table_id, a.prefix, a.effective_at
                from waiting_prices as a
                inner join (
                    select distinct source, name, effective_at, rate_table_id
                    from waiting_prices
                    where is_full
                ) as d
                    on
                        (a.source, a.name) <> (d.source, d.name)
                        and a.effective_at = d.effective_at
                        and a.rate_table_id = d.rate_table_id
                anti join waiting_prices as b on b.source = d.source and b.name = d.name and {_SAME}
                where not a.ended
            )
            select source, name, other_source, other, min((begins_at, prefix, rate_table_id)),
                count(distinct (rate_table_id, prefix, begins_at))
            from otherwise
            group by all
            order by all
            """
        ).fetchall()
        found: dict[tuple[str, str], list[Suspicion]] = {}
        for source, name, other_source, other, (at, prefix, table), prices in rows:
            whose = "" if other_source == source else f" of {other_source}"
            text = (
                f"{other}{whose} waits, too, and from the same instant says otherwise ({prefix or 'any'} of {table}, "
                f"{at.isoformat(sep=' ').removesuffix(' 00:00:00')}): which is accepted last would count; accept by "
                "its name the one that is right, and take the other away"
            )
            found.setdefault((source, name), []).append(Suspicion(REASON, prices, text))
        return found


def _of(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in _TERMS)
