"""What is out of the ordinary, and the month as a page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from orchestration.commands.arguments import JSON, Command, Day, Month
from orchestration.commands.published import say_outside
from orchestration.show import print_json, table
from orchestration.store.warehouse import Home


@click.command(cls=Command)
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
    from orchestration.operations.questions.trends import anomalies as operation

    home = Home.from_environment()
    rows = operation(home, first, last, account)
    say_outside(home, first, last)
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("nothing out of the ordinary")
    else:
        table(
            ["hour (UTC)", "severity", "rule", "account", "what"],
            [[f["hour"], f["severity"], f["rule"], f["account_id"], f["detail"]] for f in rows],
        )


@click.command(cls=Command)
@click.option("--month", type=Month(), help="The month (UTC); default: the last that something is published of.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The HTML file; default: exports/trends/MONTH.html.",
)
@JSON
def trends(month: date | None, output: Path | None, as_json: bool) -> None:
    """Write a month as a page to look at: losses from switch to payment, budgets, anomalies, balances, receivables.

    One HTML file that needs nothing else: open it in a browser, print it, send it.

    \b
    Example:
      tollbook trends
      tollbook trends --month 2026-03 --output /tmp/march.html
    """
    from orchestration.operations.questions.trends_page import trends_page

    written = trends_page(Home.from_environment(), month, output)
    if as_json:
        print_json({**vars(written), "month": f"{written.month:%Y-%m}"})
    else:
        click.echo(f"{written.month:%Y-%m} written to {written.file}")


COMMANDS = (anomalies, trends)
