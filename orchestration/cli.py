"""The `tollbook` command: parses, calls an operation, prints. Decides nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from orchestration.operations import balance as balances
from orchestration.operations import configure, publish
from orchestration.warehouse import PROJECT, Home, Refused

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")


class Day(click.ParamType[date]):
    """A UTC day, YYYY-MM-DD."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a day; write 2026-03-31", param, ctx)


DAY = Day()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tollbook")
def cli() -> None:
    """Turn call detail records into money people can trust.

    TOLLBOOK_HOME (default ./var) holds a deployment; seeds/ holds the company's configuration.

    \b
    The day's round:
      tollbook land            take in what is in the inbox
      tollbook build           rate it, report it, publish it
      tollbook close           check the days that have ended and close those that are due
    """


@cli.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--kind", help="cdrs, usage, payments or resources, for files outside the inbox.")
@click.option("--source", help="Which switch or system the files come from.")
@click.option("--dry-run", is_flag=True, help="Say what would land; change nothing.")
@click.option("--supersede", is_flag=True, help="Let rows replace landed ones with the same identity.")
@click.option("--reason", help="Why, with --supersede.")
@_JSON
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
        _print_json(landed)
    elif not landed:
        click.echo("nothing to land: the inbox is empty")
    else:
        _table(
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


@cli.command()
@click.option("--from", "first", type=DAY, help="First day to build (UTC).")
@click.option("--to", "last", type=DAY, help="Last day to build (UTC).")
@_JSON
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
        _print_json({"days": built.days})
    elif built.days:
        click.echo(f"built {_days(built.days)}")
    else:
        click.echo("nothing to build: no day has new or changed input")


@cli.command()
@click.option("--day", type=DAY, help="This day only; the default is all that are due.")
@_JSON
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
        _print_json(checked)
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


@cli.command()
@click.option("--day", type=DAY, required=True)
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


@cli.command(name="publish")
def publish_command() -> None:
    """Replace the file that analysts read, serving/tollbook.duckdb, by what the warehouse holds.

    \b
    Example:
      tollbook publish
    """
    published = publish.publish_now(Home.from_environment())
    click.echo(f"published {published.path}")


@cli.command()
@click.argument("account", required=False)
@_JSON
def balance(account: str | None, as_json: bool) -> None:
    """Show balances as last published: what we owe each account (negative: it owes us).

    \b
    Example:
      tollbook balance
      tollbook balance acme --json
    """
    rows = balances.balance(Home.from_environment(), account)
    if as_json:
        _print_json(rows[0] if account else rows)
        return
    columns = ["account_id", "balance", "accrued_unposted", "available", "currency", "status", "as_of"]
    _table(columns, [[row[c] for c in columns] for row in rows])


@cli.command()
@_JSON
def check(as_json: bool) -> None:
    """Check the configuration in seeds/ and list all that is wrong with it.

    \b
    Example:
      tollbook check
    """
    home = Home.from_environment()
    found = configure.problems(home)
    if as_json:
        _print_json({"problems": found})
    if found:
        raise Refused("\n".join(found))
    if not as_json:
        click.echo(f"{home.seeds} is good")


@cli.command()
@_JSON
def formats(as_json: bool) -> None:
    """List the file formats that can land, with their columns.

    \b
    Example:
      tollbook formats
    """
    from orchestration.landing.formats import formats as listed

    if as_json:
        _print_json(listed())
        return
    for entry in listed():
        click.echo(f"{entry['name']}: {entry['what']}")
        for column in entry["columns"] if isinstance(entry["columns"], list) else []:
            click.echo(f"    {column}")


@cli.command()
@click.option("--port", default=3000, show_default=True)
def ui(port: int) -> None:
    """Open Dagster: what runs, what is closed, backfills.

    \b
    Example:
      tollbook ui --port 3001
    """
    from orchestration.prepare import prepare

    environment = prepare(Home.from_environment())
    dagster = str(Path(sys.executable).with_name("dagster"))
    os.chdir(PROJECT)
    os.execve(dagster, [dagster, "dev", "--port", str(port)], environment)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command: exit status 0 done, 1 refused or failed, 2 wrong usage."""
    from orchestration.operations.dbt import DbtFailed

    try:
        cli.main(args=arguments, prog_name="tollbook", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except click.exceptions.Abort:
        sys.exit("stopped")
    except Refused as refusal:
        sys.exit(str(refusal))
    except DbtFailed as failure:
        sys.exit(f"a model failed, nothing was published; the next build tries again\n{failure}")
    except (OSError, duckdb.Error) as failure:
        sys.exit(f"{type(failure).__name__}: {str(failure).splitlines()[0]}")


def _said(quiet: bool) -> Callable[[str], None] | None:
    if quiet or not sys.stderr.isatty():
        return None
    return lambda line: click.echo(f"  {line}", err=True)


def _days(days: Sequence[date]) -> str:
    if len(days) > 2 and (days[-1] - days[0]).days == len(days) - 1:
        return f"{days[0]} to {days[-1]}"
    return ", ".join(str(day) for day in days)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [["" if cell is None else str(_plain_cell(cell)) for cell in row] for row in rows]
    widths = [max(len(c), *(len(row[i]) for row in cells)) if cells else len(c) for i, c in enumerate(columns)]
    numeric = [
        bool(rows) and all(isinstance(row[i], int | Decimal) or row[i] is None for row in rows)
        for i in range(len(columns))
    ]
    for line in [list(columns), *cells]:
        click.echo(
            "  ".join(
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, numeric, strict=True)
            ).rstrip()
        )


def _plain_cell(cell: Any) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:,.8f}".rstrip("0").rstrip(".")
    return str(_plain(cell)) if not isinstance(cell, int) else f"{cell:,}"


if __name__ == "__main__":
    main()
