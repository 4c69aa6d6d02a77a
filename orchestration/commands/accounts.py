"""The commands about accounts: balance."""

from __future__ import annotations

import click

from orchestration.commands.arguments import JSON
from orchestration.show import print_json, table
from orchestration.warehouse import Home


@click.command()
@click.argument("account", required=False)
@JSON
def balance(account: str | None, as_json: bool) -> None:
    """Show balances as last published: what we owe each account (negative: it owes us).

    \b
    Example:
      tollbook balance
      tollbook balance acme --json
    """
    from orchestration.operations.balance import balance as operation

    rows = operation(Home.from_environment(), account)
    if as_json:
        print_json(rows[0] if account else rows)
        return
    columns = ["account_id", "balance", "accrued_unposted", "available", "currency", "status", "as_of"]
    table(columns, [[row[c] for c in columns] for row in rows])


COMMANDS = (balance,)
