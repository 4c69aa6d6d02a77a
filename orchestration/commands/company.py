"""The company's configuration: init, check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

from orchestration.commands.arguments import JSON, Command
from orchestration.configuration.problem import Problem
from orchestration.show import print_json
from orchestration.store.warehouse import Home, Refused

# How many warnings about one file are printed.
_NAMED = 10


@click.command(cls=Command)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@JSON
def init(directory: Path, as_json: bool) -> None:
    """Begin a company in DIR: seeds/ with a row or two of each file, decks/, accounting/, branding/, a README, calls.

    DIR is made, or is empty. What is in it charges a call; its README says how.

    \b
    Example:
      tollbook init mycompany
      cd mycompany
      tollbook check
    """
    from orchestration.operations.upkeep.init import init as operation

    made = operation(directory)
    if as_json:
        print_json({"directory": directory.absolute(), "files": [path.relative_to(directory) for path in made]})
        return
    click.echo(f"made {directory} with {len(made)} files; to go on: cd {directory}, and read README.md")
    for name in ("TOLLBOOK_HOME", "TOLLBOOK_SEEDS"):
        if os.environ.get(name):
            click.echo(f"{name} is {os.environ[name]}: unset it, or commands go on with that")


@click.command(cls=Command)
@JSON
def check(as_json: bool) -> None:
    """Check the configuration in seeds/, decks/, accounting/ and branding/, and list all that is wrong with it.

    What is no error, and yet would leave calls without a price or is hardly meant, is a warning: exit status 0.
    Warnings come when nothing is wrong.

    \b
    Example:
      tollbook check
      tollbook check --json
    """
    from orchestration.operations.billing.branding import logo_problems, logo_warnings
    from orchestration.operations.billing.general_ledger import chart_notes, chart_problems
    from orchestration.operations.upkeep.configure import published_problems, published_warnings
    from orchestration.operations.upkeep.rate_decks import mapping_problems

    home = Home.from_environment()
    problems = [*published_problems(home), *mapping_problems(home), *chart_problems(home), *logo_problems(home)]
    # what is wrong may be why something seems to be missing
    warnings = [] if problems else [*published_warnings(home), *logo_warnings(home)]
    notes = chart_notes(home)
    if as_json:
        print_json({"problems": problems, "warnings": list(map(str, warnings)), "notes": notes})
    else:
        _warn(warnings)
    if problems:
        raise Refused("\n".join(problems))
    if not as_json:
        click.echo("\n".join([f"{home.seeds} is good" + (", but for the warnings" if warnings else ""), *notes]))


def _warn(warnings: Sequence[Problem]) -> None:
    """The warnings, of each file the first ones."""
    for file, about in groupby(warnings, key=lambda warning: warning.file):
        of_file = list(about)
        for warning in of_file[:_NAMED]:
            click.echo(f"warning: {warning}")
        if len(of_file) > _NAMED:
            click.echo(f"warning: {file}: {len(of_file) - _NAMED:,} more, --json has all of them")


COMMANDS = (init, check)
