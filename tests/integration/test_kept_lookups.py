"""Lookups of prices are kept only while they are those of the days being built."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.day.build import build
from orchestration.operations.day.land import land
from orchestration.store.warehouse import Home, writer
from tests.support.company import SEEDS, write_calls, write_company

pytestmark = pytest.mark.usefixtures("unpublished")


def test_lookups_that_were_made_for_no_day_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a rebuild: every model is made anew when no day wants it, then the same day gets another file."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T12:00:00")
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))

    def call(name: str) -> None:
        calls = write_calls(tmp_path / f"{name}.csv", [(name, "2026-05-04T10:00:00", "60", "in-a")])
        land(home, [calls], kind="cdrs", source="sw1")
        build(home)

    def amounts() -> list[tuple[str, Decimal]]:
        with duckdb.connect(str(home.serving), read_only=True) as con:
            return con.execute("select call_id, sell_amount from marts.rated_calls order by call_id").fetchall()

    call("c1")
    with writer(home, "test") as held, held.connect() as con:
        con.execute("delete from ops.project")
    assert build(home).days == []
    call("c2")
    assert amounts() == [("c1", Decimal("0.06")), ("c2", Decimal("0.06"))]
    # another price for the same day: what is kept is not that
    (home.seeds / "rates.csv").write_text(SEEDS["rates"].replace("0.06", "0.09"))
    call("c3")
    assert [amount for _, amount in amounts()] == [Decimal("0.09")] * 3
