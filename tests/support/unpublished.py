"""What is published, without publishing: for tests of what is in the books, not of how people get to see it."""

from __future__ import annotations

import shutil

import pytest

from orchestration.engine.dbt import modelled
from orchestration.operations.day import publish
from orchestration.operations.day.outdated import settle
from orchestration.operations.upkeep import rebuild
from orchestration.store.warehouse import Writer


def served_as_it_is(held: Writer) -> publish.Published:
    """In place of `publish`: the warehouse itself, which has all the tables that are published, is what is served.

    Writing each table to a file of its own takes as long as landing, building and checking a small day.
    """
    settle(held)
    with held.connect() as con:
        is_modelled = modelled(con)
        con.execute("delete from run.publications")  # the file cannot hold its own sha256
    if is_modelled:
        held.release()
        held.home.serving.parent.mkdir(exist_ok=True)
        shutil.copyfile(held.home.warehouse, held.home.serving)
    return publish.Published(held.home.serving, 0)


@pytest.fixture
def unpublished(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands do all that they do, but that the warehouse is served as it is. Not for tests that are `published`."""
    if request.node.get_closest_marker("published") is None:
        for module in (publish, rebuild):
            monkeypatch.setattr(module, "publish", served_as_it_is)
