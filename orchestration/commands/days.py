"""The day's round: land, withdraw, build, close, waive, waivers, rejected, days, publish."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.arguments import CLOCK_BACK, JSON, Command, Day, FileId, Text, Whole
from orchestration.commands.published import say_unlanded, say_unpublished
from orchestration.landing.reasons import REASONS, UNREADABLE
from orchestration.operations.day.days import STATUSES
from orchestration.show import print_json, table
from orchestration.store.warehouse import KINDS, Home, Refused, serving

if TYPE_CHECKING:
    from orchestration.operations.day.close import Failure
    from orchestration.operations.day.landed import Landed
    from orchestration.operations.day.take_in import Unbuilt
    from orchestration.operations.day.waivable import Waived

# How many changed rows of the configuration are printed.
_NAMED = 5
# How many of what did not land are printed, where nobody says how many.
_LISTED = 50


@click.command(cls=Command)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--kind", help="cdrs, usage, payments or resources, for files outside the inbox.")
@click.option("--source", help="Which switch or system the files come from.")
@click.option("--dry-run", is_flag=True, help="Say what would land; change nothing.")
@click.option("--supersede", is_flag=True, help="Let rows replace landed ones with the same identity.")
@click.option(
    "--again",
    is_flag=True,
    help="Let FILES and payments land although the same, or the id, has landed elsewhere.",
)
@click.option("--corrects", type=FileId(), help="FILE has right what was rejected of this file: that is settled.")
@click.option("--reason", type=Text(), help="Why, with --supersede.")
@CLOCK_BACK
@JSON
def land(files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Take in files: FILES, or all that is in the inbox.

    \b
    Example:
      tollbook land
      tollbook land calls.csv --kind cdrs --source sw1 --dry-run
    """
    from orchestration.operations.day.take_in import take_in as operation

    home = Home.from_environment()
    taken = operation(home, files, **options)
    landed = taken.files
    if as_json:
        print_json(landed)
    elif not landed:
        click.echo(f"nothing to land in {home.inbox}")
    else:
        table(
            ["kind", "source", "file", "what", "rows", "landed", "duplicates", "rejected", "superseded"],
            [
                [f.kind, f.source, f.name, f.status.replace("_", " "), f.rows, f.landed, f.duplicates,
                 f.rejected, f.superseded]
                for f in landed
            ],
        )  # fmt: skip
        for file in landed:
            if file.settled:
                click.echo(f"{file.name}: settles {_rows(file.settled)} that had been rejected of earlier files")
        _say_rejected(landed, options["dry_run"])
    if taken.unbuilt:
        _say_unbuilt(taken.unbuilt, as_json)
    problems = [f"{f.name}: {f.problem}" for f in landed if f.problem]
    if problems:
        raise Refused("\n".join(problems))


def _say_unbuilt(unbuilt: Sequence[Unbuilt], aside: bool) -> None:
    rows, days = sum(day.rows for day in unbuilt), [day.day for day in unbuilt]
    which = _days(days) if len(days) < 5 else f"{len(days)} days from {days[0]} to {days[-1]}"
    click.echo(f"not built yet: {_rows(rows)} of {which}; run tollbook build", err=aside)


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"


def _say_rejected(landed: Sequence[Landed], dry_run: bool) -> None:
    """Of each file with rejected rows why, with an example of each, so that it can be mended now, and where all are."""
    for file in landed:
        if not file.rejected:
            continue
        click.echo(f"{file.name}: {_rows(file.rejected)} rejected")
        for reason in file.reasons:
            which = (
                f"line {reason.line}" if reason.rows == 1 else f"{reason.rows:,} rows, the first is line {reason.line}"
            )
            click.echo(f"  {reason.reason}, {which}: {reason.detail}")
    if any(file.rejected for file in landed):
        click.echo("--json has the first 20 of each" if dry_run else "all of them: tollbook rejected")


