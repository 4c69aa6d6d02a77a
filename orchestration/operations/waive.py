"""Let a day close although something of it is left open, and keep who decided so and why."""

from __future__ import annotations

from datetime import date

import duckdb

from orchestration.warehouse import Home, Refused, Writer, now, operator, writer


def waive(
    home: Home,
    day: date,
    reason: str,
    *,
    call: str | None = None,
    row: str | None = None,
    reason_code: str | None = None,
) -> int:
    """Waive one call's unrated legs, one rejected row (FILE_ID:LINE) or all legs with a reason code.

    FILE_ID may be shortened to what is unique. Returns how many legs or rows it settles. Raises
    `Refused` when there is nothing of the kind on that day, or when not exactly one is named.
    """
    chosen = [(w, k) for w, k in (("call", call), ("row", row), ("reason", reason_code)) if k]
    if len(chosen) != 1:
        raise Refused("name one of --call ID, --row FILE_ID:LINE and --reason-code R")
    if not reason.strip():
        raise Refused("--reason must say why")
    what, key = chosen[0]
    with writer(home, "waive") as held, held.connect() as con:
        if what == "row":
            key, count = _rejected_row(con, day, key)
        else:
            count = _unrated(con, day, what, key)
        _record(con, held, day, what, key, reason)
        return count


def _record(con: duckdb.DuckDBPyConnection, held: Writer, day: date, what: str, key: str, reason: str) -> None:
    known = con.execute("select 1 from ops.waivers where day = ? and what = ? and key = ?", [day, what, key]).fetchone()
    if known:
        raise Refused(f"{what} {key} of {day} is waived already")
    con.begin()
    con.execute(
        "insert into ops.waivers values (?, ?, ?, ?, ?, ?, null)",
        [now(), operator(), day, what, key, reason],
    )
    held.journal(con, "waive", day=str(day), what=what, key=key, reason=reason)
    con.commit()


def _rejected_row(con: duckdb.DuckDBPyConnection, day: date, key: str) -> tuple[str, int]:
    file_id, _, line = key.rpartition(":")
    if not file_id or not line.isdigit():
        raise Refused(f'--row is "{key}"; write FILE_ID:LINE, as tollbook close shows it')
    found = con.execute(
        """
        select distinct file_id from ops.rejected_rows
        where starts_with(file_id, ?) and line = ? and day = ?
        """,
        [file_id, int(line), day],
    ).fetchall()
    if len(found) != 1:
        how = "no rejected row" if not found else "more than one rejected row"
        raise Refused(f"{day} has {how} {key}")
    return f"{found[0][0]}:{line}", 1


def _unrated(con: duckdb.DuckDBPyConnection, day: date, what: str, key: str) -> int:
    if con.execute("select count(*) from ops.builds where day = ?", [day]).fetchone() == (0,):
        raise Refused(f"{day} is not built yet; run: tollbook build")
    calls, usage = ("call_id", "usage_id") if what == "call" else ("{side}_reason", "reason")
    counted = " union all ".join(
        [
            *(
                f"select 1 from marts.rated_calls where day = $day and {side}_status = 'unrated' "
                f"and {calls.format(side=side)} = $key"
                for side in ("sell", "buy")
            ),
            f"select 1 from marts.rated_usage where day = $day and status = 'unrated' and {usage} = $key",
        ]
    )
    row = con.execute(f"select count(*) from ({counted})", {"day": day, "key": key}).fetchone()
    if not row or not row[0]:
        words = f"call {key}" if what == "call" else f"reason {key}"
        raise Refused(f"{day} has nothing unrated for {words}")
    return int(row[0])
