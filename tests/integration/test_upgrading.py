"""A deployment of an earlier release: its warehouse is brought to this one's models by the next build."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.engine import models
from orchestration.operations.day.build import build
from orchestration.operations.day.land import land
from orchestration.store.warehouse import RULES, Home, writer
from tests.support.company import write_calls, write_company

_MADE = (
    "select table_schema, table_name from information_schema.tables "
    "where table_schema in ('staging', 'rating', 'books', 'marts') order by all"
)


def test_what_lay_in_ops_is_in_run_and_an_interrupted_build_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T12:00:00")
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    land(
        home,
        [write_calls(tmp_path / "calls.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])],
        kind="cdrs",
        source="sw1",
    )
    build(home)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("drop table ops.release; drop schema run cascade")
        con.execute("create table ops.clock (now TIMESTAMP not null, rules INTEGER)")
        con.execute("insert into ops.clock values (timestamp '2026-05-04 11:00:00', 2)")
        con.execute(
            "create table ops.build_days (day DATE primary key); insert into ops.build_days values ('2026-05-04')"
        )
        con.execute("create table ops.check_days (day DATE primary key)")
    with writer(home, "test") as held, held.connect() as con:
        # an earlier release's view reads what this one writes
        assert con.execute("select day from ops.build_days").fetchall() == [(date(2026, 5, 4),)]
        assert con.execute("select now, rules from run.clock").fetchall() == [(datetime(2026, 5, 4, 12), RULES)]
        con.execute("update ops.project set version = 'of an earlier release'")
    assert build(home).days == [date(2026, 5, 4)]
    with duckdb.connect(str(home.warehouse)) as con:
        left = "select table_name from information_schema.tables where table_schema = 'ops' and table_type = 'VIEW'"
        assert con.execute(left).fetchall() == []


def _written(text: str) -> list[str]:
    """What a view's statement is written with: DuckDB writes the columns that `exclude` names in no order."""
    return sorted(re.findall(r"\w+|[^\w\s]", text))


def test_an_upgrade_makes_the_models_that_dbt_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T12:00:00")
    # a list of values is wrapped once more each time that its statement is written
    views = (
        "select schema_name, view_name, sql from duckdb_views() "
        "where not internal and not contains(sql, 'valueslist') order by all"
    )
    columns = (
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_schema in ('staging', 'rating', 'books', 'marts') order by all"
    )
    made = []
    for by in ("dbt", "taken"):
        home = Home(tmp_path / by, write_company(tmp_path / f"seeds-{by}"))
        build(home)
        with duckdb.connect(str(home.warehouse)) as con:
            con.execute("update ops.project set version = 'of an earlier release'")
            # a view that was a table, and the other way round
            con.execute("drop view marts.days; create table marts.days as select 1 as nothing")
            con.execute("drop table rating.rate_terms; create view rating.rate_terms as select 1 as nothing")
        with monkeypatch.context() as patch:
            if by == "dbt":
                patch.setattr(models, "take", lambda *_: False)
            build(home)
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            texts = [(*name, _written(text)) for *name, text in con.execute(views).fetchall()]
            made.append((texts, con.execute(columns).fetchall()))
    assert len(made[0][0]) > 100
    assert made[0] == made[1]
