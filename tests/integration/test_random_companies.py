"""Random companies and traffic, rated by the SQL and by the independent reference: equal to the last digit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.company import Company
from orchestration.audit.rater import rate
from orchestration.operations.audit import compare
from orchestration.operations.build import build
from orchestration.operations.land import land
from orchestration.warehouse import Home
from tests.generators import random_company, random_traffic, read_cdrs

CALLS = 1_500
# nights on which clocks change: Europe, North America, Australia; and an ordinary day
STARTS = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 3, 7),
    date(2026, 11, 1),
    date(2026, 4, 4),
    date(2026, 6, 9),
]


@pytest.mark.parametrize("seed", range(len(STARTS)))
def test_sql_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    home = Home(tmp_path / "home", tmp_path / "seeds")
    random_company(seed, home.seeds, start=STARTS[seed])
    traffic = random_traffic(seed, CALLS, home.seeds, STARTS[seed])

    landed = land(home, [traffic], kind="cdrs", source="sw1")[0]
    build(home)

    company = Company.load(home.seeds)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        con.execute("select * from marts.rated_calls")
        names = [column[0] for column in con.description or []]
        stored = {
            (row["call_id"], row["attempt"]): row
            for row in (dict(zip(names, values, strict=True)) for values in con.fetchall())
        }
    rejected = landed.rejected + landed.duplicates
    reference = rate(company, read_cdrs(traffic, company, "sw1"))
    assert len(stored) == landed.landed
    assert landed.landed > CALLS * 0.9 - rejected
    differences = [
        line
        for rated in reference
        if (row := stored.get((rated.call_id, rated.attempt)))
        for line in compare(rated, row)
    ]
    assert not differences, "\n".join(differences[:20])
    statuses = {row["sell_status"] for row in stored.values()} | {row["buy_status"] for row in stored.values()}
    assert statuses == {"rated", "unrated", "none"}
