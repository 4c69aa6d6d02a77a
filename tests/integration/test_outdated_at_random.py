"""Random changes of a random company: a closed day that would be rated otherwise from scratch is outdated."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from orchestration.operations.day.build import build
from orchestration.operations.day.close import close_again
from orchestration.operations.day.land import land
from orchestration.store.warehouse import Home, Refused, writer
from tests.support.generators import random_company, random_traffic
from tests.support.unpublished import served_as_it_is

pytestmark = pytest.mark.usefixtures("unpublished")
START = date(2026, 3, 28)
# Changes that change something.
CHANGES = 2
_FILES = ("rates", "rates", "trunks", "rate_assignments", "rate_tables", "timetables", "holidays", "fx_rates")
_NUMBERS = ("rate_per_minute", "connect_charge", "increment_charge", "markup_pct", "rate")
_OTHERS = {
    "trunks": "account_id", "rate_assignments": "rate_table_id", "timetables": "starts_at",
    "rate_tables": "increment_s",
}  # fmt: skip


def test_no_day_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With split bands, origins and jurisdictions; days are closed as they are, unrated legs and all."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-04-03T00:05:00")
    home, scratch = Home(tmp_path / "home", tmp_path / "seeds"), Home(tmp_path / "scratch", tmp_path / "seeds")
    random_company(3, home.seeds, split=True, origin=True, start=START)
    calls = random_traffic(3, 1_200, home.seeds, START)
    land(home, [calls], kind="cdrs", source="sw1")
    days = build(home).days
    with writer(home, "close") as held:
        for day in days:
            close_again(held, day)
        served_as_it_is(held)
    stored, company = _legs(home), tmp_path / "company"
    shutil.copytree(home.seeds, company)

    random, mattered = Random(3), 0
    while mattered < CHANGES:
        shutil.rmtree(home.seeds)
        shutil.copytree(company, home.seeds)
        change = _change(random, home.seeds)
        try:
            build(home)
        except Refused:  # not every change makes a good configuration
            continue
        shutil.rmtree(scratch.root, ignore_errors=True)
        land(scratch, [calls], kind="cdrs", source="sw1")
        build(scratch)
        differing = {day for day, *_ in stored ^ _legs(scratch)}
        assert differing <= _outdated(home), change
        mattered += bool(differing)


def _change(random: Random, seeds: Path) -> str:
    """Change one row of a file (a price, its validity, whose it is), give it a longer prefix beside it, or drop it."""
    path = seeds / f"{random.choice(_FILES)}.csv"
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or []), list(reader)
    row = random.choice(rows)
    before = dict(row)
    numbers = [name for name in _NUMBERS if row.get(name)]
    how = random.choice(["number", "validity", "other", "gone", "longer"])
    if how == "longer" and "prefix" in row:
        rows.append(row | {"prefix": row["prefix"] + str(random.randrange(10))})
    elif how == "gone" and path.stem in ("rates", "holidays", "timetables"):
        rows.remove(row)
    elif how == "validity" and "valid_from" in row and path.stem != "fx_rates":
        row["valid_from"] = f"2026-03-{random.randrange(27, 31)}T{random.randrange(24):02}:00:00"
    elif how == "number" and numbers:
        name = random.choice(numbers)
        row[name] = str(Decimal(row[name]) * 2)
    elif how == "other":
        name = _OTHERS.get(path.stem, columns[0])
        row[name] = random.choice(rows)[name]
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return f"{path.name} {how}: {before} -> {row}"


def _legs(home: Home) -> set[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return set(con.execute("select day, * exclude (day, file_sequence) from marts.rated_calls").fetchall())


def _outdated(home: Home) -> set[date]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return {day for (day,) in con.execute("select day from marts.days where status = 'outdated'").fetchall()}
