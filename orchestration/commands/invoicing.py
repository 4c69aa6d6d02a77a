"""The commands of invoicing: invoice, invoices, invoice-run, evidence."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.arguments import CLOCK_BACK, JSON, RAW, Amount, Command, Text
from orchestration.commands.published import say_unlanded, say_unpublished
from orchestration.show import money, print_json, table
from orchestration.store.warehouse import Home, Refused

if TYPE_CHECKING:
    from orchestration.operations.billing.issued import Invoiced


@click.command(cls=Command)
@click.argument("account")
@click.argument("period")
@click.option("--draft", is_flag=True, help="No number, DRAFT on each page; works any time.")
@click.option("--calls", is_flag=True, help="List every call in the PDF.")
@click.option("--credit-note", is_flag=True, help="Give back now what changed since the period was invoiced.")
@click.option("--reason", type=Text(), help="Why, with --credit-note; it is printed.")
@click.option("--amount", "credit", type=Amount(), help="Credit this besides, before tax, with --credit-note.")
@click.option("--as-posted", is_flag=True, help="Issue although configuration changed after days were closed.")
@RAW
@CLOCK_BACK
@JSON
def invoice(account: str, period: str, as_json: bool, **options: Any) -> None:
    """Issue ACCOUNT's invoice for PERIOD (2026-03, or the first day of a shorter one) as CSV, JSON and PDF.

    Issuing needs 24 hours since the period's end and all its days closed. Issued again, it gives the same files.

    \b
    Example:
      tollbook invoice acme 2026-03 --draft
      tollbook invoice acme 2026-03
      tollbook invoice acme 2026-03 --credit-note --reason "price agreed on 2026-04-02"
    """
    from orchestration.operations.billing.billable import DocumentRequest, period_of
    from orchestration.operations.billing.invoice import invoice as operation

    home = Home.from_environment()
    say_unlanded(home)
    done = operation(home, DocumentRequest(account, period_of(period), **options))
    if as_json:
        print_json(done)
        return
    click.echo(_words(done))
    if done.issued_again and options["calls"]:
        click.echo("  without --calls: an issued invoice stays as it is; its calls are in marts.invoice_calls")
    for path in done.files.values():
        click.echo(f"  {path}")


def _words(done: Invoiced) -> str:
    what = done.invoice_number or "draft"
    total = money(done.total, done.currency)
    again = ", issued before" if done.issued_again else ""
    due = f", due on {done.due_on}" if done.due_on and done.invoice_number else ""
    return f"{what} for {done.account_id}, {done.period_start} to {done.period_end}: {total}{due}{again}"


@click.command(cls=Command, name="invoice-run")
@CLOCK_BACK
@JSON
def invoice_run(as_json: bool) -> None:
    """Draft every period that has ended and cannot be invoiced yet; issue those that can.

    \b
    Example:
      tollbook invoice-run
    """
    from orchestration.operations.billing.invoice import run

    home = Home.from_environment()
    say_unlanded(home)
    ran = run(home)
    if as_json:
        print_json(ran)
    for each in [] if as_json else ran.done:
        click.echo(_words(each))
    if not as_json and not ran.done and not ran.refused:
        click.echo("nothing to invoice: no period has ended that is not invoiced")
    if ran.refused:
        raise Refused("\n".join(ran.refused))


@click.command(cls=Command)
@click.argument("account", required=False)
@JSON
def invoices(account: str | None, as_json: bool) -> None:
    """List invoices, credit notes, drafts, and what periods that are not invoiced wait for, as last published.

    \b
    Example:
      tollbook invoices
      tollbook invoices acme --json
    """
    from orchestration.operations.billing.invoices import listed

    home = Home.from_environment()
    listing = listed(home, account)
    say_unpublished(home)
    if as_json:
        print_json(listing)
        return
    columns = ["invoice_number", "status", "account_id", "period_start", "period_end", "total", "currency", "due_on"]
    table(columns, [[_shown(row[c]) for c in columns] for row in listing["documents"]])
    for period in listing["waiting"]:
        missing = f"; not closed: {period['missing_days']}" if period["missing_days"] else ""
        click.echo(f"{period['account_id']} {period['period_start']} is {period['status']}{missing}")


def _shown(cell: Any) -> Any:
    return cell if isinstance(cell, Decimal) or cell is None else str(cell)


@click.command(cls=Command)
@click.argument("number")
@RAW
@JSON
def evidence(number: str, raw: bool, as_json: bool) -> None:
    """Write what the receiver of invoice NUMBER needs to check every call on it, with a script that does.

    \b
    Example:
      tollbook evidence INV-2026-000001
      tollbook evidence INV-2026-000001 --json
    """
    from orchestration.operations.billing.evidence import evidence as operation

    written = operation(Home.from_environment(), number, raw=raw)
    if as_json:
        print_json(written)
        return
    click.echo(f"{written.path} holds {written.rows:,} rows, {written.rated_again:,} of which can be rated again")
    click.echo(f"tell the receiver, another way, the checksum of {number}: {written.checksum}")


COMMANDS = (invoice, invoice_run, invoices, evidence)
