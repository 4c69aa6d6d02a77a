"""`tollbook rates review`: what a deck would change; changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.decks import review as reviewing
from orchestration.decks import traffic
from orchestration.decks.problem import UnreadableDeck
from orchestration.decks.review import Review, Suspicion
from orchestration.decks.together import Together
from orchestration.landing.dropped import Dropped
from orchestration.operations.permitted import writing
from orchestration.operations.upkeep.configure import configure
from orchestration.operations.upkeep.rate_decks import (
    AS_MAPPED,
    DeckOptions,
    accepted_as,
    landing_rows,
    read_deck,
    waiting_or_named,
)
from orchestration.store import sql
from orchestration.store.warehouse import Home, Writer


@dataclass(frozen=True)
class Reviewed:
    """The decks that could be read, and what is wrong with the others."""

    reviews: list[Review]
    problems: list[str]


def review(home: Home, file: Path | None = None, options: DeckOptions = AS_MAPPED) -> Reviewed:
    """What the deck in `file` would change, or each deck that waits in the inbox; changes nothing.

    Raises `Refused` for a request that cannot be carried out; what is wrong with a deck is in the result.
    """
    with writing(home, "rates review", enters=False) as held:
        decks = waiting_or_named(held, file, options)
        if not decks:
            return Reviewed([], [])
        configure(held)
        result, together = Reviewed([], []), _contradictions(held, decks, options)
        for each in decks:
            try:
                reviewed = _reviewed(held, each, options)
                found = together.get((each.source, each.name), [])
                result.reviews.append(replace(reviewed, suspicious=(*reviewed.suspicious, *found)))
            except UnreadableDeck as unreadable:
                result.problems.extend(unreadable.problems)
        return result


def _contradictions(
    held: Writer, decks: list[Dropped], options: DeckOptions
) -> Mapping[tuple[str, str], list[Suspicion]]:
    """What decks that wait together, of whatever sources, say otherwise of the same prices."""
    if len(decks) < 2:
        return {}
    with held.connect() as con:
        together = Together(con)
        for each in decks:
            with suppress(UnreadableDeck):  # its own review says so
                known = accepted_as(con, held, each, options)
                if known is None or known.other is not None:
                    together.note(read_deck(con, held, each, options))
        return together.contradictions()


def _reviewed(held: Writer, each: Dropped, options: DeckOptions) -> Review:
    with tempfile.TemporaryDirectory() as scratch:
        prices = Path(scratch) / "prices.parquet"
        with held.connect() as con:
            known = accepted_as(con, held, each, options)
            if known is not None and known.other is None:
                raise UnreadableDeck([f"{each.name} was accepted already, {known.said}"])
            deck = read_deck(con, held, each, options)
            review = reviewing.review(con, deck, options.limit, options.first)
            days = traffic.days_with_traffic(con) if options.traffic else ()
            if days:
                con.execute(f"copy ({landing_rows(review.number)}) to {sql.path(prices)} (format parquet)")
        if not days:
            return review
        held.release()
        again = traffic.rated_again(held.home, days, prices, deck.effective_at, deck.replaces_all)
        return replace(review, traffic=again)
