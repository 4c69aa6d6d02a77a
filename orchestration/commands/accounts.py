"""The commands about accounts: balance, topup, confirm-payment, alerts, check-limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from orchestration.commands.arguments import CLOCK_BACK, JSON, Amount, Command, Instant, Whole
from orchestration.commands.published import say_unpublished
from orchestration.show import money, plain_cell, print_json, table
from orchestration.store.warehouse import Home


@click.command(cls=Command)
@click.argument("account", required=False)
@JSON
def balance(account: str | None, as_json: bool) -> None:
    """Show balances as last published: what we owe each account (negative: it owes us).

    \b
    Example:
      tollbook balance
      tollbook balance acme --json
    """
    from orchestration.operations.accounts.balance import balance as operation

    home = Home.from_environment()
    rows = operation(home, account)
    say_unpublished(home)
    if as_json:
        print_json(rows[0] if account else rows)
        return
    columns = ["account_id", "balance", "accrued_unposted", "available", "currency", "status", "as_of"]
    table(columns, [[row[c] for c in columns] for row in rows])


@click.command(cls=Command)
@click.argument("account")
@click.argument("amount", type=Amount())
@click.option("--method", help="How it was paid: card, cash, bank.")
@click.option("--reference", help="The payment's name where it comes from; the same one is never entered twice.")
@click.option("--at", type=Instant(), help="When it was paid, 2026-03-31T09:00:00 (UTC); the default is now.")
@click.option("--currency", help="Refuse unless the account is kept in this currency.")
@CLOCK_BACK
@JSON
def topup(account: str, amount: Decimal, as_json: bool, **options: Any) -> None:
    """Enter a payment of AMOUNT by ACCOUNT, post it and publish its balance.

    The same amount for the same account on the same day again is refused: give each payment its --reference.

    \b
    Example:
      tollbook topup acme 50 --method card --reference tr-20871
    """
    from orchestration.operations.accounts.topup import topup as operation

    done = operation(Home.from_environment(), account, amount, **options)
    payment, now = done.payment, done.account
    if as_json:
        figures = {key: now[key] for key in ("balance", "available", "status")}
        print_json({**vars(payment), "file_id": done.file_id, **figures})
        return
    click.echo(
        f"{payment.account_id} paid {money(payment.amount, payment.currency)} ({payment.payment_id});"
        f" balance {money(now['balance'], now['currency'])}, {now['status']}"
    )
    click.echo(f"to take it back: tollbook withdraw {done.file_id[:12]} --reason TEXT")


@click.command(cls=Command, name="confirm-payment")
@click.argument("row", metavar="FILE_ID:LINE")
@click.option("--source", help="Which, of a file that landed from more than one source.")
@CLOCK_BACK
@JSON
def confirm_payment(row: str, source: str | None, as_json: bool) -> None:
    """As a second operator: let a refund or write-off above refund_limit (seeds/company.csv) count, and publish it.

    tollbook rejected --reason awaits_second lists what waits.

    \b
    Example:
      tollbook confirm-payment 3f9a01c27d44:7
    """
    from orchestration.operations.day.confirm_payment import confirm_payment as operation

    done = operation(Home.from_environment(), row, source)
    if as_json:
        print_json(done)
        return
    what = f"a {done.method} of {money(abs(done.amount), done.currency)} of {done.account_id} ({done.payment_id})"
    click.echo(f"confirmed: {what}" + ("" if done.status == "landed" else "; another file had it landed already"))


@click.command(cls=Command)
@click.option("--limit", type=Whole(1), default=50, show_default=True, help="How many, the latest first.")
@JSON
def alerts(limit: int, as_json: bool) -> None:
    """List recent alerts: accounts that became low, exhausted or ok again, and whether people were told.

    TOLLBOOK_ALERTS holds the Apprise URLs that are told, when the change is published.

    \b
    Example:
      TOLLBOOK_ALERTS="mailto://me:secret@example.org" tollbook build
      tollbook alerts
    """
    from orchestration.operations.accounts.alerts import recent

    rows = recent(Home.from_environment(), limit)
    if as_json:
        print_json(rows)
        return
    columns = ["alert_id", "raised_at", "kind", "text", "delivery", "sent_at", "attempts", "error"]
    table(columns, [[row[c] for c in columns] for row in rows])


@click.command(cls=Command, name="check-limit")
@click.argument("account")
@click.argument("resource")
@click.option("--count", type=Whole(1), default=1, show_default=True, help="How many more there shall be.")
@JSON
def check_limit(account: str, resource: str, count: int, as_json: bool) -> None:
    """Say whether ACCOUNT may have more of RESOURCE by its plan: allow or deny.

    \b
    Example:
      tollbook check-limit acme extensions
      tollbook check-limit acme numbers --count 10 --json
    """
    from orchestration.operations.accounts.limits import check_limit as operation

    answer = operation(Home.from_environment(), account, resource, count)
    if as_json:
        print_json(answer)
        return
    limit = "no limit" if answer.limit is None else f"a limit of {plain_cell(answer.limit)}"
    click.echo(
        f"{answer.decision}: {account} has {plain_cell(answer.count)} {resource}, and its plan {answer.plan_tier}"
        f" {limit}; asked for {plain_cell(answer.asked)} more"
    )


COMMANDS = (balance, topup, confirm_payment, alerts, check_limit)