@click.command(cls=Command)
@click.argument("file_id", type=FileId())
@click.option("--reason", type=Text(), required=True, help="Why, in words; it is kept.")
@click.option("--kind", help="Which, of a file that landed as more than one kind.")
@click.option("--source", help="Which, of a file that landed from more than one source.")
@CLOCK_BACK
@JSON
def withdraw(file_id: str, reason: str, kind: str | None, source: str | None, as_json: bool) -> None:
    """Take a landed file back, whole: its rows count no more, and what they had kept out counts.

    FILE_ID (ops.files) may be shortened to what is unique. The file stays in the archive; landing it again undoes it.

    \b
    Example:
      tollbook withdraw 3f9a01c27d44 --reason "a test of the switch"
    """
    from orchestration.operations.day.withdraw import withdraw_file

    done = withdraw_file(Home.from_environment(), file_id, reason, kind=kind, source=source)
    if as_json:
        print_json(done)
        return
    click.echo(f"withdrawn: {done.name} of {done.source} ({done.kind}, {done.file_id[:12]}), {done.rows} rows")
    if done.restored:
        click.echo(f"  {done.restored} CDRs that it had superseded are back")
    for other in done.again:
        conflicts = f", {other.rejected} are in conflict with another row" if other.rejected else ""
        click.echo(f"  {other.landed} rows of {other.name} ({other.file_id[:12]}) count now{conflicts}")
    if done.begins:
        click.echo(f"  the books begin on {done.begins} again: the days that it had opened before are no more")
    if done.days:
        click.echo(f"changed: {_days(done.days)}; run tollbook build, then tollbook close")


def _say_outdated(as_json: bool) -> None:
    """Tell people of closed days that would come to something else today: nothing else says it unasked."""
    if as_json:
        return
    with serving(Home.from_environment()) as con:
        days = con.execute(
            "select day, outdated_because from marts.days where status = 'outdated' order by day"
        ).fetchall()
    if days:
        click.echo(
            f"outdated: {_days([day for day, _ in days])}; what they were rated from is different now; "
            "they keep what is posted"
        )
        changed = dict.fromkeys(line for _, because in days for line in because.splitlines())
        for line in list(changed)[:_NAMED]:
            click.echo(f"  {line}")
        if len(changed) > _NAMED:
            click.echo("  marts.days has what changed for each day (outdated_because)")


@click.command(cls=Command)
@click.option("--from", "first", type=Day(), help="First day to build (UTC).")
@click.option("--to", "last", type=Day(), help="Last day to build (UTC).")
@CLOCK_BACK
@JSON
def build(first: date | None, last: date | None, as_json: bool) -> None:
    """Rate and report the days with new or changed input, and publish.

    \b
    Example:
      tollbook build
      tollbook build --from 2026-03-01 --to 2026-03-31
    """
    from orchestration.operations.day.build import build as operation

    home = Home.from_environment()
    built = operation(home, first, last, _said(as_json))
    if as_json:
        print_json({"days": built.days})
    elif built.days:
        click.echo(f"built {_days(built.days)}")
    else:
        click.echo(f"nothing to build: {_none(home, 'no day has new or changed input')}")
    _say_outdated(as_json)


@click.command(cls=Command)
@click.option("--day", type=Day(), help="This day only; the default is all that are due.")
@CLOCK_BACK
@JSON
def close(day: date | None, as_json: bool) -> None:
    """Check the days that have ended and close those that are due: post what they come to.

    \b
    Example:
      tollbook close
      tollbook close --day 2026-03-26
    """
    from orchestration.operations.day.close import close as operation

    home = Home.from_environment()
    say_unlanded(home)
    checked = operation(home, day, _said(as_json))
    if as_json:
        print_json(checked)
    elif not checked:
        click.echo(f"nothing to close: {_none(home, 'every day that has ended is closed')}")
    for c in checked if not as_json else []:
        click.echo(f"{c.day} {c.status}" + (f", {c.posted} entries posted" if c.status == "closed" else ""))
        for failure in c.failures:
            _show(failure, "")
        for warning in c.warnings:
            _show(warning, "warning, ")
    _say_outdated(as_json)
    failed = [c.day for c in checked if c.status == "failed"]
    if failed:
        raise Refused(f"{_days(failed)} cannot be closed yet: what is listed has to be settled first")


