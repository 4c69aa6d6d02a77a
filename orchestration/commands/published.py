"""What is said beside figures that were published: that there is more since."""

from __future__ import annotations

import click

from orchestration.store.warehouse import Home


def say_unpublished(home: Home) -> None:
    """On standard error, that there is more than what was published."""
    from orchestration.operations.day.published import unpublished

    if since := unpublished(home):
        was = "1 change was" if since == 1 else f"{since} changes were"
        click.echo(f"{was} made since this was published; run tollbook build to see what came of it", err=True)
