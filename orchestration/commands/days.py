"""The day's round: land, build, close, waive, publish."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from orchestration.commands.arguments import JSON, Day
from orchestration.show import print_json, table
from orchestration.warehouse import Home, Refused


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--kind", help="cdrs, usage, payments or resources, for files outside the inbox.")
@click.option("--source", help="Which switch or system the files come from.")
@click.option("--dry-run", is_flag=True, help="Say what would land; change nothing.")
@click.option("--supersede", is_flag=True, help="Let rows replace landed ones with the same identity.")
@click.option("--reason", help="Why, with --supersede.")
@JSON
def land(files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Take in files: FILES, or all that is in the inbox.

    \b
    Example:
      tollbook land
      tollbook land calls.csv --kind cdrs --source sw1 --dry-run
    """
    from orchestration.operations.land import land as operation

    landed = operation(Home.from_environment(), files, **options)
    if as_json:
        print_json(landed)
    elif not landed:
        click.echo("nothing to land: the inbox is empty")
    else:
        table(
            ["kind", "source", "file", "what", "rows", "landed", "duplicates", "rejected", "superseded"],
            [
                [f.kind, f.source, f.name, f.status.replace("_", " "), f.rows, f.landed, f.duplicates,
                 f.rejected, f.superseded]
                for f in landed
            ],
        )  # fmt: skip
    problems = [f"{f.name}: {f.problem}" for f in landed if f.status == "unreadable"]
    if problems:
        raise Refused("\n".join(problems))


@click.command()
@click.option("--from", "first", type=Day(), help="First day to build (UTC).")
@click.option("--to", "last", type=Day(), help="Last day to build (UTC).")
@JSON
def build(first: date | None, last: date | None, as_json: bool) -> None:
    """Rate and report the days with new or changed input, and publish.

    \b
    Example:
      tollbook build
      tollbook build --from 2026-03-01 --to 2026-03-31
    """
    from orchestration.operations.build import build as operation

    built = operation(Home.from_environment(), first, last, _said(as_json))
    if as_json:
        print_json({"days": built.days})
    elif built.days:
        click.echo(f"built {_days(built.days)}")
    else:
        click.echo("nothing to build: no day has new or changed input")


@click.command()
@click.option("--day", type=Day(), help="This day only; the default is all that are due.")
@JSON
def close(day: date | None, as_json: bool) -> None:
    """Check the days that have ended and close those that are due: post what they come to.

    \b
    Example:
      tollbook close
      tollbook close --day 2026-03-26
    """
    from orchestration.operations.close import close as operation

    checked = operation(Home.from_environment(), day, _said(as_json))
    if as_json:
        print_json(checked)
    elif not checked:
        click.echo("nothing to close: every day that has ended is closed")
    for c in checked if not as_json else []:
        click.echo(f"{c.day} {c.status}" + (f", {c.posted} entries posted" if c.status == "closed" else ""))
        for failure in c.failures:
            click.echo(f"  {failure.check.replace('_', ' ')}: {failure.rows} rows break it")
            for detail in failure.details[:5]:
                click.echo(f"    {detail}")
            if failure.rows > 5:
                click.echo(f"    ... and {failure.rows - 5} more")
    failed = [c.day for c in checked if c.status == "failed"]
    if failed:
        raise Refused(f"{_days(failed)} cannot be closed yet: what is listed has to be settled first")


@click.command()
@click.option("--day", type=Day(), required=True)
@click.option("--call", help="A call's id: its unrated legs.")
@click.option("--row", help="A rejected row, FILE_ID:LINE.")
@click.option("--reason-code", help="All unrated legs with this reason, such as no_rate.")
@click.option("--reason", required=True, help="Why, in words; it is kept.")
def waive(day: date, reason: str, **which: Any) -> None:
    """Let a day close without this call, row or kind of leg.

    \b
    Example:
      tollbook waive --day 2026-03-28 --call c-1917 --reason "test call"
    """
    from orchestration.operations.waive import waive as operation

    settled = operation(Home.from_environment(), day, reason, **which)
    click.echo(f"waived: settles {settled} of {day}; run tollbook close")


@click.command(name="publish")
def publish_command() -> None:
    """Replace the file that analysts read, serving/tollbook.duckdb, by what the warehouse holds.

    \b
    Example:
      tollbook publish
    """
    from orchestration.operations.publish import publish_now

    published = publish_now(Home.from_environment())
    click.echo(f"published {published.path}")


def _said(quiet: bool) -> Callable[[str], None] | None:
    if quiet or not sys.stderr.isatty():
        return None
    return lambda line: click.echo(f"  {line}", err=True)


def _days(days: Sequence[date]) -> str:
    if len(days) > 2 and (days[-1] - days[0]).days == len(days) - 1:
        return f"{days[0]} to {days[-1]}"
    return ", ".join(str(day) for day in days)


COMMANDS = (land, build, close, waive, publish_command)