@click.command(cls=Command)
@click.option("--day", type=Day(), required=True)
@click.option("--call", help="A call's id: its unrated legs.")
@click.option("--row", help="A rejected row, FILE_ID:LINE.")
@click.option("--reason-code", help="All unrated legs with this reason, such as no_rate.")
@click.option("--gap", help="A source: the times it was silent, and its missing files.")
@click.option("--count", help="A source: what it counted is not what landed.")
@click.option(
    "--file", type=FileId(), help="A file that could not be read, or all rejected rows of one that landed: its FILE_ID."
)
@click.option("--source", help="Whose call, row or file, where more than one has it; of a reason code, whose legs.")
@click.option("--kind", type=click.Choice(KINDS), help="Likewise, of a source of more than one kind; a gap of which.")
@click.option("--reason", type=Text(), help="Why, in words; it is kept.")
@click.option("--confirm", is_flag=True, help="As a second operator: put the waiver of the same thing in force.")
@CLOCK_BACK
@JSON
def waive(day: date, reason: str | None, confirm: bool, as_json: bool, **which: Any) -> None:
    """Let a day close without this call, row, kind of leg, file or count.

    What is worth more than waiver_limit (seeds/company.csv) waits for a second operator, who says the same with
    --confirm in the place of --reason.

    \b
    Example:
      tollbook waive --day 2026-03-28 --call c-1917 --reason "test call"
      tollbook waive --day 2026-03-28 --gap sw1 --reason "the switch was down"
      tollbook waive --day 2026-03-28 --gap sw1 --confirm
    """
    from orchestration.operations.day import waive as operation

    if confirm == (reason is not None):
        raise click.UsageError("give --reason TEXT, or --confirm as a second operator")
    home = Home.from_environment()
    waived = operation.confirm(home, day, **which) if reason is None else operation.waive(home, day, reason, **which)
    if as_json:
        print_json(waived)
        return
    worth = _worth(waived)
    if reason is None:
        click.echo(f"confirmed: {waived}, {worth}; run tollbook close")
    elif waived.in_force:
        click.echo(f"waived: settles {waived.settles} of {_days(waived.days)}, {worth}; run tollbook close")
    else:
        why = "with a waiver_limit what is of unknown worth" if waived.amount is None else "above the waiver_limit it"
        click.echo(
            f"noted: would settle {waived.settles} of {_days(waived.days)}, {worth}; {why} settles nothing until"
            " another operator runs the same with --confirm"
        )


def _worth(waived: Waived) -> str:
    """What a waiver is worth, in words: where it is not known of all, what is."""
    if waived.amount is not None:
        return f"worth {waived.amount:f} {waived.currency}"
    if 0 < waived.unknown < waived.settles:
        known = f"{waived.settles - waived.unknown} of them worth {waived.known:f} {waived.currency}"
        return f"{known}, and nobody can say what the other {waived.unknown} are worth"
    return "nobody can say what it is worth"


@click.command(cls=Command)
@click.option("--day", type=Day(), help="Of this day only; the default is all.")
@JSON
def waivers(day: date | None, as_json: bool) -> None:
    """List what was waived, the latest first, as last published: who, why, whether in force.

    What it is worth is of when its day was checked last, --json has that of when it was waived (amount), too.

    \b
    Example:
      tollbook waivers
      tollbook waivers --day 2026-03-28 --json
    """
    from orchestration.operations.day.waivers import waivers as operation

    rows = operation(Home.from_environment(), day)
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("nothing is waived")
        return
    table(
        ["day", "what", "key", "source", "worth", "currency", "waived by", "confirmed by", "state", "reason"],
        [
            [r["day"], r["what"], _short(r["what"], r["key"]), r["source"], r["worth"], r["currency"], r["operator"],
             r["confirmed_by"], _state(r), r["reason"]]
            for r in rows
        ],
    )  # fmt: skip


def _state(waiver: dict[str, Any]) -> str:
    if waiver["ended_at"]:
        return "ended: its file was withdrawn"
    if waiver["in_force"] and waiver["settles"] == 0 and waiver["what"] in ("call", "reason"):
        return "in force; nothing of it is unrated any more"
    return "in force" if waiver["in_force"] else "awaits a second operator"


def _short(what: str, key: str) -> str:
    """The key of a waiver as it can be given again: a file's id is long."""
    if what == "row":
        return f"{key[:12]}:{key.rpartition(':')[2]}"
    return key[:12] if what == "file" else key


