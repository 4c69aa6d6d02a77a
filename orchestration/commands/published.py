"""What is said beside figures, and what is done with them: that there is more."""

from __future__ import annotations

import click

from orchestration.store.warehouse import Home


def say_unpublished(home: Home) -> None:
    """On standard error, that there is more than what was published."""
    from orchestration.operations.day.published import unpublished

    if since := unpublished(home):
        was = "1 change was" if since == 1 else f"{since} changes were"
        click.echo(f"{was} made since this was published; run tollbook build to see what came of it", err=True)


def say_unlanded(home: Home) -> None:
    """On standard error, that there is more than what has landed."""
    from orchestration.landing.dropped import unlanded

    if waiting := unlanded(home):
        click.echo(waiting, err=True)
