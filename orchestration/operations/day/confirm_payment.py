"""Let a refund or a write-off count that waits for a second operator: it lands from its file, which is archived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from orchestration import typed
from orchestration.engine import dbt
from orchestration.landing.landed import next_sequence
from orchestration.landing.problem import NotNow, UnreadableFile
from orchestration.landing.rows.canonical import PAYMENTS
from orchestration.landing.store import FileKey
from orchestration.landing.supersede import land_confirmed
from orchestration.operations.day.as_landed import as_landed
from orchestration.operations.day.build import build_days
from orchestration.operations.day.post import post_at_once
from orchestration.operations.day.publish import publishing
from orchestration.operations.permitted import acting, deciding, refuse_accounts
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import one, transaction
from orchestration.store.warehouse import Home, Refused, Writer, clock, operator


@dataclass(frozen=True)
class ConfirmedPayment:
    """What counts now: `status` landed, or duplicate where the same has landed from another file meanwhile."""

    file_id: str
    line: int
    source: str
    payment_id: str
    account_id: str
    day: date
    amount: Decimal
    currency: str
    method: str
    status: str


def confirm_payment(home: Home, row: str, source: str | None = None) -> ConfirmedPayment:
    """Confirm the rejected row FILE_ID:LINE and publish.

    Raises `Refused` where no refund or write-off waits there, to whoever landed its file or answers for its source, and
    to who is not finance or admin for its account.
    """
    begins, _, text = row.rpartition(":")
    file_id, line = typed.file_id(begins), typed.whole(text)
    if file_id is None or line is None:
        raise Refused(f'"{row}" is no row; write FILE_ID:LINE, as tollbook rejected shows it')
    with publishing(home, "confirm-payment") as held:
        return confirm_held(held, file_id, line, source)


def confirm_held(held: Writer, file_id: str, line: int, source: str | None) -> ConfirmedPayment:
    """`confirm_payment` for a caller that holds the writer lock and publishes itself."""
    configure(held)
    with held.connect() as con:
        key, payment_id = _waiting(con, file_id, line, source)
        if not held.replays:
            _refuse_first(con, held, key)
        is_modelled = dbt.modelled(con)
    if not is_modelled:
        build_days(held)
    decided = deciding(held)
    with held.connect() as con, transaction(con):
        try:
            with as_landed(con, held, key) as (file, again):
                land_confirmed(con, key, file, line, again)
        except (UnreadableFile, NotNow) as problem:
            raise Refused(f"{key.name} ({key.file_id[:12]}) cannot be read any more: {problem}") from None
        account, day, amount, currency, method, state, detail = one(
            con, "select account_id, day, amount, currency, method, state, detail from staged"
        )
        if state == "conflict":
            since = f": {detail}" if detail else ""
            raise Refused(f"{payment_id} is in conflict with another that has landed since{since}")
        if not held.replays:
            refuse_accounts(decided, acting(decided), account)
        post_at_once(con)
        held.journal(
            con, "confirm_payment", clock(con), file_id=key.file_id, kind=key.kind.name, source=key.source,
            name=key.name, line=line,
        )  # fmt: skip
    return ConfirmedPayment(key.file_id, line, key.source, payment_id, account, day, amount, currency, method, state)


def _waiting(con: duckdb.DuckDBPyConnection, file_id: str, line: int, source: str | None) -> tuple[FileKey, str]:
    """The file of the one row that waits, as it is to land now, and the payment's id."""
    rows = con.execute(
        """
        select r.file_id, r.source, f.name, r.row_id
        from ops.rejected_rows as r
        inner join ops.files as f on (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source)
        where
            r.kind = 'payments' and r.reason = 'awaits_second' and f.withdrawn_at is null
            and starts_with(r.file_id, $file) and r.line = $line and r.source = coalesce($source, r.source)
        order by r.source
        """,
        {"file": file_id, "line": line, "source": source},
    ).fetchall()
    if len(rows) > 1:
        sources = ", ".join(f"--source {row[1]}" for row in rows)
        raise Refused(f"more than one refund or write-off waits at {file_id}:{line}; write one of {sources}")
    if not rows:
        listed = "those that wait: tollbook rejected --reason awaits_second"
        raise Refused(f"no refund or write-off waits for a second operator at {file_id}:{line}; {listed}")
    whole, of, name, payment_id = rows[0]
    return FileKey(whole, PAYMENTS, of, name, next_sequence(con), "", None), payment_id


def _refuse_first(con: duckdb.DuckDBPyConnection, held: Writer, key: FileKey) -> None:
    """Whoever landed the file, or answers for its source, is the first operator."""
    landed = con.execute(
        """
        select distinct operator from ops.journal
        where
            action in ('land', 'land again')
            and json_extract_string(arguments, '$.file_id') = ? and json_extract_string(arguments, '$.source') = ?
        """,
        [key.file_id, key.source],
    ).fetchall()
    who = operator()
    if who in {name for (name,) in landed}:
        raise Refused(f"{who} landed {key.name}: another operator has to confirm what is in it")
    if who == deciding(held).answering.get(key.source):
        raise Refused(f"{who} answers for the payments of {key.source}: another operator has to confirm them")
