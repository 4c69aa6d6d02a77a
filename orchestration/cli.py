"""The `tollbook` command: puts the commands together, and says failures in one line. Decides nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from orchestration.commands import accounts, company, days, finance, invoicing, questions, rates, trends
from orchestration.commands.arguments import JSON, Amount, Group, Whole
from orchestration.show import Unprinted, harmless, harmlessly, opened_streams, print_json
from orchestration.store.failures import is_interruption
from orchestration.store.files import guarded
from orchestration.store.warehouse import PROJECT, Home, Refused


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tollbook")
def cli() -> None:
    """Turn call detail records into money people can trust.

    TOLLBOOK_HOME (default ./var) holds a deployment; seeds/ holds the company's configuration. tollbook init DIR
    begins a company.

    \b
    The day's round:
      tollbook land            take in what is in the inbox
      tollbook build           rate it, report it, publish it
      tollbook close           check the days that have ended and close those that are due
    """


@cli.command()
@JSON
def formats(as_json: bool) -> None:
    """List the file formats that can land, with their columns.

    \b
    Example:
      tollbook formats
    """
    from orchestration.landing.formats.known import formats as listed

    if as_json:
        print_json(listed())
        return
    for entry in listed():
        click.echo(f"{entry['name']}: {entry['what']}")
        for column in entry["columns"] if isinstance(entry["columns"], list) else []:
            click.echo(f"    {column}")


@cli.command()
@click.option("--check", is_flag=True, help="Only see whether it would come out the same; change nothing.")
@JSON
def rebuild(check: bool, as_json: bool) -> None:
    """Make the warehouse anew from the archive and the journal, with the same postings, balances and invoices.

    What comes out otherwise is listed, and nothing is changed then. The old warehouse is kept beside the new one.

    \b
    Example:
      tollbook rebuild --check
      tollbook rebuild
    """
    from orchestration.operations.upkeep.rebuild import rebuild as operation

    report = (lambda line: click.echo(f"  {line}", err=True)) if sys.stderr.isatty() and not as_json else None
    done = operation(Home.from_environment(), report, check=check)
    if as_json:
        print_json(done)
        return
    compared = "the same as in the warehouse there was" if done.compared else "as the journal says"
    what = f"{done.lines:,} lines of the journal, {done.entries:,} postings, {done.invoices:,} invoices, {compared}"
    click.echo(f"{'rebuilt' if done.replaced else 'would rebuild'}: {what}")


@cli.command()
@JSON
def anchor(as_json: bool) -> None:
    """Print number and sha256 of the journal's last line. Kept elsewhere, they tell if all before it is as it was.

    \b
    Example:
      tollbook anchor >> /mnt/elsewhere/anchors
      tollbook verify --anchors /mnt/elsewhere/anchors
    """
    from orchestration.operations.verify.anchors import anchor as operation
    from orchestration.operations.verify.anchors import shown

    head = operation(Home.from_environment())
    if as_json:
        print_json(head)
        return
    click.echo(shown(head))


@cli.command()
@click.option("--anchors", type=click.Path(path_type=Path), help="What tollbook anchor printed before, a line each.")
@JSON
def verify(anchors: Path | None, as_json: bool) -> None:
    """See whether the books and all files are as they were written: journal, ledger, invoices, archive, stored days.

    Changes nothing. Exit status 1 where something is not; what it is and what to do is said for each.

    \b
    Example:
      tollbook verify
    """
    from orchestration.operations.verify.verify import verify as operation

    report = (lambda line: click.echo(f"  {line}", err=True)) if sys.stderr.isatty() and not as_json else None
    done = operation(Home.from_environment(), report, anchors)
    if as_json:
        print_json(done)
    else:
        for fault in done.faults:
            click.echo(f"{fault.what} {fault.where}: {fault.wrong}; {fault.right}")
        wrong = f"{len(done.faults):,} faults" if done.faults else "all as they were written"
        click.echo(f"{done.lines:,} lines of the journal, {done.files:,} files: {wrong}")
        if done.head:
            click.echo(f"the last line is number {done.head.n}, sha256 {done.head.sha256}")
    if done.faults:
        sys.exit(1)


@cli.command()
@JSON
def repair(as_json: bool) -> None:
    """Make stored days and published files that are damaged again from the archive, to the same contents or not at all.

    tollbook verify says which are. What the archive itself has lost only a backup has.

    \b
    Example:
      tollbook repair
    """
    from orchestration.operations.upkeep.repair import repair as operation

    report = (lambda line: click.echo(f"  {line}", err=True)) if sys.stderr.isatty() and not as_json else None
    done = operation(Home.from_environment(), report)
    if as_json:
        print_json(done)
        return
    made = [*done.sealed, *done.open, *done.published]
    for path in made:
        click.echo(f"made again: {path}")
    click.echo(
        f"{len(made)} files were damaged and are whole again" if made else "no stored or published file is damaged"
    )


@cli.command()
@click.option("--port", type=Whole(1, 65535), default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; Dagster asks for no login.")
def ui(port: int, host: str) -> None:
    """Open Dagster: what runs, what is closed, backfills.

    \b
    Example:
      tollbook ui --port 3001
    """
    from orchestration.prepare import prepare

    environment = prepare(Home.from_environment())
    dagster = str(Path(sys.executable).with_name("dagster"))
    os.chdir(PROJECT)
    os.execve(dagster, [dagster, "dev", "--host", host, "--port", str(port)], environment)


for _subject in (company, days, accounts, rates, invoicing, finance, questions, trends):
    for _command in _subject.COMMANDS:
        cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command: exit status 0 done, 1 refused or failed, 2 wrong usage."""
    opened_streams()
    _refuse_nowhere()
    from orchestration.engine import failed

    try:
        with guarded(), harmlessly():
            cli.main(args=arguments, prog_name="tollbook", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.exceptions.NoArgsIsHelpError as nothing:
        with harmlessly():
            nothing.show()
        sys.exit(nothing.exit_code)
    except click.ClickException as wrong:
        _say_wrong(wrong, sys.argv[1:] if arguments is None else arguments)
        sys.exit(wrong.exit_code)
    except click.exceptions.Abort:
        sys.exit("stopped")
    except Unprinted as unprinted:
        sys.exit(_said_unprinted(unprinted))
    except failed.SAID as failure:
        sys.exit(harmless(failed.in_words(failure, _root())))
    except RuntimeError as failure:
        if not is_interruption(failure):
            raise
        sys.exit("stopped")


def _refuse_nowhere() -> None:
    """Stop where the current directory is gone: no path could be told from there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        sys.exit("the directory that this is called in is gone: cd to one that is there, also if it has the same name")
    except OSError:  # may not be looked into: a path that is needed says so
        return


def _said_unprinted(unprinted: Unprinted) -> str | int:
    """Whoever reads no more of it (`| head`) is told nothing."""
    (failure,) = unprinted.args
    if isinstance(failure, BrokenPipeError):
        return 1
    return f"the command was carried out, and what it says cannot be written to standard output ({failure.strerror})"


def _root() -> Path | None:
    """The deployment that the command was about; None where what failed is finding it."""
    with suppress(Refused, OSError):
        return Home.from_environment().root
    return None


def _say_wrong(wrong: click.ClickException, arguments: Sequence[str]) -> None:
    """What is wrong in a line, and where it says what would be right; Click would begin with how it is used."""
    said = _below_zero(wrong, arguments) or " ".join(wrong.format_message().split())
    with harmlessly():
        click.echo(said, err=True)
        if isinstance(wrong, click.UsageError) and wrong.ctx is not None:
            click.echo(f"see: {wrong.ctx.command_path} --help", err=True)


def _below_zero(wrong: click.ClickException, arguments: Sequence[str]) -> str | None:
    """A number below 0 where an argument takes none looks like an option to Click: what would be right."""
    if not isinstance(wrong, click.NoSuchOption) or wrong.ctx is None:
        return None
    number = next((word for word in arguments if word[:2] == wrong.option_name and word[1:2] in "0123456789."), None)
    for parameter in wrong.ctx.command.params:
        if number and isinstance(parameter, click.Argument) and isinstance(parameter.type, Amount):
            return f"Invalid value for '{parameter.human_readable_name}': {number!r} is not {parameter.type.right}"
    return None


if __name__ == "__main__":
    main()
