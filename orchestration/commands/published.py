"""What is said beside figures, and what is done with them: that there is more."""

from __future__ import annotations

from datetime import date

import click

from orchestration.store.warehouse import Home


def say_unpublished(home: Home) -> None:
    """On standard error, that there is more than what was published."""
    from orchestration.operations.day.published import unpublished

    if since := unpublished(home):
        was = "1 change was" if since == 1 else f"{since} changes were"
        click.echo(f"{was} made since this was published; run tollbook build to see what came of it", err=True)


def say_outside(home: Home, first: date | None, last: date | None) -> None:
    """On standard error, that the books have nothing of the days `first` to `last`: is the year right?"""
    from orchestration.operations.day.published import published_days

    of = published_days(home)
    asked = f"nothing is published of {' to '.join(str(day) for day in dict.fromkeys((first, last)) if day)}"
    if of and last and last < of[0]:
        click.echo(f"the books begin on {of[0]}: {asked}", err=True)
    elif of and first and first > of[1]:
        click.echo(f"the books go to {of[1]}: {asked}", err=True)


def say_unlanded(home: Home) -> None:
    """On standard error, that there is more than what has landed."""
    from orchestration.landing.dropped import unlanded

    if waiting := unlanded(home):
        click.echo(waiting, err=True)
