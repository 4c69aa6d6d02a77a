"""The command that lists what is out of the ordinary."""

from __future__ import annotations

from datetime import date

import click

from orchestration.commands.arguments import JSON, Day
from orchestration.show import print_json, table
from orchestration.warehouse import Home


@click.command()
@click.option("--from", "first", type=Day(), help="First day (UTC).")
@click.option("--to", "last", type=Day(), help="Last day (UTC).")
@click.option("--account", help="This account alone.")
@JSON
def anomalies(first: date | None, last: date | None, account: str | None, as_json: bool) -> None:
    """List what is out of the ordinary: spend, ASR, ACD, new destinations, bursts of dear calls; latest first.

    \b
    Example:
      tollbook anomalies --from 2026-03-28
      tollbook anomalies --account lakeview --json
    """
    from orchestration.operations.trends import anomalies as operation

    found = operation(Home.from_environment(), first, last, account)
    if as_json:
        print_json(found)
    elif not found:
        click.echo("nothing out of the ordinary")
    else:
        table(
            ["hour (UTC)", "severity", "rule", "account", "what"],
            [[f["hour"], f["severity"], f["rule"], f["account_id"], f["detail"]] for f in found],
        )


COMMANDS = (anomalies,)
