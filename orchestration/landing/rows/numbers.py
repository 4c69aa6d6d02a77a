"""Whether a call goes to a number at all, by the very SQL that rating reads numbers with."""

from __future__ import annotations

import duckdb

from orchestration.store.sql import literal, named, quoted
from orchestration.store.warehouse import PROJECT

_CLEAN = PROJECT / "macros" / "rating" / "clean_number.sql"
_NATIONAL = PROJECT / "models" / "rating" / "lookups" / "national_prefixes.sql"


def digits_to_have(con: duckdb.DuckDBPyConnection, source: str) -> str | None:
    """SQL: the digits of `called_number`, NULL of what is no number; None of a source of which such calls land."""
    row = con.execute(
        f"""
        select
            list_sort(list_transform(s.international_prefixes, lambda p: (-length(p), p))),
            s.country_code,
            nullif(coalesce(s.national_prefix, n.national_prefix), 'none'),
        from config.sources as s
        left join ({named(_NATIONAL)}) as n on s.country_code = n.country_code
        where s.source = ? and s.kind = 'cdrs' and s.not_numbers = 'reject'
        """,
        [source],
    ).fetchone()
    if row is None:
        return None
    longest_first, country_code, national_prefix = row
    prefixes = [prefix for _, prefix in longest_first]
    return _clean_number(
        quoted("called_number"),
        f"cast([{', '.join(map(literal, prefixes))}] as VARCHAR[])",
        literal("".join(prefix[0] for prefix in prefixes)),
        *("cast(null as VARCHAR)" if text is None else literal(text) for text in (country_code, national_prefix)),
    )


def _clean_number(*arguments: str) -> str:
    from jinja2 import Environment  # of few sources: others need not wait for it

    call = f"{{{{ clean_number({', '.join(map(repr, arguments))}) }}}}"
    return Environment(autoescape=False).from_string(named(_CLEAN) + call).render().strip()
