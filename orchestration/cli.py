"""The `tollbook` command: parses, calls an operation, prints. Decides nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import duckdb

from orchestration.operations import balance as balances
from orchestration.operations import configure, publish
from orchestration.questions import COMMANDS
from orchestration.show import plain_value as _plain
from orchestration.show import print_json as _print_json
from orchestration.show import table as _table
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


class Amount(click.ParamType[Decimal]):
    """An exact amount above 0."""

    name = "AMOUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = value if isinstance(value, Decimal) else Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount <= 0:
            self.fail(f"{value} is not an amount above 0; write 0.75", param, ctx)
        return amount


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
    """Check the configuration in seeds/ and the mappings in decks/, and list all that is wrong with them.

    \b
    Example:
      tollbook check
    """
    from orchestration.operations.rates import mapping_problems

    home = Home.from_environment()
    found = [*configure.problems(home), *mapping_problems(home)]
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


@cli.group()
def rates() -> None:
    """Rate decks: see what one would change, then accept it.

    Decks wait in inbox/rates/<source>/; decks/<source>.toml beside seeds/ says how the source writes them.

    \b
    Example:
      tollbook rates review
      tollbook rates accept
    """


def _deck_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output, with every price."),
        click.option("--limit", type=Amount(), help="Rates above this are suspicious."),
        click.option("--partial", "replaces", flag_value="partial", help="Prefixes that it does not have stay."),
        click.option("--full", "replaces", flag_value="full", help="Prefixes that it does not have end."),
        click.option("--effective", help="The deck's effective date or time, 2026-04-01."),
        click.option("--source", help="Who sent it, for a file outside the inbox."),
        click.argument("file", required=False, type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@rates.command(name="review")
@_deck_options
@click.option("--first", default=10, show_default=True, help="How many prices of each class to show.")
@click.option("--no-traffic", is_flag=True, help="Do not rate the last 7 days' calls with it.")
def rates_review(file: Path | None, as_json: bool, first: int, no_traffic: bool, **options: Any) -> None:
    """Say what FILE, or each deck in the inbox, would change; change nothing.

    \b
    Example:
      tollbook rates review
      tollbook rates review april.xlsx --source atlas --effective 2026-04-01 --full
    """
    from orchestration.decks.report import plain, text
    from orchestration.operations.rates import Wanted, review

    wanted = Wanted(first=None if as_json else first, traffic=not no_traffic, **options)
    reviewed = review(Home.from_environment(), file, wanted)
    if as_json:
        # without line breaks: json is ten times quicker so
        click.echo(json.dumps([plain(found) for found in reviewed.reviews], default=_plain))
    elif not reviewed.reviews and not reviewed.problems:
        click.echo("no deck waits in inbox/rates/")
    else:
        click.echo("\n\n".join(text(found, first) for found in reviewed.reviews))
    if reviewed.problems:
        raise Refused("\n".join(reviewed.problems))


@rates.command(name="accept")
@_deck_options
@click.option("--refuse-suspicious", is_flag=True, help="Change nothing when the review finds something suspicious.")
@click.option("--reason", help="Why it is right, in words; it is kept.")
def rates_accept(file: Path | None, as_json: bool, refuse_suspicious: bool, reason: str | None, **options: Any) -> None:
    """Make FILE, or each deck in the inbox, the prices that calls are rated by; run tollbook build then.

    What the review finds suspicious is said; look at it with tollbook rates review before.

    \b
    Example:
      tollbook rates accept
      tollbook rates accept april.xlsx --source atlas --effective 2026-04-01 --full
    """
    from orchestration.decks.review import CLASSES
    from orchestration.operations.rates import Wanted, accept

    wanted = Wanted(first=0, **options)
    accepted = accept(Home.from_environment(), file, wanted, refuse_suspicious=refuse_suspicious, reason=reason)
    for deck in accepted:
        for found in deck.review.suspicious if deck.review else []:
            click.echo(f"{deck.name}: {found.text} ({found.prices:,})", err=True)
    if as_json:
        _print_json(accepted)
        return
    if not accepted:
        click.echo("no deck waits in inbox/rates/")
    for deck in accepted:
        if deck.review is None:
            click.echo(f"{deck.name} was accepted already, as deck {deck.deck}; nothing changed")
            continue
        what = ", ".join(f"{deck.review.total(c):,} {c.replace('_', ' ')}" for c in CLASSES if deck.review.total(c))
        click.echo(f"{deck.name} accepted as deck {deck.deck}: {what}; run tollbook build")


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


for _command in COMMANDS:
    cli.add_command(_command)


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


if __name__ == "__main__":
    main()
