"""What differs between two configurations, as rows that rating reads and the times they speak of."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.configuration.column import Column
from orchestration.configuration.load import load
from orchestration.configuration.schema import FILES

# Columns that nothing is rated from, by file.
_UNREAD = {
    "rate_tables": ("name",),
    "accounts": (
        "name", "billing_model", "payment_model", "plan_tier", "credit_limit", "buffer", "low_balance_threshold",
        "payment_terms_days", "tax_pct", "department", "legal_name", "address", "tax_id", "customer_id",
    ),
    "rate_assignments": ("notice_days",),
    # weekdays has it, however it is written
    "timetables": ("days",),
    "sources": (
        "kind", "format", "timezone", "expected_every_minutes", "trunk_pattern", "encoding", "max_age_days",
        "max_duration_s", "operator",
    ),
    "company": (
        "name", "legal_name", "address", "tax_id", "bank_details", "payment_note", "booking_grace_days",
        "waiver_limit", "refund_limit", "trust_operator_variable",
    ),
}  # fmt: skip
# The time that a row speaks of, where it is not valid_from to valid_to: two SQL expressions.
_SPEAKS = {
    # a local day, in whatever zone
    "holidays": ("date - interval 1 day", "date + interval 2 day"),
    "fx_rates": ("valid_from", "lead(valid_from) over (partition by from_currency, to_currency order by valid_from)"),
}
# What decides between rows that hold at once besides what they say: the later one wins, then the later line.
_TIES = ("rates", "service_rates")
_FILES = (
    "trunks", "rate_assignments", "rates", "rate_tables", "accounts", "timetables", "holidays", "service_rates",
    "fx_rates", "sources", "company", "consumption_profiles", "prefix_regions",
)  # fmt: skip
_VALIDITY = ("valid_from", "valid_to")

# What the rows of one side say and the other does not, cut to the times when that is so: a row whose validity was
# moved differs in the time that it gained or lost, and one that was taken out and put back nowhere.
_DIFFERENCES = """
    with sides as (
        select *, -1 as sign from old_rows
        union all
        select *, 1 from new_rows
    ),

    edges as (
        select file, "row", tie, since as edge from sides
        union
        select file, "row", tie, until from sides
    ),

    spans as (
        select
            file, "row", tie, edge as since, lead(edge) over (partition by file, "row", tie order by edge) as until,
        from edges
        qualify until is not null
    )

    select s.file, s."row", s.tie, sign(sum(b.sign))::INTEGER as sign, s.since, s.until
    from spans as s
    inner join sides as b
        on s.file = b.file and s."row" = b."row" and s.tie = b.tie and s.since >= b.since and s.until <= b.until
    group by all
    having sum(b.sign) <> 0
"""


def rows(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL of the rows of config.`name` as rating reads them: file, row (JSON), tie, since, until (UTC), line.

    Empty cells say what they mean. `tie` is what besides the row decides between rows that hold at the same time.
    """
    file = FILES[name]
    unread = {*_UNREAD.get(name, ()), *_VALIDITY}
    read = [column for column in file.columns if column.name not in unread]
    cells = [f"'{column.name}': {meant(column)}" for column in read]
    if name == "timetables":
        cells.append("'weekdays': weekdays")
    valid = _VALIDITY if {*_VALIDITY} <= {*file.names} else ("null", "valid_to" if "valid_to" in file.names else "null")
    since, until = _SPEAKS.get(name, valid)
    tie = "''"
    if name in _TIES:
        keys = ", ".join(f'"{column.name}"' for column in file.keys)
        more = ", calling_prefix, jurisdiction" if name == "rates" else ""
        nth = f"row_number() over (partition by {keys}{more}, valid_from order by line)"
        tie = f"concat_ws(' ', valid_from::VARCHAR, {nth}::VARCHAR)"
    return f"""
        select
            '{name}' as file,
            to_json({{{", ".join(cells)}}})::VARCHAR as "row",
            {tie} as tie,
            coalesce(({since})::TIMESTAMP, timestamp '0001-01-01') as since,
            coalesce(({until})::TIMESTAMP, timestamp '9999-12-31') as until,
            line,
        from config.{name}
    """


def differences(con: duckdb.DuckDBPyConnection, old: Path, new: Path, table: str) -> None:
    """Make temp table `table`: file, row, tie, sign (1: only `new` has it then, -1: only `old`), since, until.

    `old` and `new` are directories of CSV files that have passed the check. Leaves config.* as `new` has it.
    """
    differing = [name for name in _FILES if _bytes(old / f"{name}.csv") != _bytes(new / f"{name}.csv")]
    for which, directory in (("old", old), ("new", new)):
        con.execute(
            f'create or replace temp table {which}_rows (file VARCHAR, "row" VARCHAR, tie VARCHAR, '
            "since TIMESTAMP, until TIMESTAMP)"
        )
        load(con, directory)
        for name in differing:
            con.execute(f"insert into {which}_rows select * exclude (line) from ({rows(con, name)})")
    con.execute(f"create or replace temp table {table} as {_DIFFERENCES}")


def meant(column: Column) -> str:
    """SQL of a cell as rating reads it."""
    if not column.default:
        return f'"{column.name}"'
    return f"coalesce(\"{column.name}\", '{column.default}'::{column.type.sql})"


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
