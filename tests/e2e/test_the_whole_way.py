"""A company's days through the real commands, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.deployment import Deployment


@pytest.fixture(scope="module")
def whole_way(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """4 May 2026 landed, built and closed at 09:00 on the 6th; the 5th has ended."""
    it = Deployment(tmp_path_factory.mktemp("whole"), own_process=True)
    inbox = it.home / "inbox"
    write_calls(
        inbox / "cdrs" / "sw1" / "one.csv",
        [
            ("c1", "2026-05-04T10:00:00", "61", "in-a"),  # sell 2 min 0.12, buy 61/60 * 0.03 = 0.0305
            ("c2", "2026-05-04T10:01:00", "0", "in-a"),
            ("c3", "2026-05-04T11:00:00", "30", "in-b"),  # sell 0.06 USD = 0.03 EUR, buy 0.015
            ("c4", "2026-05-05T11:00:00", "60", "in-a"),  # sell 0.06, buy 0.03
        ],
    )
    write_text(
        inbox / "usage" / "smsc" / "messages.csv",
        "usage_id,occurred_at,account_id,service,quantity",
        "m1,2026-05-04T12:00:00,acme,message,3",  # 0.03
    )
    write_text(
        inbox / "payments" / "bank" / "paid.csv",
        "payment_id,paid_at,account_id,amount,currency,method",
        "p1,2026-05-04T08:00:00,acme,5,USD,card",
    )
    it.run("land")
    it.run("build")
    it.run("close")
    return it


def test_each_leg_costs_what_it_should(whole_way: Deployment) -> None:
    legs = whole_way.query(
        """
        select call_id, sell_billed_s, sell_amount, sell_account_amount, buy_billed_s, buy_amount, margin
        from marts.rated_calls order by call_id
        """
    )
    d = Decimal
    assert legs == [
        ("c1", d(120), d("0.12"), d("0.12"), d(61), d("0.0305"), d("0.0895")),
        ("c2", d(0), d(0), d(0), d(0), d(0), d(0)),
        ("c3", d(60), d("0.06"), d("0.03"), d(30), d("0.015"), d("0.045")),
        ("c4", d(60), d("0.06"), d("0.06"), d(60), d("0.03"), d("0.03")),
    ]


def test_the_closed_day_is_posted_and_the_open_one_accrued(whole_way: Deployment) -> None:
    assert whole_way.statuses()["2026-05-04"] == "closed"
    assert whole_way.statuses()["2026-05-05"] == "ready"
    entries = whole_way.query(
        """
        select account_id, day::VARCHAR, booked_on::VARCHAR, kind, service, amount, currency
        from marts.ledger_entries order by account_id, kind
        """
    )
    d = Decimal
    assert entries == [
        ("acme", "2026-05-04", "2026-05-04", "calls", None, d("-0.12"), "USD"),
        ("acme", "2026-05-04", "2026-05-04", "payment", None, d(5), "USD"),
        ("acme", "2026-05-04", "2026-05-04", "usage", "message", d("-0.03"), "USD"),
        ("bolt", "2026-05-04", "2026-05-04", "calls", None, d("-0.03"), "EUR"),
        ("carrier", "2026-05-04", "2026-05-04", "calls", None, d("0.0455"), "USD"),
    ]
    acme = whole_way.json("balance", "acme")
    assert Decimal(acme["balance"]) == Decimal("4.79")  # 5 - 0.12 - 0.03 - 0.06
    assert Decimal(acme["accrued_unposted"]) == Decimal("-0.06")
    assert acme["status"] == "ok"


def test_breakouts_show_billed_beside_raw_and_naive(whole_way: Deployment) -> None:
    rows = whole_way.query(
        """
        select customer_id, calls, attempts, connected, asr, acd_s, duration_s, sell_billed_s, revenue, naive_revenue
        from marts.breakout_daily where day = '2026-05-04' order by customer_id
        """
    )
    d = Decimal
    assert rows == [
        ("acme", 2, 2, 1, d("0.5"), d(61), d(61), d(120), d("0.12"), d("0.061")),
        ("bolt", 1, 1, 1, d(1), d(30), d(30), d(60), d("0.06"), d("0.03")),
    ]


def test_a_day_closes_24_hours_after_its_end_and_once(whole_way: Deployment) -> None:
    early = whole_way.run("close", "--day", "2026-05-05", fails=True)
    assert early.stderr == "2026-05-05 cannot be closed before 2026-05-07T00:00:00 UTC, 24 hours after its end\n"
    again = whole_way.run("close", "--day", "2026-05-04", fails=True)
    assert again.stderr.startswith("2026-05-04 is closed already")


def test_files_that_wait_are_said_where_days_close_and_invoices_are_made(whole_way: Deployment) -> None:
    first, more = "cdrs/sw1/late.csv", ("cdrs/sw1/.x.csv", "cdrs/sw1/x.part", "rates/carrier/a.csv", "usage/smsc/b.csv")
    write_text(whole_way.home / "inbox" / first, "x")
    right = "what it has is not in this; to take it in: tollbook land\n"
    for command in (["close"], ["invoice", "acme", "2026-05", "--draft"], ["invoice-run", "--json"]):
        assert whole_way.run(*command).stderr == f"1 file waits in the inbox ({first}): {right}"
    for name in more:
        write_text(whole_way.home / "inbox" / name, "x")
    said = whole_way.run("close", "--day", "2026-05-04", fails=True).stderr
    assert said.startswith(f"2 files wait in the inbox, the first is {first}: what they have is not in this; to take")
    for name in (first, *more):
        (whole_way.home / "inbox" / name).unlink()


def test_late_rows_add_and_post_the_difference(tmp_path: Path) -> None:
    it = Deployment(tmp_path)
    first = write_calls(tmp_path / "first.csv", [("c1", "2026-05-04T10:00:00", "61", "in-a")])
    it.run("land", str(first), "--kind", "cdrs", "--source", "sw1")
    it.run("close")
    stored = it.query("select * from marts.rated_calls order by all")
    posted = it.query("select * from marts.ledger_entries order by all")

    # the price doubles afterwards and two calls come late, one of them on another trunk
    it.now = "2026-05-09T12:00:00"
    write_company(it.seeds, rates=SEEDS["rates"].replace(",0.06", ",0.12"))
    late = write_calls(
        tmp_path / "late.csv",
        [("c7", "2026-05-04T23:59:59", "10", "in-a"), ("c8", "2026-05-04T01:00:00", "0", "in-b")],
    )
    it.run("land", str(late), "--kind", "cdrs", "--source", "sw1")
    it.run("build")
    assert it.statuses()["2026-05-04"] == "stale"
    it.run("close")

    # closed again, and what its first legs were rated from is still different
    assert it.statuses()["2026-05-04"] == "outdated"
    now_stored = it.query("select * from marts.rated_calls order by all")
    assert set(stored) <= set(now_stored), "a stored leg of a closed day changed"
    late_legs = it.query("select sell_amount from marts.rated_calls where call_id in ('c7', 'c8') order by call_id")
    assert late_legs == [(Decimal("0.12"),), (Decimal(0),)], "late calls take today's price"
    now_posted = it.query("select * from marts.ledger_entries order by all")
    assert set(posted) <= set(now_posted), "an entry changed"
    added = it.query(
        """
        select e.account_id, e.kind, e.amount, e.booked_on::VARCHAR, f.name
        from marts.ledger_entries as e inner join ops.files as f on e.reference = f.file_id
        order by e.account_id
        """
    )
    assert added == [
        ("acme", "adjustment", Decimal("-0.12"), "2026-05-09", "late.csv"),
        ("carrier", "adjustment", Decimal("0.005"), "2026-05-09", "late.csv"),
    ]


def test_a_price_change_makes_closed_days_outdated_and_changes_nothing(tmp_path: Path) -> None:
    it = Deployment(tmp_path)
    calls = [("c1", "2026-05-03T10:00:00", "61", "in-a"), ("c2", "2026-05-04T10:00:00", "61", "in-a")]
    it.run("land", str(write_calls(tmp_path / "c.csv", calls)), "--kind", "cdrs", "--source", "sw1")
    it.run("close")
    before = it.query("select * from marts.rated_calls order by all")
    # the old price ends, a new one begins on the 4th: the 3rd is as it was
    write_company(
        it.seeds,
        rates=SEEDS["rates"] + "retail,44,United Kingdom,,2026-05-04T00:00:00,0.50\n",
    )
    it.run("build")
    statuses = it.statuses()
    assert (statuses["2026-05-03"], statuses["2026-05-04"]) == ("closed", "outdated")
    it.run("build", "--from", "2026-05-03", "--to", "2026-05-04")
    assert it.query("select * from marts.rated_calls order by all") == before


def test_the_same_files_in_another_order_or_twice_give_the_same_ids(tmp_path: Path) -> None:
    days = [f"2026-05-0{day}" for day in (1, 2, 3)]
    ids = []
    for turn, order in enumerate(([0, 1, 2], [2, 0, 1, 2, 0])):
        it = Deployment(tmp_path / str(turn))
        files = [
            write_calls(
                tmp_path / str(turn) / f"{n}.csv",
                [(f"c{n}{day}", f"{day}T0{n}:30:00", f"{7 * n + 5}.25", "in-a" if n else "in-b") for day in days],
            )
            for n in range(3)
        ]
        for n in order:
            it.run("land", str(files[n]), "--kind", "cdrs", "--source", "sw1")
        it.run("close")
        ids.append(it.query("select entry_id, amount from marts.ledger_entries order by all"))
    assert ids[0] == ids[1]
    assert len(ids[0]) == 9  # three days of acme, bolt and the carrier


def test_what_cannot_be_rated_holds_its_day_until_it_is_waived(tmp_path: Path) -> None:
    it = Deployment(tmp_path)
    good = write_calls(tmp_path / "c.csv", [("c1", "2026-05-04T10:00:00", "61", "in-x")])
    bad = write_text(
        tmp_path / "bad.csv",
        "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk",
        "b1,2026-05-04T10:00:00,447700900123,-3,in-a,out",
    )
    it.run("land", str(good), str(bad), "--kind", "cdrs", "--source", "sw1")
    failed = it.run("close", "--day", "2026-05-04", fails=True)
    assert "sell leg of call c1 (nobody's trunk in-x, to 447700900123, 61.000 s) has no price" in failed.stdout
    assert "line 2 of bad.csv (cdrs from sw1) was rejected (bad_duration" in failed.stdout
    assert it.statuses()["2026-05-04"] == "failed"
    file_id = it.query("select file_id from ops.rejected_rows")[0][0]
    assert it.run("rejected", "--by-file").stdout.splitlines()[1].split()[:7] == [
        "2026-05-04", "cdrs", "sw1", "bad.csv", file_id[:12], "1", "2",
    ]  # fmt: skip
    assert it.run("rejected", "--day", "2026-05-05").stdout == "there are none such\n"
    (day,) = it.json("days", "--status", "failed", "--status", "stale")
    assert (day["day"], day["cdrs"], day["unrated"], day["rejected"]) == ("2026-05-04", 1, 1, 1)
    *_, unrated, rejected = it.run("days", "--day", "2026-05-04").stdout.splitlines()
    assert unrated.startswith("  nothing_is_left_unrated: No answered leg")
    assert rejected.startswith("  rejected_rows_are_settled: ")
    assert it.run("days").stdout.splitlines()[-1] == "what a day waits for: tollbook days --day DAY"
    it.run("waive", "--day", "2026-05-04", "--call", "c1", "--reason", "test call")
    it.run("waive", "--day", "2026-05-04", "--row", f"{file_id[:10]}:2", "--reason", "broken switch")
    waived = it.run("rejected")
    assert (waived.stdout, waived.stderr.partition(" made")[0]) == ("nothing is left to settle\n", "")
    it.run("close", "--day", "2026-05-04")
    assert it.statuses()["2026-05-04"] == "closed"
    assert it.json("rejected") == []
    assert [row["state"] for row in it.json("rejected", "--all", "--file", file_id[:10])] == ["waived"]
    assert [day["status"] for day in it.json("days", "--from", "2026-05-05")] == ["open", "open"]
    assert [day["day"] for day in it.json("days", "--to", "2026-05-04")] == ["2026-05-04"]
    assert it.run("days", "--from", "2026-05-05", "--to", "2026-05-04", fails=True).stderr.startswith("--to 2026-05-04")
    nothing = it.run("waive", "--day", "2026-05-04", "--call", "c9", "--reason", "x", fails=True)
    assert nothing.stderr == "2026-05-04 has nothing unrated for call c9\n"


def test_a_bad_configuration_is_refused_whole(tmp_path: Path) -> None:
    it = Deployment(tmp_path)
    write_company(
        it.seeds,
        rates=SEEDS["rates"].replace("0.06", "0,06").replace("cost,44", "coast,44"),
    )
    refused = it.run("check", fails=True)
    assert "seeds/rates.csv line 2" in refused.stderr
    assert "line 3, column rate_table_id" in refused.stderr
    assert it.run("build", fails=True).stderr == refused.stderr