@click.command(cls=Command)
@click.option("--day", type=Day(), help="Of this day only; the default is all.")
@click.option("--kind", type=click.Choice(KINDS), help="Of this kind of file only.")
@click.option("--source", help="From this source only.")
@click.option(
    "--reason",
    type=click.Choice((*REASONS, UNREADABLE)),
    metavar="REASON",
    help="With this reason only, such as bad_duration; unreadable: files that could not be read.",
)
@click.option("--file", type=FileId(), help="Of this file only: its FILE_ID, or its beginning.")
@click.option("--all", "settled", is_flag=True, help="Also what is waived or settled since.")
@click.option("--by-file", is_flag=True, help="Count them by file and reason.")
@click.option(
    "--limit", type=Whole(1), help=f"How many, the earliest day first; the default is {_LISTED}, with --json all."
)
@JSON
def rejected(by_file: bool, as_json: bool, limit: int | None, **asked: Any) -> None:
    """List what did not land and holds its day: rejected rows and files that could not be read, as last published.

    \b
    Example:
      tollbook rejected
      tollbook rejected --day 2026-03-28 --reason bad_duration --json
      tollbook rejected --all --by-file
    """
    from orchestration.operations.day import rejected as operation

    home, which = Home.from_environment(), operation.Asked(**asked)
    rows = operation.rejected_by_file(home, which) if by_file else operation.rejected(home, which)
    say_unpublished(home)
    if as_json:
        print_json(rows[:limit])
        return
    if not rows:
        click.echo("nothing is left to settle" if which == operation.Asked() else "there are none such")
        return
    columns = {"day": "day", "kind": "kind", "source": "source", "name": "file", "file_id": "id"}
    columns |= {"rows": "rows"} if by_file else {}
    columns |= {"line": "first line" if by_file else "line", "reason": "reason"}
    columns |= {"state": "state"} if which.settled else {}
    columns |= {"detail": "the first" if by_file else "detail"}
    shown = [{**row, "file_id": row["file_id"][:12]} for row in rows[: limit or _LISTED]]
    table(list(columns.values()), [[row[column] for column in columns] for row in shown])
    if more := len(rows) - len(shown):
        counted = "" if by_file else ", --by-file counts them"
        click.echo(f"... and {more:,} more: --limit {len(rows)} lists all{counted}")


@click.command(cls=Command)
@click.option("--day", type=Day(), help="This day, and in words what it waits for.")
@click.option("--from", "first", type=Day(), help="First day (UTC).")
@click.option("--to", "last", type=Day(), help="Last day (UTC).")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Of this status; may be repeated."
)
@JSON
def days(day: date | None, first: date | None, last: date | None, statuses: tuple[str, ...], as_json: bool) -> None:
    """List how far each day is, as last published: open, ready, closed, failed, stale or outdated, and its rows.

    \b
    Example:
      tollbook days --status failed --status stale
      tollbook days --from 2026-03-01 --to 2026-03-31 --json
      tollbook days --day 2026-03-28
    """
    from orchestration.operations.day.days import days as operation

    if day and (first or last):
        raise click.UsageError("give --day, or --from and --to")
    home = Home.from_environment()
    rows = operation(home, day or first, day or last, statuses)
    say_unpublished(home)
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("there are none such" if first or last or day or statuses else "nothing has landed yet")
        return
    columns = ["day", "status", "cdrs", "rated", "unrated", "rejected", "unreadable", "closed_at", "failed_checks"]
    columns += ["warnings"] if any(row["warnings"] for row in rows) else []
    table(columns, [[row[column] for column in columns] for row in rows])
    if day:
        for line in f"{rows[0]['to_do']}\n{rows[0]['outdated_because'] or ''}".splitlines():
            click.echo(f"  {line}" if line else "", nl=bool(line))
    elif any(row["to_do"] or row["outdated_because"] for row in rows):
        click.echo("what a day waits for: tollbook days --day DAY")


@click.command(cls=Command, name="publish")
def publish_command() -> None:
    """Replace the file that analysts read, serving/tollbook.duckdb, by what the warehouse holds.

    \b
    Example:
      tollbook publish
    """
    from orchestration.operations.day.publish import publish_now

    published = publish_now(Home.from_environment())
    click.echo(f"published {published.path}")


def _show(failure: Failure, kind: str) -> None:
    """An assertion that does not hold: in words, its first rows, what to do."""
    from orchestration.operations.day.words import broken_by

    click.echo(f"  {kind}{failure.check}: {broken_by(failure.rows)}")
    click.echo(f"    {failure.words}")
    for detail in failure.details[:5]:
        click.echo(f"    - {detail}")
    if failure.rows > 5:
        click.echo(f"    ... and {failure.rows - 5} more: ops.day_checks has the first 20")
    click.echo(f"    What to do: {failure.remedy}")


def _said(quiet: bool) -> Callable[[str], None] | None:
    if quiet or not sys.stderr.isatty():
        return None
    return lambda line: click.echo(f"  {line}", err=True)


def _none(home: Home, why: str) -> str:
    """Why there is nothing to do."""
    from orchestration.operations.day.published import has_landed

    return why if has_landed(home) else f"nothing has landed in {home.root}"


def _days(days: Sequence[date]) -> str:
    if len(days) > 2 and (days[-1] - days[0]).days == len(days) - 1:
        return f"{days[0]} to {days[-1]}"
    return ", ".join(str(day) for day in days)


COMMANDS = (land, withdraw, build, close, waive, waivers, rejected, days, publish_command)
