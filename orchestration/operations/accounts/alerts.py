"""Tell people once of what changed: rows of ops.alerts, sent as one message through Apprise.

Publishing raises alerts (in its own transaction, before the new figures are seen) and sends what waits once they
are. A message that nobody took waits for the next publish; no failure of it is one of the command's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.operations.day.published import answering
from orchestration.operations.messages import Message, deliver, key, urls
from orchestration.store.database import dict_rows, transaction
from orchestration.store.warehouse import Home, Writer, now, serving

URLS = "TOLLBOOK_ALERTS"
_SHOWN = 50
# alert_id, raised_at, text, sent_to
Waiting = tuple[Any, ...]

# The states that are watched, by kind of alert: subject, state and what it usually is (also that of a subject never
# seen before), the account and its figures, and the words. Another kind is another query here.
WATCHED: Mapping[str, str] = {
    "balance": """
        select
            account_id as subject,
            status as state,
            'ok' as usual,
            account_id,
            balance,
            available,
            currency,
            'account ' || account_id || ' is ' || status || ': balance '
            || rtrim(rtrim(balance::VARCHAR, '0'), '.') || ' ' || currency || ', available '
            || rtrim(rtrim(available::VARCHAR, '0'), '.') as text,
        from marts.account_balances
    """,
    # of the last two days: those of a day that is built again long after are no news
    "anomaly": """
        select
            anomaly_id as subject,
            'seen' as state,
            '' as usual,
            account_id,
            null::DECIMAL(20, 8) as balance,
            null::DECIMAL(20, 8) as available,
            currency,
            'account ' || account_id || ', ' || replace(rule, '_', ' ') || ': ' || detail as text,
        from marts.anomalies
        where severity = 'high' and hour >= (select now from run.clock) - interval 2 day
    """,
}


def recent(home: Home, limit: int = 50) -> list[dict[str, Any]]:
    """The latest alerts as last published, newest first; none where nothing has landed."""
    with answering(home) as asked, serving(asked) as con:
        if asked is not home:  # nobody was alerted of what is only thought of
            return []
        latest = "select * exclude (subject, sent_to) from ops.alerts order by alert_id desc limit ?"
        return dict_rows(con, latest, [limit])


def raise_alerts(con: duckdb.DuckDBPyConnection) -> list[Waiting]:
    """Add a row for each watched state that is not the last known one, in one transaction; all that is to be sent.

    Where `TOLLBOOK_ALERTS` names nobody there is nothing to send, and what is raised then never will be.
    """
    with transaction(con):
        for kind, query in WATCHED.items():
            _raise(con, kind, query)
    if not urls(URLS):
        return []
    return con.execute(
        "select alert_id, raised_at, text, sent_to from ops.alerts where delivery = 'waiting' order by alert_id"
    ).fetchall()


def _raise(con: duckdb.DuckDBPyConnection, kind: str, query: str) -> None:
    con.execute(
        f"""
        create or replace temp table changed as
        select n.*, coalesce(s.state, n.usual) as last
        from ({query}) as n
        left join ops.alert_states as s on s.kind = $kind and n.subject = s.subject
        where n.state <> coalesce(s.state, n.usual)
        """,
        {"kind": kind},
    )
    con.execute(
        """
        insert into ops.alerts by name
        select
            (select coalesce(max(alert_id), 0) from ops.alerts) + row_number() over (order by subject) as alert_id,
            $kind as kind,
            subject,
            $now::TIMESTAMP as raised_at,
            account_id,
            last as from_status,
            state as to_status,
            balance,
            available,
            currency,
            text || case when last <> '' then ' (was ' || last || ')' else '' end as text,
            $delivery as delivery,
            0 as attempts,
            []::VARCHAR[] as sent_to,
        from changed
        """,
        {"kind": kind, "now": now(), "delivery": "waiting" if urls(URLS) else "none"},
    )
    con.execute("insert or replace into ops.alert_states select ?, subject, state from changed", [kind])


def send(held: Writer, waiting: Sequence[Waiting]) -> None:
    """Send what waits, as one message to each URL that has not taken it yet, and note who did.

    Never raises for a message that cannot be delivered: says so on standard error, in one line.
    """
    recipients = urls(URLS)
    sent = []
    for url in dict.fromkeys(recipients):
        if lacking := [(n, at, text) for n, at, text, sent_to in waiting if key(url) not in sent_to]:
            sent.append((Message(url, _body(lacking), URLS), [n for n, _, _ in lacking]))
    deliver([message for message, _ in sent])
    with held.connect() as con:
        _note(con, sent, [key(url) for url in recipients])
    failed = [message.problem for message, _ in sent if not message.took]
    if failed:
        print(f"alerts not sent, the next publish tries again: {'; '.join(failed)}", file=sys.stderr)


def _body(lacking: Sequence[Waiting]) -> str:
    lines = [f"{at:%Y-%m-%d %H:%M} UTC {text}" for _, at, text in lacking[-_SHOWN:]]
    if len(lacking) > _SHOWN:
        lines.insert(0, f"{len(lacking) - _SHOWN} earlier ones: tollbook alerts")
    return "\n".join(lines)


def _note(
    con: duckdb.DuckDBPyConnection, messages: Sequence[tuple[Message, list[int]]], recipients: Sequence[str]
) -> None:
    """Which URLs took which alert; it is sent when all have."""
    at = now()
    with transaction(con):
        tried = sorted({alert for _, alerts in messages for alert in alerts})
        con.execute(
            "update ops.alerts set attempts = attempts + 1, error = null where list_contains(?, alert_id)", [tried]
        )
        for message, alerts in messages:
            change = "sent_to = list_append(sent_to, ?)" if message.took else "error = concat_ws('; ', error, ?)"
            con.execute(
                f"update ops.alerts set {change} where list_contains(?, alert_id)",
                [message.key if message.took else message.problem, alerts],
            )
        con.execute(
            """
            update ops.alerts set delivery = 'sent', sent_at = ?, error = null
            where delivery = 'waiting' and list_has_all(sent_to, ?)
            """,
            [at, list(recipients)],
        )
