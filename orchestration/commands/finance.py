"""Finance: an account's statement, the export to the general ledger."""

from __future__ import annotations

from datetime import date

import click

from orchestration.commands.arguments import JSON, Day
from orchestration.show import print_json, table
from orchestration.store.warehouse import Home

_FROM = click.option("--from", "first", type=Day(), required=True, help="First booking day (UTC).")
_TO = click.option("--to", "last", type=Day(), required=True, help="Last booking day (UTC).")


@click.command()
@click.argument("account")
@_FROM
@_TO
@click.option("--by-day", is_flag=True, help="One line for each booking day instead of each entry.")
@click.option("--csv", "as_csv", is_flag=True, help="Write it to exports/statements/ too.")
@JSON
def statement(account: str, first: date, last: date, by_day: bool, as_csv: bool, as_json: bool) -> None:
    """Show an account's entries in a range of days, with the balance before, after each and at the end.

    A balance is what we owe the account; negative, it owes us.

    \b
    Example:
      tollbook statement acme --from 2026-03-01 --to 2026-03-31
      tollbook statement acme --from 2026-01-01 --to 2026-03-31 --by-day --csv
    """
    from orchestration.operations.billing import statement as operation

    home = Home.from_environment()
    shown = operation.statement(home, account, first, last, by_day)
    file = operation.write_csv(home, shown) if as_csv else None
    if as_json:
        print_json({**vars(shown), "file": file})
        return
    click.echo(f"{shown.name or account}, {first} to {last}, in {shown.currency}")
    if shown.entries is None:
        opening = [first, None, None, shown.opening]
        table(
            ["booked_on", "debits", "credits", "balance"],
            [opening, *([d.booked_on, d.debits, d.credits, d.balance] for d in shown.days)],
        )
    else:
        table(
            ["booked_on", "kind", "text", "reference", "amount", "balance"],
            [
                [first, "", "Opening balance", None, None, shown.opening],
                *([e.booked_on, e.kind, e.text, _short(e.reference), e.amount, e.balance] for e in shown.entries),
                [last, "", "Closing balance", None, None, shown.closing],
            ],
        )
    if shown.accrued_unposted:
        click.echo()
        table(["not posted yet", "with it"], [[shown.accrued_unposted, shown.closing + shown.accrued_unposted]])
    if file is not None:
        click.echo(f"written to {file}")


@click.command()
@_FROM
@_TO
@click.option("--trial-balance", is_flag=True, help="Show debits, credits and balance of each account.")
@JSON
def gl(first: date, last: date, trial_balance: bool, as_json: bool) -> None:
    """Write the ledger entries booked in a range of days as postings for the bookkeeping system.

    Each entry becomes a debit and a credit, to the accounts that accounting/chart.csv says; the file is
    exports/gl/gl_FROM_TO.csv.

    \b
    Example:
      tollbook gl --from 2026-03-01 --to 2026-03-31 --trial-balance
    """
    from orchestration.operations.billing.general_ledger import general_ledger

    ledger = general_ledger(Home.from_environment(), first, last)
    if as_json:
        print_json(ledger)
        return
    if trial_balance:
        table(
            ["gl_account", "currency", "debits", "credits", "balance"],
            [
                [line.gl_account, line.currency, line.debits, line.credits, line.balance]
                for line in ledger.trial_balance
            ],
        )
        click.echo()
    table(["currency", "debits", "credits"], [[total.currency, total.debits, total.credits] for total in ledger.totals])
    click.echo(f"{ledger.postings} postings, {2 * ledger.postings} rows, written to {ledger.file}")
    if not ledger.final:
        over = f"booking days are over up to {ledger.booked_until}"
        click.echo(f"not final: more may still be booked up to {last}; as published last, {over}")


def _short(reference: str | None) -> str | None:
    """Files are named by 64 hexadecimal digits each: for people, the first one's beginning does."""
    return reference if reference is None or len(reference) < 40 else f"{reference[:12]}..."


COMMANDS = (statement, gl)
