"""A relation of canonical VARCHAR cells to typed, checked rows, as SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration import typed as texts
from orchestration.configuration.nearest import nearest
from orchestration.landing.readers.readable import Readable
from orchestration.landing.rows import times, values
from orchestration.landing.rows.canonical import CanonicalType, Kind
from orchestration.landing.rows.plausible import Limits
from orchestration.store.sql import literal, named, quoted

_CHARGED_AT = Path(__file__).with_name("charged_at.sql")
_PAYMENTS = Path(__file__).with_name("payments.sql")
# as RE2 writes it
_COMMANDS = "[" + "".join(c if c == "-" else f"\\x{{{ord(c):x}}}" for c in texts.COMMANDS) + "]"
_ACCOUNT_CURRENCY = "account_currency"
_NEARLY_CDRS = "(?i)[^a-z]*cdrs?[^a-z]*"
# Unknown accounts of a file for which the right one is looked for.
_NAMED = 100
BROKEN = {
    "encoding": (
        "bad_encoding",
        "the row is not in its source's encoding, which is UTF-8 where sources.csv says no other (each wrong byte is"
        " shown as \\x..); save the file so, or write there what it is in (encoding: latin-1, cp1252, ...)",
    ),
    "quotes": (
        "bad_row",
        "the row has a quote that is never closed, or text behind a closing quote; double"
        ' the quotes inside a quoted cell: "say ""hi"""',
    ),
    "long": ("bad_row", "the row is longer than 1 MiB"),
    "json": (
        "bad_row",
        'the line is not one JSON object; write it alone on a line, {"name": "text"}, with no comma behind it',
    ),
}


def checked(kind: Kind, relation: str, zone: str, limits: Limits | None, keep: Sequence[str] = ()) -> str:
    """SQL of `relation` with, for every column x, the cell x and its value t_x, and charged_at.

    `relation` has the kind's columns and `extra`, all VARCHAR, and the columns of `keep`.
    No row is left out. Without limits, as by the first rules, a time may have any offset.
    """
    cells = [quoted(column.name) for column in kind.columns]
    typed = [f"{values.typed(c, zone, limits is None)} as {values.value(c)}" for c in kind.columns]
    ranged = [
        f"{times.in_range(values.value(c))} as {values.value(c)}" for c in kind.columns if c.type is CanonicalType.TIME
    ]
    account = (
        f", a.currency as {_ACCOUNT_CURRENCY}, a.kind as account_kind, a.account_id as known" if kind.account else ""
    )
    join = (
        " left join (select account_id as known_id, account_id, currency, kind from config.accounts) a"
        ' on a.known_id = r."account_id"'
        if kind.account
        else ""
    )
    cells_of = [f"r.{quoted(name)}" for name in (*kind.names, "extra", *keep)]
    source = f"select {', '.join(cells_of)}{account} from ({relation}) r{join}"
    passed = [*cells, *typed, "extra", *keep]
    if kind.account:
        passed += [_ACCOUNT_CURRENCY, "account_kind", "known"]
    inner = f"select {', '.join(passed)} from ({source})"
    middle = f"select * replace ({', '.join(ranged)}) from ({inner})"
    charged_at = named(_CHARGED_AT) if kind.name == "cdrs" else f"t_{kind.time}"
    rows = f"select *, {charged_at} as charged_at from ({middle})"
    if kind.name != "payments":
        return rows
    return named(_PAYMENTS).format(checked=rows, commands=literal(_COMMANDS), longest=texts.LONGEST)


def valid(kind: Kind, limits: Limits | None) -> str:
    """SQL: true for a row of `checked` that can land, whatever its values where there are no limits; never NULL."""
    tests = [test for c in kind.columns if (test := values.fits(c)) != "true"]
    if limits:
        tests += [test for c in kind.columns if (test := limits.fits(c)) != "true"]
    if kind.account:
        tests.append(f"not {_unknown(kind)}")
    if kind.name == "payments":
        tests.append(f"coalesce(t_currency = {_ACCOUNT_CURRENCY}, false)")
        # lines of the journal from before there were rules for payments are not judged by them
        tests.append("(problem is null or coalesce((select rules from run.clock), 1) = 1)")
    return " and ".join(tests)


def landed_row(kind: Kind, source: str, file_id: str, sequence: int) -> str:
    """SQL: the select list that makes a row of `checked` one of the kind's table."""
    derived = ["charged_at"] if kind.name == "cdrs" else []
    return ", ".join(
        [
            "cast(charged_at as DATE) as day",
            f"{literal(source)} as source",
            *derived,
            *(f"{values.value(c)} as {quoted(c.name)}" for c in kind.columns),
            "extra",
            f"{literal(file_id)} as file_id",
            f"cast({sequence} as BIGINT) as file_sequence",
        ]
    )


