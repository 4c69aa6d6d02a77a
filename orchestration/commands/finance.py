"""Finance: an account's statement, the export to the general ledger, who owes us."""

from __future__ import annotations

from datetime import date

import click

from orchestration.commands.arguments import JSON, RAW, Command, Day
from orchestration.commands.published import say_outside, say_unpublished
from orchestration.show import print_json, table
from orchestration.store.warehouse import Home

_FROM = click.option("--from", "first", type=Day(), required=True, help="First booking day (UTC).")
_TO = click.option("--to", "last", type=Day(), required=True, help="Last booking day (UTC).")


@click.command(cls=Command)
@click.argument("account")
@_FROM
@_TO
@click.option("--by-day", is_flag=True, help="One line for each booking day instead of each entry.")
@click.option("--csv", "as_csv", is_flag=True, help="Write it to exports/statements/ too.")
@RAW
@JSON
def statement(account: str, first: date, last: date, by_day: bool, as_csv: bool, raw: bool, as_json: bool) -> None:
    """Show an account's entries in a range of days, with the balance before, after each and at the end.

    A balance is what we owe the account; negative, it owes us.

    \b
    Example:
      tollbook statement acme --from 2026-03-01 --to 2026-03-31
      tollbook statement acme --from 2026-01-01 --to 2026-03-31 --by-day --csv
    """
    from orchestration.operations.billing import statement as operation

    if raw and not as_csv:
        raise click.UsageError("--raw is how the CSV is written: it goes with --csv")
    home = Home.from_environment()
    shown = operation.statement(home, account, first, last, by_day)
    file = operation.write_csv(home, shown, raw=raw) if as_csv else None
    say_unpublished(home)
    say_outside(home, first, last)
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


@click.command(cls=Command)
@_FROM
@_TO
@click.option("--trial-balance", is_flag=True, help="Show debits, credits and balance of each account.")
@RAW
@JSON
def gl(first: date, last: date, trial_balance: bool, raw: bool, as_json: bool) -> None:
    """Write the ledger entries booked in a range of days as postings for the bookkeeping system.

    Each entry becomes a debit and a credit, to the accounts that accounting/chart.csv says; the file is
    exports/gl/gl_FROM_TO.csv.

    \b
    Example:
      tollbook gl --from 2026-03-01 --to 2026-03-31 --trial-balance
    """
    from orchestration.operations.billing.general_ledger import general_ledger

    home = Home.from_environment()
    ledger = general_ledger(home, first, last, raw=raw)
    say_unpublished(home)
    say_outside(home, first, last)
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


@click.command(cls=Command)
@click.argument("account", required=False)
@click.option("--overdue", is_flag=True, help="Only what is past its due date.")
@click.option("--all", "settled", is_flag=True, help="Also what is settled.")
@click.option(
    "--aging", "by_age", is_flag=True, help="A line for each account: what is open by age, not billed, unallocated."
)
@JSON
def receivables(account: str | None, overdue: bool, settled: bool, by_age: bool, as_json: bool) -> None:
    """List what is still to be paid of each invoice, as last published, those that are overdue longest first.

    \b
    Example:
      tollbook receivables --overdue
      tollbook receivables acme --all --json
      tollbook receivables --aging
    """
    from orchestration.operations.billing import receivables as operation

    if by_age and (overdue or settled):
        raise click.UsageError("--aging has all of an account: leave out --overdue and --all")
    home = Home.from_environment()
    rows = (
        operation.aging(home, account)
        if by_age
        else operation.receivables(home, account, overdue=overdue, settled=settled)
    )
    say_unpublished(home)
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("nothing is overdue" if overdue else "nothing is open")
        return
    columns = (
        [column for column in rows[0] if column not in ("kind", "period_start", "as_of")]
        if not by_age
        else list(rows[0])
    )
    table(columns, [[row[column] for column in columns] for row in rows])


def _short(reference: str | None) -> str | None:
    """Files are named by 64 hexadecimal digits each: for people, the first one's beginning does."""
    return reference if reference is None or len(reference) < 40 else f"{reference[:12]}..."


COMMANDS = (statement, gl, receivables)
