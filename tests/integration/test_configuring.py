"""Taking in the configuration of a deployment that has books: what an upgrade leaves as it is, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.configure import configure, published_problems
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import Home, Refused, writer
from tests.support.company import write_calls, write_company

pytestmark = pytest.mark.usefixtures("unpublished")
DAY = "2026-05-04"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """One closed day: a call of acme (0.12, its cost 0.0305)."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    accounts = (
        "account_id,name,kind,currency,department\n"
        "acme,Acme,customer,USD,sales\nbolt,Bolt,customer,EUR,sales\ncarrier,Carrier,carrier,USD,\n"
    )
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", accounts=accounts))
    calls = write_calls(tmp_path / "first.csv", [("c1", f"{DAY}T10:00:00", "61", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")
    assert [c.status for c in close(home)] == ["closed", "ready"]
    return home


def _rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse)) as con:
        return con.execute(sql).fetchall()


def _as_by_an_earlier_release(home: Home) -> None:
    """config.* without the columns that came later, and nothing that says which ones it has."""
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("alter table config.accounts drop column department")
        con.execute("alter table config.rates drop column jurisdiction")
        con.execute("alter table config.trunks add column colour VARCHAR")
        con.execute("update ops.configuration set shape = null")


def test_a_configuration_loaded_by_an_earlier_release_is_loaded_again_and_marks_nothing(home: Home) -> None:
    journal = home.journal.read_text()
    _as_by_an_earlier_release(home)
    build(home)
    departments = _rows(home, "select account_id, department from config.accounts order by account_id")
    assert departments == [("acme", "sales"), ("bolt", "sales"), ("carrier", None)]
    assert _rows(home, f"select status from marts.days where day = '{DAY}'") == [("closed",)]
    assert home.journal.read_text() == journal
    assert rebuild(home, check=True).compared


def test_an_id_that_is_not_all_to_be_seen_stays_where_an_earlier_release_took_it(home: Home) -> None:
    trunks = home.seeds / "trunks.csv"
    trunks.write_text(trunks.read_text() + "in-z\u200b,ingress,bolt,2026-05-05,\n")
    with writer(home, "test") as held:
        configure(held, again=True)
    trunks.write_text(trunks.read_text() + "in-y,ingress,bolt,2026-05-05,\n")
    build(home)
    assert ("in-z\u200b",) in _rows(home, "select trunk_id from config.trunks")
    assert rebuild(home, check=True).compared
    trunks.write_text(trunks.read_text() + "in-x\u200b,ingress,bolt,2026-05-05,\n")
    with pytest.raises(Refused, match=r"trunks\.csv line 7, column trunk_id: 'in-x\\u200b' has char.*; write in-x$"):
        build(home)


def test_what_changed_with_the_upgrade_is_told_from_the_upgrade(home: Home) -> None:
    """A price ends on the closed day and a department is renamed: the price alone marks the day."""
    _as_by_an_earlier_release(home)
    accounts = home.seeds / "accounts.csv"
    accounts.write_text(accounts.read_text().replace("sales", "retail"))
    build(home)
    assert _rows(home, f"select status from marts.days where day = '{DAY}'") == [("closed",)]
    assert _rows(home, "select distinct department from config.accounts where department is not null") == [("retail",)]
    rates = home.seeds / "rates.csv"
    rates.write_text(rates.read_text().replace("0.06", "0.07"))
    _as_by_an_earlier_release(home)
    build(home)
    assert _rows(home, f"select status from marts.days where day = '{DAY}'") == [("outdated",)]
    assert rebuild(home, check=True).compared


def test_books_are_not_made_by_the_configuration_of_another_company(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A variable is left over: the folder has seeds of its own, of the company by which its books were made."""
    own, journal = home.seeds / "company.csv", home.journal.read_text()
    other = Home(home.root, write_company(tmp_path / "other" / "seeds"))
    for file in home.seeds.iterdir():
        (other.seeds / file.name).write_text(file.read_text())
    (other.seeds / "company.csv").write_text(own.read_text().replace("Hand Made", "Beta"))
    said = f"{home.root} has the books of Hand Made, made by {home.seeds}, and {other.seeds} is the config.* of Beta"
    with pytest.raises(Refused, match=said):
        build(other)
    assert [line.startswith(f"{home.root} has the books of") for line in published_problems(other)] == [True]
    assert home.journal.read_text() == journal
    # the same company, configured elsewhere, and one that gives itself another name
    (other.seeds / "company.csv").write_text(own.read_text() + "\n")
    build(other)
    assert not caplog.messages
    own.write_text(own.read_text().replace("Hand Made", "Gamma"))
    build(home)
    assert "these were the books of Hand Made" in caplog.text
    assert rebuild(home, check=True).compared
    # where the seeds beside the books never made them, those that did may change the name too
    (other.seeds / "company.csv").write_text(own.read_text().replace("Gamma", "Delta"))
    own.write_text(own.read_text().replace("Gamma", "Example"))
    build(other)
    assert "are those of Delta now" in caplog.text
