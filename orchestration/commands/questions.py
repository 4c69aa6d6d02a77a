"""The commands that answer questions about prices: quote, explain, estimate. They parse, call and print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.arguments import JSON, Command, Day, Instant, Seconds, Share, Whole
from orchestration.show import plain_cell, print_json, table
from orchestration.store.warehouse import Home

if TYPE_CHECKING:
    from orchestration.operations.questions.estimate import Estimate
    from orchestration.operations.questions.explain import Explained, ExplainedLeg
    from orchestration.operations.questions.quote import Quote
    from orchestration.operations.questions.rated_again import Step

_CARRIER = click.option("--carrier", metavar="ACCOUNT", help="Who takes the call; a markup on its price needs to know.")
_CALLING = click.option("--calling", metavar="NUMBER", help="Who calls; tables that go by the caller need to know.")
_AT = click.option("--at", type=Instant(), help="When (UTC); the default is now.")


@click.command(cls=Command)
@click.argument("account")
@click.argument("number")
@click.option("--seconds", type=Seconds(), default="60", show_default=True, help="How long the call is.")
@_CARRIER
@_CALLING
@_AT
@click.option("--source", help="Write numbers as this source of CDRs does; the default is international digits.")
@JSON
def quote(account: str, number: str, as_json: bool, **options: Any) -> None:
    """Say what ACCOUNT pays for a call to NUMBER, and whether, and for how long, it may make it.

    NUMBER is international digits, unless --source says whose way of writing it is.

    \b
    Example:
      tollbook quote acme 447700900123
      tollbook quote acme 447700900123 --seconds 185 --json
    """
    from orchestration.operations.questions.quote import quote as operation

    quoted = operation(Home.from_environment(), account, number, **options)
    if as_json:
        print_json(quoted)
    else:
        _show_quote(quoted)


def _show_quote(quoted: Quote) -> None:
    own = quoted.account_currency
    click.echo(f"{quoted.account_id} calls {quoted.number} for {plain_cell(quoted.seconds)} s at {quoted.at} UTC")
    _show_steps(quoted.steps, quoted.cost, quoted.currency)
    limit = "" if quoted.limited else " (no limit)"
    click.echo(
        f"balance {plain_cell(quoted.balance)} {own}, available {plain_cell(quoted.available)} {own}{limit}:"
        f" {quoted.decision}, {quoted.reason}"
    )
    if quoted.affordable_s is not None:
        click.echo(f"affordable: {quoted.affordable_s:,} s")
    else:
        click.echo("affordable: as long as it lasts" if quoted.limited else "affordable: without limit")


@click.command(cls=Command)
@click.argument("call_id")
@click.option("--source", help="The source of the call, where more than one has this id.")
@click.option("--day", type=Day(), help="Its UTC day, where more than one has this id; it also saves a search.")
@JSON
def explain(call_id: str, source: str | None, day: date | None, as_json: bool) -> None:
    """Say step by step why the call CALL_ID costs what it costs, on both sides.

    \b
    Example:
      tollbook explain c-1917
      tollbook explain c-1917 --source sw1 --day 2026-03-28 --json
    """
    from orchestration.operations.questions.explain import explain as operation

    explained = operation(Home.from_environment(), call_id, source, day)
    if as_json:
        print_json(explained)
    else:
        _show_explained(explained)


def _show_explained(explained: Explained) -> None:
    for attempt in explained.attempts:
        which = f" attempt {attempt.attempt}" if len(explained.attempts) > 1 else ""
        click.echo(
            f"call {explained.call_id} of {explained.source}{which}: {attempt.called_number},"
            f" {plain_cell(attempt.duration_s)} s, charged at {attempt.charged_at} UTC, day {attempt.rated}"
        )
        for side, leg in (("sell", attempt.sell), ("buy", attempt.buy)):
            _show_leg(side, leg)


def _show_leg(side: str, leg: ExplainedLeg) -> None:
    reason = f" ({leg.reason})" if leg.reason else ""
    click.echo(f"{side}: {leg.status}{reason}")
    _show_steps(leg.steps, leg.amount, leg.currency)


def _show_steps(steps: Sequence[Step], total: Decimal | None, currency: str | None) -> None:
    """The steps with their amounts in a column, and what they add up to."""
    width = max((len(step.text) for step in steps), default=0)
    for step in steps:
        amount = "" if step.amount is None else f"{step.amount:>16f}"
        click.echo(f"  {step.text:<{width}}  {amount}".rstrip())
    if total is not None:
        click.echo(f"  {'=':>{width}}  {total:>16f} {currency}")


@click.command(cls=Command)
@click.argument("account")
@click.option("--targets", type=Whole(1), required=True, help="How many numbers are called.")
@click.option("--answer-rate", type=Share(), required=True, help="The share of calls that is answered: 0.35 or 35%.")
@click.option("--seconds", type=Seconds(), required=True, help="How long an answered call is on average.")
@click.option("--retries", type=Whole(0, 1000), default=0, show_default=True,
              help="How often a number is tried again that did not answer.")  # fmt: skip
@click.option("--number", metavar="P", help="A number, or a prefix, that stands for all.")
@click.option("--mix", type=click.Path(path_type=Path, dir_okay=False), help="CSV of number (or prefix) and share.")
@_CARRIER
@_CALLING
@_AT
@JSON
def estimate(account: str, as_json: bool, **options: Any) -> None:
    """Expect what a campaign of calls costs ACCOUNT, and what has to be available for it.

    Without --number and --mix the calls go where the account's answered calls of the last 30 days went.

    \b
    Example:
      tollbook estimate acme --targets 10000 --answer-rate 35% --seconds 45 --retries 2 --number 447
      tollbook estimate acme --targets 10000 --answer-rate 0.35 --seconds 45 --json
    """
    from orchestration.operations.questions.estimate import Campaign
    from orchestration.operations.questions.estimate import estimate as operation

    estimated = operation(Home.from_environment(), account, Campaign(**options))
    if as_json:
        print_json(estimated)
    else:
        _show_estimate(estimated)


def _show_estimate(estimated: Estimate) -> None:
    currency = estimated.currency
    click.echo(f"{estimated.account_id}: {estimated.targets:,} targets, {estimated.mix_from}")
    for step in estimated.steps:
        click.echo(f"  {step}")
    spread = estimated.range
    columns = ["", "expected"] + (["low", "high"] if spread else [])
    cases = [estimated.expected] + ([spread.low, spread.high] if spread else [])
    table(columns, [[words, *(getattr(case, name) for case in cases)] for name, words in _measures(currency)])
    if spread:
        click.echo(
            f"low and high: the answer rate and the average call that a tenth of the account's days was below, or above"
            f" ({spread.days} days with 20 calls or more since {spread.since})"
        )
    else:
        click.echo("no range: the account has less than 2 days with 20 calls or more in the last 30 days")
    click.echo(f"required: {plain_cell(estimated.required_balance)} {currency} available")
    if estimated.shortfall is None:
        click.echo(f"the account has no limit (balance {plain_cell(estimated.balance)} {currency})")
    else:
        click.echo(
            f"available: {plain_cell(estimated.available)} {currency};"
            f" missing: {plain_cell(estimated.shortfall)} {currency}"
        )


def _measures(currency: str) -> list[tuple[str, str]]:
    """What is shown of what is expected: its name, and words."""
    return [
        ("answer_rate", "answer rate"),
        ("seconds", "seconds a call"),
        ("calls", "calls"),
        ("answered", "answered"),
        ("minutes", "minutes"),
        ("billed_minutes", "billed minutes"),
        ("call_charges", f"answered calls, {currency}"),
        ("attempt_charges", f"tries without an answer, {currency}"),
        ("cost", f"cost, {currency}"),
    ]


COMMANDS = (quote, explain, estimate)
