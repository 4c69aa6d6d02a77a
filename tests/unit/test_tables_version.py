"""Whoever changes a table that deployments have says so: a warehouse is brought to it once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from orchestration.store import upgrade
from orchestration.store.warehouse import Home, Refused, writer
from tests.support.company import write_company

# the tables' SQL by version: a change of it is a new version, with what it does to deployments that there are
_SQL = {1: "f310bc7e91020a7f", 2: "a60375580f178cb3", 3: "41c9d4c31345afbd", 4: "4d5523e520a29f07"}


def test_a_change_of_the_tables_is_a_new_version() -> None:
    digest = hashlib.sha256(upgrade.schema_sql().encode()).hexdigest()[:16]
    assert _SQL.get(upgrade.TABLES) == digest, f"raise TABLES in {upgrade.__file__} and write {digest} here"
    assert max(_SQL) == upgrade.TABLES


def test_a_newer_release_s_warehouse_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    with writer(home, "test") as held, held.connect() as con:
        con.execute("update ops.release set tables = tables + 1")
    before = home.warehouse.read_bytes()
    with writer(home, "test") as held, pytest.raises(Refused, match="newer release") as refused, held.connect():
        pass
    assert "\n" not in str(refused.value)
    assert home.warehouse.read_bytes() == before


def test_an_older_one_is_kept_and_changed_whole_with_a_line_of_the_journal(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    with writer(home, "test") as held, held.connect() as con:
        con.execute("drop table ops.release; alter table ops.waivers drop column ended_at")
    with writer(home, "test") as held, held.connect() as con:
        assert con.execute("select tables from ops.release").fetchall() == [(upgrade.TABLES,)]
        assert con.execute("select ended_at from ops.waivers").fetchall() == []
        assert con.execute("select n, action from ops.journal").fetchall() == [(1, "upgrade")]
    with writer(home, "test") as held, held.connect() as con:  # once
        assert con.execute("select count(*) from ops.journal").fetchall() == [(1,)]
    with duckdb.connect(str(home.root / "warehouse.tables-0.duckdb"), read_only=True) as kept:
        assert upgrade.version(kept) == 0
    assert '"action": "upgrade"' in home.journal.read_text()


def test_an_upgrade_that_fails_leaves_the_warehouse_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    with writer(home, "test") as held, held.connect() as con:
        con.execute("drop table ops.release; alter table ops.waivers drop column ended_at")
    sql = upgrade.schema_sql()
    monkeypatch.setattr(upgrade, "schema_sql", lambda: sql + "; select * from nothing")
    with writer(home, "test") as held, pytest.raises(duckdb.CatalogException), held.connect():
        pass
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert upgrade.version(con) == 0
        assert "ended_at" not in {name for name, *_ in con.execute("describe ops.waivers").fetchall()}
    assert not home.journal.exists()