def read_again(kind: Kind, file: Readable, source: str, file_id: str, sequence: int, limits: Limits | None) -> str:
    """SQL: the rows of a file that can land, each with its line and its text (slow)."""
    rows = checked(kind, file.slow(), file.layout.zone, limits, ("line", "raw", "broken"))
    landed = landed_row(kind, source, file_id, sequence)
    return f"select {landed}, line, raw from ({rows}) where broken = '' and {valid(kind, limits)}"


def rejected_row(kind: Kind, landed_at: datetime, limits: Limits | None) -> str:
    """SQL: line, day, reason, detail, raw, row_id, attempt of a row of `checked` (slow).

    `day`: the row's own, where it has a time that is plausible, else the one on which it landed.
    """
    reason, detail = _first_problem(kind, limits)
    days = [f"cast({time} as DATE)" for time in _own_times(kind, limits)]
    row_id = quoted(kind.row_id) if kind.row_id else "null"
    attempt = "t_attempt" if kind.name == "cdrs" else "null"
    return (
        f"line, coalesce({', '.join(days)}, DATE '{landed_at:%Y-%m-%d}') as day,"
        f" {reason} as reason, {detail} as detail, raw, {row_id} as row_id,"
        f" case when broken = '' then {attempt} end as attempt"
    )


def fault(con: duckdb.DuckDBPyConnection, kind: Kind, cells: Mapping[str, str | None], limits: Limits) -> str | None:
    """What is wrong with one row, in words, by the rules of landing; None when it would land."""
    row = ", ".join(f"${name}::VARCHAR as {quoted(name)}" for name in kind.names)
    rows = checked(kind, f"select {row}, null::VARCHAR as extra, '' as broken", "UTC", limits, ("broken",))
    wrong = f"select {_first_problem(kind, limits)[1]} from ({rows}) where not ({valid(kind, limits)})"
    first = con.execute(wrong, {name: cells[name] for name in kind.names}).fetchone()
    return first[0] if first else None


def name_the_nearest(con: duckdb.DuckDBPyConnection, rejected: str) -> None:
    """Say in the table of rejected rows which account an unknown one probably stands for; each is looked up once."""
    unknown = con.execute(
        f"select distinct detail from {rejected} where reason = 'unknown_account' limit {_NAMED}"
    ).fetchall()
    known = [name for (name,) in con.execute("select account_id from config.accounts").fetchall()] if unknown else []
    for (detail,) in unknown:
        if meant := nearest(detail.removeprefix('account "').removesuffix('" is not in accounts.csv'), known):
            con.execute(
                f"update {rejected} set detail = detail || ? where detail = ?", [f"; did you mean {meant}?", detail]
            )


def _own_times(kind: Kind, limits: Limits | None) -> list[str]:
    """SQL: the instants that a rejected row's day can be of, the first one first; NULL where there is none."""
    if limits is None:
        return ["charged_at"]
    times = ["charged_at"]
    if kind.name == "cdrs":
        charged = f"case when t_duration_s <= {limits.max_duration_s} then charged_at end"
        times = [charged, "t_answered_at", "t_started_at"]
    return [f"case when {limits.times(f'({time})')} then {time} end" for time in times]


def _first_problem(kind: Kind, limits: Limits | None) -> tuple[str, str]:
    tests = [
        (f"broken = {literal(code)}", literal(reason), literal(detail)) for code, (reason, detail) in BROKEN.items()
    ]
    tests.append(("broken <> ''", "'bad_row'", "broken"))
    for column in kind.columns:
        tests += values.problems(column)
    if limits:
        for column in kind.columns:
            tests += limits.problems(column)
    if kind.account:
        tests += _account_problems(kind)
    return (
        f"case {' '.join(f'when {test} then {reason}' for test, reason, _ in tests)} end",
        f"case {' '.join(f'when {test} then {detail}' for test, _, detail in tests)} end",
    )


def _unknown(kind: Kind) -> str:
    """SQL: whether a row is about an account that the configuration does not have; never NULL."""
    return f"(known is null and not coalesce({kind.of_none}, false))"


def _account_problems(kind: Kind) -> list[tuple[str, str, str]]:
    said = """'account "' || account_id || '" is not in accounts.csv'"""
    if kind.name == "resources":
        right = literal("; the resource of a switch's own count is written cdrs")
        said += f" || case when regexp_full_match(resource, '{_NEARLY_CDRS}') then {right} else '' end"
    unknown = (_unknown(kind), "'unknown_account'", said)
    if kind.name != "payments":
        return [unknown]
    wrong = (
        f"t_currency is distinct from {_ACCOUNT_CURRENCY}",
        "'wrong_currency'",
        f"""'currency is ' || currency || ', the account''s is ' || coalesce({_ACCOUNT_CURRENCY},"""
        f""" 'not set') || '; convert it before'""",
    )
    return [unknown, wrong, ("problem is not null", "problem.reason", "problem.detail")]
