"""Random companies and traffic, rated by the SQL and by the independent reference: equal to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from orchestration.audit.company import AcceptedDeck, Company
from orchestration.audit.rater import RatedAttempt, rate
from orchestration.operations.day.audit import compare
from orchestration.operations.day.build import build
from orchestration.operations.day.land import land
from orchestration.operations.upkeep.rate_decks import DeckOptions
from orchestration.operations.upkeep.rates import accept
from orchestration.store.warehouse import Home, environment
from tests.support.generators import DECK_COLUMNS, RandomDeck, random_company, random_deck, random_traffic, read_cdrs

pytestmark = pytest.mark.usefixtures("unpublished")
CALLS = 1_200
# nights on which clocks change: Europe, North America, Australia; the end of a month and quarter
STARTS = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 3, 7),
    date(2026, 11, 1),
    date(2026, 4, 4),
    date(2026, 6, 30),
]


@pytest.fixture(scope="module", autouse=True)
def _clock() -> Iterator[None]:
    """When the calls are a few days or months old."""
    with environment(TOLLBOOK_NOW="2026-11-05T12:00:00"):
        yield


@pytest.mark.parametrize("seed", range(len(STARTS)))
def test_sql_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    """With all there is: split bands, origins, jurisdictions, allowances, national numbers, ends; in two landings."""
    home = Home(tmp_path / "home", tmp_path / "seeds")
    random_company(
        seed, home.seeds, split=True, origin=True, profiles=True, national=True, ended=True, start=STARTS[seed]
    )
    traffic = random_traffic(seed, CALLS, home.seeds, STARTS[seed])

    rejected = landed = 0
    for part in _dealt(traffic, tmp_path, seed):
        result = land(home, [part], kind="cdrs", source="sw1")[0]
        landed += result.landed
        rejected += result.rejected + result.duplicates
        build(home)

    company = Company.load(home.seeds)
    stored = _stored(home)
    assert len(stored) == landed
    assert landed > CALLS * 0.9 - rejected
    _assert_equal(home, stored, rate(company, read_cdrs(traffic, company, "sw1")))
    statuses = {row["sell_status"] for row in stored.values()} | {row["buy_status"] for row in stored.values()}
    assert statuses == {"rated", "unrated", "none"}


@pytest.mark.parametrize("seed", range(2))
def test_sql_agrees_with_the_reference_on_decks(seed: int, tmp_path: Path) -> None:
    """Full and partial decks accepted after the calls were rated: they are rated again, as the reference says."""
    home = Home(tmp_path / "home", tmp_path / "seeds")
    random_company(seed, home.seeds, split=True, origin=True, national=seed == 1, start=STARTS[seed])
    decks = random_deck(seed, home.seeds, STARTS[seed])
    traffic = random_traffic(seed, CALLS, home.seeds, STARTS[seed], decks=[d.deck for d in decks])
    land(home, [traffic], kind="cdrs", source="sw1")
    build(home)
    before = _stored(home)

    accepted = []
    for number, deck in enumerate(decks):
        for table, part in _parts(deck):
            path = tmp_path / f"{number}-{table}.csv"
            path.write_text("\n".join([",".join(DECK_COLUMNS), *(",".join(_cells(row)) for row in part.rows)]) + "\n")
            full = {"effective": part.replaces[table].isoformat(), "replaces": "full"} if part.replaces else {}
            assert accept(home, path, DeckOptions(source="carr0", **full))[0].status == "accepted"
            accepted.append(part)
    build(home)

    company = Company.load(home.seeds, decks=accepted)
    stored = _stored(home)
    _assert_equal(home, stored, rate(company, read_cdrs(traffic, company, "sw1")))
    assert stored != before


def _parts(deck: RandomDeck) -> list[tuple[str, AcceptedDeck]]:
    """A deck that is full for some tables: one for each of them, and a partial one for the rest."""
    full = [
        (table, AcceptedDeck([row for row in deck.rows if row["rate_table_id"] == table], {table: effective}))
        for table, effective in deck.deck.replaces.items()
    ]
    rest = [row for row in deck.rows if row["rate_table_id"] not in deck.deck.replaces]
    return [*full, *([("others", AcceptedDeck(rest))] if rest else [])]


def _cells(row: dict[str, str]) -> list[str]:
    return [row.get(column, "") for column in DECK_COLUMNS]


def _stored(home: Home) -> dict[tuple[str, int], dict[str, Any]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        con.execute("select * from marts.rated_calls")
        names = [column[0] for column in con.description or []]
        rows = [dict(zip(names, values, strict=True)) for values in con.fetchall()]
    return {(row["call_id"], row["attempt"]): row for row in rows}


def _assert_equal(home: Home, stored: dict[tuple[str, int], dict[str, Any]], reference: list[RatedAttempt]) -> None:
    """Every stored leg, and what each call took of which profile, as the reference says."""
    differences = [
        line
        for rated in reference
        if (row := stored.get((rated.call_id, rated.attempt)))
        for line in compare(rated, row)
    ]
    assert not differences, "\n".join(differences[:20])
    with duckdb.connect(str(home.serving), read_only=True) as con:
        con.execute(
            "select call_id, attempt, profile_id, period, covered_s, covered_amount from marts.profile_consumption"
        )
        consumed = {row[:4]: row[4:] for row in con.fetchall()}
    assert consumed == {
        (rated.call_id, rated.attempt, cover.profile_id, cover.period): (cover.seconds, cover.amount)
        for rated in reference
        for cover in rated.covers
    }


def _dealt(traffic: Path, folder: Path, seed: int) -> list[Path]:
    """The file's rows dealt out at random to two files: what lands second comes before and after what was built."""
    header, *rows = traffic.read_text().splitlines(keepends=True)
    random = Random(f"dealt {seed}")
    parts: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        random.choice(parts).append(row)
    paths = [folder / "first.csv", folder / "second.csv"]
    for path, part in zip(paths, parts, strict=True):
        path.write_text(header + "".join(part))
    return paths
