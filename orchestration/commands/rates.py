"""The commands for rate decks: review, accept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestration.commands.arguments import CLOCK_BACK, Amount, Group, Text, Whole
from orchestration.show import plain_value, print_json
from orchestration.store.warehouse import Home, Refused


@click.group(cls=Group)
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
@click.option("--first", type=Whole(), help="How many prices of each class to show; 10. --json gives all of them.")
@click.option("--no-traffic", is_flag=True, help="Do not rate the last 7 days' calls with it.")
def rates_review(file: Path | None, as_json: bool, first: int | None, no_traffic: bool, **options: Any) -> None:
    """Say what FILE, or each deck in the inbox, would change; change nothing.

    \b
    Example:
      tollbook rates review
      tollbook rates review april.xlsx --source atlas --effective 2026-04-01 --full
    """
    from orchestration.decks.report import plain, text
    from orchestration.operations.upkeep.rate_decks import DeckOptions
    from orchestration.operations.upkeep.review_rates import review

    if as_json and first is not None:
        raise click.UsageError("--json gives every price: leave out --first")
    first = 10 if first is None else first
    how = DeckOptions(first=None if as_json else first, traffic=not no_traffic, **options)
    reviewed = review(Home.from_environment(), file, how)
    if as_json:
        # without line breaks: json is ten times quicker so
        click.echo(json.dumps([plain(deck) for deck in reviewed.reviews], default=plain_value))
    elif not reviewed.reviews and not reviewed.problems:
        click.echo(_none(how.source))
    elif reviewed.reviews:
        click.echo("\n\n".join(text(deck, first) for deck in reviewed.reviews))
    if reviewed.problems:
        raise Refused("\n".join(reviewed.problems))


@rates.command(name="accept")
@_deck_options
@click.option(
    "--again", is_flag=True, help="Accept it although the same file was accepted, before or from another source."
)
@click.option("--refuse-suspicious", is_flag=True, help="Change nothing when the review finds something suspicious.")
@click.option("--reason", type=Text(), help="Why it is right, in words; it is kept.")
@CLOCK_BACK
def rates_accept(file: Path | None, as_json: bool, refuse_suspicious: bool, reason: str | None, **options: Any) -> None:
    """Make FILE, or each deck in the inbox, the prices that calls are rated by; run tollbook build then.

    What the review finds suspicious is said; look at it with tollbook rates review before.

    \b
    Example:
      tollbook rates accept
      tollbook rates accept april.xlsx --source atlas --effective 2026-04-01 --full
    """
    from orchestration.decks.review import CLASSES
    from orchestration.operations.upkeep.rate_decks import DeckOptions
    from orchestration.operations.upkeep.rates import accept

    how = DeckOptions(first=0, **options)
    accepted = accept(Home.from_environment(), file, how, refuse_suspicious=refuse_suspicious, reason=reason)
    for deck in accepted:
        if deck.review and deck.review.unread:
            click.echo(f"{deck.name}: not read: {', '.join(deck.review.unread)}", err=True)
        for suspicion in deck.review.suspicious if deck.review else []:
            click.echo(f"{deck.name}: {suspicion.text} ({suspicion.prices:,})", err=True)
    if as_json:
        print_json(accepted)
        return
    if not accepted:
        click.echo(_none(how.source))
    for deck in accepted:
        if deck.review is None:
            click.echo(f"{deck.name} was accepted already, as deck {deck.deck}; nothing changed")
            continue
        what = ", ".join(f"{deck.review.total(c):,} {c.replace('_', ' ')}" for c in CLASSES if deck.review.total(c))
        click.echo(f"{deck.name} accepted as deck {deck.deck}: {what}; run tollbook build")


def _none(source: str | None) -> str:
    return "no deck " + (f"of {source} " if source else "") + "waits in inbox/rates/"


COMMANDS = (rates,)
