"""What is made by the day: which models are, and what becomes of them when a release changes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.engine import daily, dbt
from orchestration.engine.daily import Daily
from orchestration.store.upgrade import schema_sql

SALES = Daily("marts.sales", "sales", "rows", "", {"day": "DATE", "calls": "BIGINT"}, "true", False, False, {})


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(schema_sql())
        yield con


def test_a_build_makes_every_model_that_is_no_view() -> None:
    nodes = json.loads(dbt.manifest_json().read_text())["nodes"].values()
    stored = {
        f"{node['schema']}.{node['name']}"
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["materialized"] != "view"
    }
    assert stored == {model.name for model in daily.daily()}


@pytest.mark.parametrize("kept", ["rows", "files"])
def test_a_view_gives_way_to_what_is_kept_by_the_day(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(daily, "daily", lambda: (replace(SALES, kept=kept),))
    con.execute("create view marts.sales as select date '2026-05-04' as day, 5 as calls")
    for _ in range(2):
        daily.prepare(con, tmp_path)
        assert con.execute("from marts.sales").fetchall() == []
    described = con.execute("describe marts.sales").fetchall()
    assert {name: kind for name, kind, *_ in described} == SALES.columns


def test_what_is_new_beside_closed_days_is_told_once(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, filed = replace(SALES, name="marts.there"), replace(SALES, name="marts.filed", kept="files")
    monkeypatch.setattr(daily, "daily", lambda: (there,))
    assert daily.prepare(con, tmp_path) == []  # no day has closed
    con.execute(
        "insert into ops.closings by name select date '2026-05-04' as day, 1 as ordinal, now() as closed_at, "
        "'anna' as operator, 'c' as config, 0 as file_sequence, 0 as deck, 1 as rules"
    )
    monkeypatch.setattr(daily, "daily", lambda: (SALES, filed, there))
    assert daily.prepare(con, tmp_path) == ["marts.sales", "marts.filed"]
    assert daily.prepare(con, tmp_path) == []


def test_stored_days_stay_and_have_the_columns_that_were_gained(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "daily", lambda: (SALES,))
    con.execute("create table marts.sales as select date '2026-05-04' as day")
    daily.prepare(con, tmp_path)
    assert con.execute("select day::VARCHAR, calls from marts.sales").fetchall() == [("2026-05-04", None)]


def test_stored_days_go_along_from_a_table_to_files_and_back(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute("create table marts.sales as select date '2026-05-04' as day, 5::BIGINT as calls")
    for kept, files in (("files", 1), ("rows", 0), ("files", 1)):
        monkeypatch.setattr(daily, "daily", lambda kept=kept: (replace(SALES, kept=kept),))
        daily.prepare(con, tmp_path)
        assert con.execute("select day::VARCHAR, calls from marts.sales").fetchall() == [("2026-05-04", 5)], kept
        assert con.execute("select count(*) from ops.stored_files").fetchall() == [(files,)]


def test_a_view_that_takes_the_place_of_stored_days_is_told(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "relations", lambda: {("marts", name) for name in ("sales", "days", "filed", "always")})
    monkeypatch.setattr(daily, "daily", lambda: (SALES,))
    for table in ("sales", "days", "of_no_model"):
        con.execute(f"create table marts.{table} (day DATE)")
    con.execute("create view marts.always as select 1 as nothing")
    con.execute(
        "insert into ops.stored_files (table_name, day, path, sealed)"
        " values ('marts.filed', '2026-05-04', 'a.parquet', true)"
    )
    assert daily.given_up(con) == ["marts.days", "marts.filed"]
