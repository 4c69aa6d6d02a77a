"""The steps of every leg add up to its amount to the last digit, on random companies and traffic of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.engine.rating_sql import blank, rate
from orchestration.operations.day.land import land
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Home, environment
from tests.support.generators import random_company, random_traffic

START = date(2026, 3, 28)


@pytest.fixture(scope="module", autouse=True)
def _clock() -> Iterator[None]:
    """When the calls are a few days or months old."""
    with environment(TOLLBOOK_NOW="2026-04-02T12:00:00"):
        yield


@pytest.fixture(scope="module", params=[11, 12, 13])
def rated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    root = tmp_path_factory.mktemp("explained")
    home = Home(root / "home", root / "seeds")
    random_company(request.param, home.seeds, start=START)
    land(home, [random_traffic(request.param, 1_500, home.seeds, START)], kind="cdrs", source="sw1")
    return engine(home, "warehouse.duckdb")


def engine(home: Home, warehouse: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    blank(con, home.seeds)
    con.execute(f"attach '{home.root / warehouse}' as landed_before (read_only)")
    con.execute("insert into landed.cdrs by name select * from landed_before.landed.cdrs")
    rate(con, explained="true")
    return con


def test_steps_add_up_to_the_amount(rated: duckdb.DuckDBPyConnection) -> None:
    differing = dict_rows(
        rated,
        """
        with legs as (
            select source, call_id, attempt, 'sell' as side, sell_amount as amount from rating.rated_calls
            union all
            select source, call_id, attempt, 'buy' as side, buy_amount as amount from rating.rated_calls
        )
        select l.call_id, l.attempt, l.side, any_value(l.amount) as amount, sum(s.amount) as steps
        from legs as l
        left join rating.leg_steps as s
            on l.source = s.source and l.call_id = s.call_id and l.attempt = s.attempt and l.side = s.side
        group by all
        having any_value(l.amount) is distinct from sum(s.amount) or count(s.text) = 0 or count(*) <> count(s.text)
        """,
    )
    assert not differing[:5]


def test_rounding_is_less_than_a_unit_of_the_last_decimal(rated: duckdb.DuckDBPyConnection) -> None:
    # what parts leave to the rounding cannot be more, or a part is missing
    far = dict_rows(
        rated,
        """
        select s.*, t.amount_unit
        from rating.leg_steps as s
        inner join rating.explained_legs as l
            on s.source = l.source and s.call_id = l.call_id and s.attempt = l.attempt and s.side = l.side
        inner join rating.rate_table_terms as t on l.rate_table_id = t.rate_table_id
        where s.what = 'rounding'
            and abs(s.amount) > t.amount_unit * 0.00000001 + 0.00000004
        """,
    )
    assert not far[:5]


def test_every_kind_of_leg_is_among_them(rated: duckdb.DuckDBPyConnection) -> None:
    kinds = {
        row["kind"]
        for row in dict_rows(rated, "select distinct kind from rating.explained_legs where status = 'rated'")
    }
    assert len(kinds & {"per_minute", "block", "given", "markup"}) >= 3
    told = {row["what"] for row in dict_rows(rated, "select distinct what from rating.leg_steps")}
    assert {"leg", "trunk", "table", "number", "rate", "reason", "seconds", "charge", "rounding", "bound"} <= told
    assert dict_rows(rated, "select 1 from rating.leg_steps where text is null") == []


def one_call(tmp_path: Path, at: str, seconds: str, **files: str) -> duckdb.DuckDBPyConnection:
    """A connection with a company of one customer, whose table is `retail`, and its call to +44 20."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name, text in {
        "company": "name,reporting_currency\nHand Made,USD\n",
        "accounts": "account_id,name,kind,currency\nacme,Acme,customer,USD\n",
        "trunks": "trunk_id,direction,account_id\nin-a,ingress,acme\n",
        "rate_assignments": "account_id,side,rate_table_id\nacme,sell,retail\n",
        **files,
    }.items():
        (seeds / f"{name}.csv").write_text(text)
    con = duckdb.connect()
    blank(con, seeds)
    con.execute(
        """
        insert into landed.cdrs by name
        select $at::DATE as day, 'sw1' as source, 'c' as call_id, 1 as attempt,
            $at::TIMESTAMP as charged_at, $at::TIMESTAMP as started_at,
            $seconds::DECIMAL(12, 3) as duration_s, '+44 20' as called_number, 'in-a' as ingress_trunk,
            '' as file_id, 1 as file_sequence
        """,
        {"at": at, "seconds": seconds},
    )
    return con


def sold(con: duckdb.DuckDBPyConnection) -> list[tuple[str, Decimal | None]]:
    rate(con, explained="side = 'sell'")
    return [
        (row["text"], row["amount"])
        for row in dict_rows(con, "select text, amount from rating.leg_steps order by step")
    ]


def test_worked_example_of_9_1_seconds(tmp_path: Path) -> None:
    """9.1 s at 0.005 a minute, increments 1/0, 4 decimals: 0.00075833 is charged as 0.0008."""
    con = one_call(
        tmp_path,
        "2026-03-28 10:00:00",
        "9.1",
        rate_tables="rate_table_id,kind,currency,initial_s,increment_s\nretail,per_minute,USD,1,0\n",
        rates="rate_table_id,prefix,rate_per_minute\nretail,44,0.005\n",
    )
    assert sold(con) == [
        ("ingress trunk in-a is acme's at 2026-03-28 10:00:00", None),
        ("rate table retail of acme, per minute, in USD", None),
        ("called number +44 20, cleaned 4420", None),
        ("prefix 44, rates.csv line 2", None),
        ("9.1 s; first 1 s, then as it is: 9.1 s billed", None),
        ("9.1 s at 0.0050 a minute", Decimal("0.00075833")),
        ("rounded half up to 4 decimals: 0.0008", Decimal("0.00004167")),
    ]
    # rated again, with another length only
    con.execute("update landed.cdrs set duration_s = 12")
    rate(con, again=True)
    assert dict_rows(con, "select sell_amount from rating.rated_calls") == [{"sell_amount": Decimal("0.00100000")}]


def test_a_call_across_a_band_edge_with_an_allowance(tmp_path: Path) -> None:
    """100 s from 30 s before the edge: 10 s are covered, 20 s cost 0.06 a minute, 70 s 0.03 and the least is 0.1."""
    con = one_call(
        tmp_path,
        "2026-03-27 17:59:30",
        "100",
        rate_tables=(
            "rate_table_id,kind,currency,initial_s,increment_s,timetable_id,band_policy,min_charge\n"
            "retail,per_minute,USD,1,1,week,split,0.1\n"
        ),
        timetables="timetable_id,priority,band,days,starts_at,ends_at\nweek,1,peak,mon-fri,08:00,18:00\n",
        rates="rate_table_id,prefix,band,rate_per_minute\nretail,44,peak,0.06\nretail,44,,0.03\n",
        consumption_profiles="profile_id,account_id,rule,allowance,period\nminutes,acme,duration,10,day\n",
    )
    assert sold(con)[4:] == [
        ("100 s; first 1 s, then blocks of 1 s: 100 s billed", None),
        ("covered are 10 s by minutes", None),
        ("20 s in band peak at 0.0600 a minute, rates.csv line 2", Decimal("0.02")),
        ("70 s outside of the bands at 0.0300 a minute, rates.csv line 3", Decimal("0.035")),
        ("rounded half up to 4 decimals: 0.0550", Decimal(0)),
        ("at least 0.1000", Decimal("0.045")),
    ]
