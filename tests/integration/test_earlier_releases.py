"""What earlier releases left in a deployment, other than today's would: its journal, tables, files and publication."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.defs.closing_schedules import statuses
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.publish import publish_now
from orchestration.operations.day.waivers import waivers
from orchestration.prepare import write_new_warehouse
from orchestration.store.warehouse import Home, Refused, serving, writer
from tests.support.company import write_calls, write_company, write_text
from tests.support.put_back import keep, put_back

_DAY = date(2026, 5, 30)
_NOW = "2026-06-02T00:05:00"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 May closed, with a call and usage, by a release of before; the rest of the month too."""
    write_new_warehouse()
    root = tmp_path_factory.mktemp("closed") / "deployment"
    made = Home(root / "home", write_company(root / "seeds"))
    calls = write_calls(root / "c.csv", [("c1", "2026-05-30T10:00:00", "60", "in-a")])
    used = "usage_id,occurred_at,account_id,service,quantity\nu1,2026-05-30T11:00:00,acme,message,3\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", _NOW)
        land(made, [calls], kind="cdrs", source="sw1")
        land(made, [write_text(root / "u.csv", used)], kind="usage", source="web")
        assert next((day.day, day.status) for day in close(made)) == (_DAY, "closed")
    _of_before(made)
    keep(root)
    return root


@pytest.fixture
def home(closed: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", _NOW)
    return put_back(closed)


def _of_before(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update ops.project set version = 'of an earlier release'")


def _ask(home: Home, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.mark.usefixtures("unpublished")
def test_a_closed_days_legs_from_a_table_are_sealed(home: Home) -> None:
    """No later build replaces them: a late call is rated beside them."""
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table kept as select * replace ('as it was' as sell_destination) from marts.rated_calls")
        con.execute("drop view marts.rated_calls; create table marts.rated_calls as from kept; drop table kept")
        con.execute("delete from ops.stored_files where table_name = 'marts.rated_calls'")
    late = write_calls(home.root / "late.csv", [("late", "2026-05-30T12:00:00", "60", "in-a")])
    land(home, [late], kind="cdrs", source="sw1")
    assert build(home).days == [_DAY]
    named = _ask(home, "select call_id, sell_destination from marts.rated_calls order by all")
    assert named == [("c1", "as it was"), ("late", "United Kingdom")]


@pytest.mark.usefixtures("unpublished")
def test_rows_stored_before_a_column_have_what_it_would_have_said(home: Home) -> None:
    """Before there were subscriptions all was usage."""
    with duckdb.connect(str(home.warehouse)) as con:
        for column in ("kind", "days", "of_days"):
            con.execute(f"alter table marts.rated_usage drop column {column}")
    assert build(home).days == []
    assert _ask(home, "select usage_id, kind, days, of_days from marts.rated_usage") == [("u1", "usage", 1, 1)]


def test_what_another_release_published_is_refused_in_a_line_and_stops_no_schedule(home: Home) -> None:
    assert statuses(home)[_DAY] == "closed"
    with duckdb.connect(str(home.serving)) as con:
        con.execute("drop view ops.waivers; drop view marts.days")
    with pytest.raises(
        Refused, match=r"published by another release .*; run: tollbook build, which publishes"
    ) as refused:
        waivers(home)
    assert "\n" not in str(refused.value)
    assert statuses(home) == {}
    build(home)
    assert waivers(home) == []
    assert statuses(home)[_DAY] == "closed"


def test_a_day_published_without_a_column_is_published_anew(home: Home) -> None:
    build(home)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("alter table marts.rated_usage add column gained INTEGER default 7")
    publish_now(home)
    with serving(home) as con:
        assert con.execute("select usage_id, gained from marts.rated_usage").fetchall() == [("u1", 7)]


def test_a_warehouse_that_the_journal_is_ahead_of_is_not_upgraded(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("drop table ops.release; delete from ops.journal where n > 1")
    before = home.journal.read_text()
    with writer(home, "test") as held, pytest.raises(Refused, match="older copy"), held.connect():
        pass
    assert home.journal.read_text() == before
    assert _ask(home, "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'release'") == []
