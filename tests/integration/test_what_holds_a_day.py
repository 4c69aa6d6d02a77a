"""What a day waits for: expected files, the switch's own count, a second operator; and what only warns."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.day.build import build
from orchestration.operations.day.close import Checked, check, close
from orchestration.operations.day.land import land
from orchestration.operations.day.waive import confirm, waive
from orchestration.operations.day.waivers import waivers
from orchestration.operations.day.withdraw import withdraw_file
from orchestration.operations.questions.explain import explain
from orchestration.operations.upkeep.configure import published_warnings
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import Home, Refused
from tests.support.company import CDR_HEADER, SEEDS, write_calls, write_company, write_text
from tests.support.journals import rewrite

pytestmark = pytest.mark.usefixtures("unpublished")
DAY = date(2026, 5, 4)
EVERY = "source,kind,format,expected_every_minutes\nsw1,cdrs,canonical,720\n"
COUNT = "observed_at,account_id,resource,count"


def _home(root: Path, monkeypatch: pytest.MonkeyPatch, **changed: str) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "anna")
    home = Home(root / "home", write_company(root / "seeds", **changed))
    monkeypatch.setenv("TOLLBOOK_HOME", str(home.root))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(home.seeds))
    return home


def _calls(home: Home, name: str, *calls: tuple[str, str, str]) -> None:
    """Land (call_id, time, trunk) of DAY, a minute each, as `name` of sw1."""
    path = write_calls(home.root.parent / name, [(i, f"{DAY}T{at}", "60", trunk) for i, at, trunk in calls])
    land(home, [path], kind="cdrs", source="sw1")


def _of_day(checked: list[Checked]) -> Checked:
    return next(c for c in checked if c.day == DAY)


def _failing(checked: list[Checked]) -> dict[str, list[str]]:
    return {f.check: f.details for f in _of_day(checked).failures}


def _query(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.serving), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_silent_source_holds_its_day_until_the_rows_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch, sources=EVERY)
    _calls(home, "morning.csv", ("c1", "06:00:00", "in-a"))
    assert _failing(close(home, DAY)) == {
        "expected_files": [
            "cdrs of sw1: nothing from 2026-05-04 06:00:00 to 2026-05-05 00:00:00 UTC, "
            "longer than the 720 minutes expected"
        ]
    }
    assert _query(home, f"select status, failed_checks from marts.days where day = '{DAY}'") == [
        ("failed", "expected_files")
    ]
    _calls(home, "noon.csv", ("c2", "17:00:00", "in-a"))
    assert _of_day(close(home, DAY)).status == "closed"


def test_a_missing_file_is_told_and_can_be_waived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch, sources=EVERY)
    _calls(home, "cdr-20260504-001.csv", ("c1", "06:00:00", "in-a"))
    _calls(home, "cdr-20260504-003.csv", ("c2", "17:00:00", "in-a"))
    told = "cdrs of sw1: 1 file is missing between cdr-20260504-001.csv and cdr-20260504-003.csv"
    assert _failing(close(home, DAY)) == {"expected_files": [told]}
    with pytest.raises(Refused, match="there is no source sw9; sources are "):
        waive(home, DAY, "never ran", gap="sw9")
    waived = waive(home, DAY, "lost with the disk", gap="sw1")
    assert (waived.settles, waived.amount, waived.in_force) == (1, None, True)
    assert _of_day(close(home, DAY)).status == "closed"


def test_files_without_calls_are_alike_and_none_of_them_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _home(tmp_path, monkeypatch, sources=EVERY)
    _calls(home, "cdr-1.csv", ("c1", "06:00:00", "in-a"))
    for n in (2, 3):
        _calls(home, f"cdr-{n}.csv")
    _calls(home, "cdr-4.csv", ("c2", "17:00:00", "in-a"))
    assert _of_day(close(home, DAY)).status == "closed"
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    told = [(line["action"], line["name"]) for line in lines if line["action"].startswith("land")]
    assert told == [
        ("land", "cdr-1.csv"),
        ("land", "cdr-2.csv"),
        ("land again", "cdr-3.csv"),
        ("land", "cdr-4.csv"),
    ]


def test_the_switch_counts_its_own_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch)
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"), ("c2", "07:00:00", "in-a"))
    counted = write_text(tmp_path / "counts.csv", COUNT, f"{DAY}T23:59:00Z,sw1,cdrs,4", f"{DAY}T12:00:00Z,sw1,cdrs,2")
    assert land(home, [counted], kind="resources", source="monitor")[0].landed == 2
    told = "sw1 counted 4 CDRs (at 2026-05-04 23:59:00 UTC); 2 landed and 0 rejected ones were waived"
    assert _failing(close(home, DAY)) == {"switch_counts_agree": [told]}
    bad = write_calls(tmp_path / "bad.csv", [("c3", f"{DAY}T08:00:00", "-1", "in-a")])
    file_id = land(home, [bad], kind="cdrs", source="sw1")[0].file_id
    # a waived rejected row is a call of the switch: 3 of 4
    assert waive(home, DAY, "test call", row=f"{file_id[:9].upper()}:2").amount == Decimal("0.06")
    waived = waive(home, DAY, "the switch was restarted", count="sw1")
    assert (waived.settles, waived.amount) == (1, Decimal("0.06"))
    assert _of_day(close(home, DAY)).status == "closed"
    with pytest.raises(Refused, match="there is no source sw2; sources are "):
        waive(home, DAY, "x", count="sw2")
    late = write_calls(tmp_path / "late.csv", [("c9", "2026-05-02T08:00:00", "60", "in-a")])
    land(home, [late], kind="cdrs", source="sw1")
    for day, said in (
        ("2026-05-07", "has not come yet: it is 2026-05-06; write a day that tollbook days lists"),
        ("2026-05-03", "^nothing of 2026-05-03 has landed; write a day that tollbook days lists"),
        ("2026-05-02", "is not built yet; run: tollbook build"),
    ):
        with pytest.raises(Refused, match=said):
            waive(home, date.fromisoformat(day), "x", call="c9")


def test_what_is_worth_much_wants_a_second_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = "name,reporting_currency,waiver_limit,trust_operator_variable\nHand Made,USD,0.02,true\n"
    roles = "operator,role,accounts\nanna,rater,\nbert,finance,\nvera,viewer,\nfinn,finance,bolt\n"
    home = _home(tmp_path, monkeypatch, company=company, sources=SEEDS["sources"], operators=roles)
    # nobody knows in-x: its sell leg is unrated, its buy leg 0.03; that of c1 is 0.06 for 60 s
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"), ("c2", "07:00:00", "in-x"))
    close(home, DAY)
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "vera")
    with pytest.raises(Refused, match=r"vera is viewer .*; this needs the role rater or finance or admin"):
        waive(home, DAY, "test call", call="c2")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "anna")
    waived = waive(home, DAY, "test call", call="c2")
    assert (waived.amount, waived.currency, waived.in_force) == (Decimal("0.06"), "USD", False)
    assert list(_failing(close(home, DAY))) == ["nothing_is_left_unrated"]
    for who, said in (("anna", "this needs the role finance or admin"), ("finn", "finn acts for bolt")):
        monkeypatch.setenv("TOLLBOOK_OPERATOR", who)
        with pytest.raises(Refused, match=said):
            confirm(home, DAY, call="c2")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    with pytest.raises(Refused, match="is waived already"):
        waive(home, DAY, "again", call="c2")
    assert confirm(home, DAY, call="c2").in_force
    with pytest.raises(Refused, match="in force already"):
        confirm(home, DAY, call="c2")
    with pytest.raises(Refused, match="not waived"):
        confirm(home, DAY, call="c1")
    row = waivers(home, DAY)[0]
    assert (row["operator"], row["confirmed_by"], row["amount"], row["in_force"]) == (
        "anna", "bert", Decimal("0.06"), True,
    )  # fmt: skip
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "anna")
    assert _of_day(close(home, DAY)).status == "closed"
    lines = [json.loads(line) for line in home.journal.read_text().splitlines()]
    said = [(line["action"], line["operator"], line["key"]) for line in lines if "waive" in line["action"]]
    assert said == [("waive", "anna", "c2"), ("confirm_waiver", "bert", "c2")]


def test_a_waiver_is_weighed_again_where_its_day_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = "name,reporting_currency,waiver_limit\nHand Made,USD,0.15\n"
    home = _home(tmp_path, monkeypatch, company=company, sources=SEEDS["sources"])
    # 0.06 each, as c1: nobody knows in-x and in-y
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"), ("c2", "07:00:00", "in-x"), ("c3", "07:00:00", "in-y"))
    build(home)
    assert waive(home, DAY, "not billed", call="c3").in_force
    both = waive(home, DAY, "a test", reason_code="no_account")
    assert (both.settles, both.in_force) == (2, True)
    with pytest.raises(Refused, match="in force already; it wants no second operator"):
        confirm(home, DAY, call="c3")
    # of the reason code two more come, and c3 gets a price
    _calls(home, "two.csv", ("c4", "08:00:00", "in-x"), ("c5", "08:00:00", "in-x"))
    with (home.seeds / "trunks.csv").open("a") as trunks:
        trunks.write("in-y,ingress,acme,,\n")
    checked = close(home, DAY)
    assert _failing(checked) == {
        "waivers_are_within_the_limit": [
            "the waiver of reason no_account (anna: a test) was worth 0.12 USD, and settles 3 now, worth 0.18 USD; the"
            " waiver_limit is 0.15: tollbook waive --day 2026-05-04 --reason-code no_account --confirm"
        ]
    }
    assert [(w.check, w.details) for w in _of_day(checked).warnings] == [
        (
            "what_was_waived_is_not_charged",
            ["call c3 of sw1 was waived (anna: not billed), and nothing of it is unrated still; charged: buy leg of"
             " carrier 0.03 USD, sell leg of acme 0.06 USD"],
        )
    ]  # fmt: skip
    listed = [(w["key"], w["amount"], w["worth"], w["settles"]) for w in waivers(home, DAY)]
    assert sorted(listed) == [("c3", Decimal("0.06"), 0, 0), ("no_account", Decimal("0.12"), Decimal("0.18"), 3)]
    assert "nothing of it is unrated any more" in CliRunner().invoke(cli, ["waivers"]).stdout
    with pytest.raises(Refused, match="another operator has to confirm it"):
        confirm(home, DAY, reason_code="no_account")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    assert confirm(home, DAY, reason_code="no_account").amount == Decimal("0.18")
    with pytest.raises(Refused, match="in force already"):
        confirm(home, DAY, reason_code="no_account")
    assert _of_day(close(home, DAY)).status == "closed"
    assert rebuild(home, check=True).compared
    # lines of before say nothing of how much it settled
    rewrite(home, lambda line: {key: value for key, value in line.items() if key != "settled"})
    rebuild(home)
    assert [w["settles"] for w in waivers(home, DAY)] == [None, None]


def _of_two_sources(home: Home) -> tuple[str, str]:
    """A call u1, a bad row and an empty file of sw1 and sw2; of sw3 a call and usage u1. The ids of row and file."""
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"), ("u1", "07:00:00", "in-x"))
    root = home.root.parent
    same = write_calls(root / "same.csv", [("bad", f"{DAY}T09:00:00", "-1", "in-a")])
    for source in ("sw1", "sw2"):
        (rejected,) = land(home, [same], kind="cdrs", source=source, again=True)
        (empty,) = land(home, [write_text(root / "empty.csv")], kind="cdrs", source=source)
    for source, seconds in (("sw2", "600"), ("sw3", "300")):
        path = write_calls(root / f"{source}.csv", [("u1", f"{DAY}T08:00:00", seconds, "in-x")])
        land(home, [path], kind="cdrs", source=source)
    used = "usage_id,occurred_at,account_id,service,quantity"
    path = write_text(root / "used.csv", used, f"u1,{DAY}T08:00:00,acme,fax,1")
    land(home, [path], kind="usage", source="sw3", again=True)
    return f"{rejected.file_id}:2", empty.file_id


def _refuses_reasons_that_are_none(home: Home, tmp_path: Path) -> None:
    """Of a day with nothing unrated, too."""
    day = date(2026, 5, 5)
    land(home, [write_calls(tmp_path / "g.csv", [("g", f"{day}T06:00:00", "60", "in-a")])], kind="cdrs", source="sw1")
    build(home)
    reasons = "bad_number, blocked, no_account, no_cost, no_fx, no_rate, no_rate_table"
    for code, right in (("norate", "; did you mean no_rate?"), ("odd", f"; the reasons are {reasons}"), ("no_fx", "")):
        with pytest.raises(Refused, match=f"^{re.escape(f'{day} has nothing unrated for reason {code}{right}')}$"):
            waive(home, day, "test", reason_code=code)


def test_an_id_that_two_sources_have_is_waived_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call, a rejected row, and files with nothing in them, which are all alike."""
    company = "name,reporting_currency,waiver_limit\nHand Made,USD,0.4\n"
    sources = "source,kind,format\nsw1,cdrs,\nsw2,cdrs,\npbx,usage,\n"
    home = _home(tmp_path, monkeypatch, company=company, sources=sources)
    monkeypatch.setenv("TOLLBOOK_NOW", f"{DAY}T23:00:00")
    row, file = _of_two_sources(home)
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
    assert _failing(close(home, DAY)).keys() == {
        "nothing_is_left_unrated", "rejected_rows_are_settled", "unreadable_files_are_settled",
    }  # fmt: skip
    for key, named in (
        ({"call": "u1"}, "call u1 of 2026-05-04 is of sw1 (cdrs) and sw2 (cdrs) and sw3 (cdrs) and sw3 (usage)"),
        ({"row": row}, f"row {row[:12]}:2 of 2026-05-04 is of sw1 (cdrs) and sw2 (cdrs)"),
        ({"file": file}, f"file {file[:12]} of 2026-05-04 is of sw1 (cdrs) and sw2 (cdrs)"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=f"^{re.escape(named)}: say which with --source$"):
            waive(home, DAY, "test", **key)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=r"is of sw3 \(cdrs\) and sw3 \(usage\): say which with --kind$"):
        waive(home, DAY, "test", call="u1", source="sw3")
    with pytest.raises(Refused, match=r"call u1 .* is of sw1 .*, not of pbx$"):
        waive(home, DAY, "test", call="u1", source="pbx")
    with pytest.raises(Refused, match=r"no_acount; did you mean no_account\?"):
        waive(home, DAY, "test", reason_code="no_acount")
    _refuses_reasons_that_are_none(home, tmp_path)
    with pytest.raises(Refused, match="there is no source sw_1; did you mean sw1"):
        waive(home, DAY, "test", call="u1", source="sw_1")
    with pytest.raises(Refused, match="--gap names the source itself"):
        waive(home, DAY, "test", gap="sw1", source="sw1")
    first = waive(home, DAY, "test", call="u1", source="sw1")
    assert (first.settles, first.amount, first.in_force) == (1, Decimal("0.06"), True)
    with pytest.raises(Refused, match="call u1 of sw1 of 2026-05-04 is waived already"):
        waive(home, DAY, "test", call="u1", source="sw1")
    assert not waive(home, DAY, "test", call="u1", source="sw2").in_force
    for key in ({"row": row}, {"file": file}):
        for source in ("sw1", "sw2"):
            assert waive(home, DAY, "test", source=source, **key).settles == 1  # type: ignore[arg-type]
    of_a_source = waive(home, DAY, "test", reason_code="no_account", source="sw3")
    assert (of_a_source.settles, of_a_source.amount, of_a_source.in_force) == (1, Decimal("0.3"), True)
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "bert")
    with pytest.raises(Refused, match=r"row .* is of sw1 \(cdrs\) and sw2 \(cdrs\): say which with --source$"):
        confirm(home, DAY, row=row)
    assert confirm(home, DAY, file=file, source="sw1").source == "sw1"
    left = _failing(close(home, DAY))
    assert left["nothing_is_left_unrated"] == [
        "sell leg of call u1 (nobody's trunk in-x, to 447700900123, 600.000 s) has no price: no_account",
        "fax u1 of acme has no price: no_rate",
    ]
    assert [d for d in left["unreadable_files_are_settled"] if "sw2" not in d] == []
    assert "rejected_rows_are_settled" not in left
    withdraw_file(home, row[:64], "a test", source="sw2")
    ended = {w["source"]: w["ended_at"] is not None for w in waivers(home, DAY) if w["what"] == "row"}
    assert ended == {"sw1": False, "sw2": True}
    assert rebuild(home, check=True).compared
    # one of an earlier release says no source, and is of all of them
    rewrite(
        home,
        lambda line: (
            {k: v for k, v in line.items() if line["action"] != "waive" or k not in ("kind", "source")}
            if (line["action"], line.get("what"), line.get("source")) == ("waive", "call", "sw1")
            else line
        ),
    )
    rebuild(home)
    assert "nothing_is_left_unrated" not in _failing(close(home, DAY))


def test_nobody_confirms_his_own_waiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = "name,reporting_currency,waiver_limit\nHand Made,USD,0.02\n"
    home = _home(tmp_path, monkeypatch, company=company, sources=SEEDS["sources"])
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"), ("c2", "07:00:00", "in-x"))
    build(home)
    waive(home, DAY, "test call", call="c2")
    with pytest.raises(Refused, match="anna waived call c2 of sw1 of 2026-05-04; another operator has to confirm it"):
        confirm(home, DAY, call="c2")


def test_thousands_of_failing_rows_hide_no_other_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch)
    before, busy, after = (f"2026-05-0{n}" for n in (2, 3, 4))
    many = [(f"c{n}", f"{busy}T{n // 600:02}:{n // 10 % 60:02}:00", "60", "in-x") for n in range(12_000)]
    few = [("first", f"{before}T10:00:00", "60", "in-x"), ("last", f"{after}T10:00:00", "60", "in-x")]
    land(home, [write_calls(tmp_path / "all.csv", [*many, *few])], kind="cdrs", source="sw1")
    checked = {str(c.day): c for c in close(home)}
    assert {day: c.status for day, c in checked.items()} == {
        before: "failed", busy: "failed", after: "failed", "2026-05-05": "ready",
    }  # fmt: skip
    assert {day: [(f.check, f.rows, len(f.details)) for f in c.failures] for day, c in checked.items()} == {
        "2026-05-05": [],
        before: [("nothing_is_left_unrated", 1, 1)],
        busy: [("nothing_is_left_unrated", 12_000, 20)],
        after: [("nothing_is_left_unrated", 1, 1)],
    }
    kept = _query(home, "select day::VARCHAR, failing from ops.day_checks where failing > 0 order by day")
    assert kept == [(before, 1), (busy, 12_000), (after, 1)]


def test_a_silent_hour_warns_and_the_day_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch)
    weeks = [date.fromordinal(DAY.toordinal() - 7 * n) for n in range(1, 8)]
    calls = [(f"c{n}", f"{day}T10:{n:02}:00", "60", "in-a") for day in weeks for n in range(10)]
    calls.append(("c", f"{DAY}T11:00:00", "60", "in-a"))
    land(home, [write_calls(tmp_path / "all.csv", calls)], kind="cdrs", source="sw1")
    checked = _of_day(close(home, DAY))
    assert (checked.status, checked.failures) == ("closed", [])
    assert [(w.check, w.details) for w in checked.warnings] == [
        (
            "no_busy_hour_is_silent",
            ["sw1 sent nothing from 10:00 to 11:00 UTC; on each of the 7 Mondays before it had 10 attempts or more"],
        )
    ]
    assert _query(home, f"select status, failed_checks, warnings from marts.days where day = '{DAY}'") == [
        ("closed", "", "no_busy_hour_is_silent")
    ]
    told = _query(home, f"select distinct severity from ops.day_checks where day = '{DAY}' and failing > 0")
    assert told == [("warn",)]


def test_seconds_that_contradict_the_stamps_warn_and_the_day_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _home(tmp_path, monkeypatch)
    calls = write_text(
        tmp_path / "calls.csv",
        "call_id,started_at,answered_at,ended_at,called_number,duration_s,ingress_trunk,egress_trunk",
        # 61 s, in milliseconds: 61148 s are 1020 minutes begun, 61.20
        f"ms,{DAY}T11:00:00,{DAY}T11:00:00,{DAY}T11:01:01,447700900123,61148,in-a,out",
        f"back,{DAY}T18:00:36,{DAY}T18:00:36,{DAY}T10:57:39,447700900123,3,in-a,out",
        f"well,{DAY}T19:00:00,{DAY}T19:00:05,{DAY}T19:01:05,447700900123,61,in-a,out",
    )
    land(home, [calls], kind="cdrs", source="sw1")
    # it is told while the day waits for its 24 hours, too
    for told, status in ((_of_day(check(home, DAY)), "ready"), (_of_day(close(home, DAY)), "closed")):
        assert (told.status, told.failures) == (status, [])
        assert [(w.check, w.rows, w.details) for w in told.warnings] == [
            (
                "durations_agree_with_stamps",
                2,
                [
                    f"call back of sw1, ended before it was answered: 3.000 s, started {DAY} 18:00:36, "
                    f"answered {DAY} 18:00:36, ended {DAY} 10:57:39 UTC",
                    f"call ms of sw1, longer than between its stamps: 61148.000 s, started {DAY} 11:00:00, "
                    f"answered {DAY} 11:00:00, ended {DAY} 11:01:01 UTC",
                ],
            )
        ]
    assert _query(home, "select sell_amount from marts.rated_calls where call_id = 'ms'") == [(Decimal("61.20"),)]


def test_a_check_makes_a_day_ready_and_closes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch)
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"))
    assert _of_day(check(home, DAY)).status == "ready"
    assert _query(home, f"select status from marts.days where day = '{DAY}'") == [("ready",)]
    assert _query(home, "select count(*) from marts.ledger_entries") == [(0,)]


def test_what_to_do_depends_on_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in seeds/ helps against a number that is none: the right one lands in its place."""
    home = _home(tmp_path, monkeypatch)
    write = "{},{},{},{},60,in-a,out"
    lines = [
        write.format(call, f"{DAY}T06:00:00", f"{DAY}T06:00:00", number)
        for call, number in (("c1", "9001#447700900123"), ("c2", "447700900123*77"), ("c3", "33123456789"))
    ]
    land(home, [write_text(tmp_path / "odd.csv", CDR_HEADER, *lines)], kind="cdrs", source="sw1")
    usage = [f"{service},{DAY}T06:00:00,acme,{service},1" for service in ("Message", "messages", "fax")]
    usage = ["usage_id,occurred_at,account_id,service,quantity", *usage]
    land(home, [write_text(tmp_path / "usage.csv", *usage)], kind="usage", source="smsc")
    (failure,) = _of_day(close(home, DAY)).failures
    assert failure.rows == 9
    assert failure.remedy == (
        "bad_number: no table prices a number of other than 1 to 15 digits, land the call with the number as it should"
        " be: tollbook land FILE --supersede --reason TEXT; of a source whose calls go to what is none (*97, s,"
        " voicemail), write ignore in not_numbers of seeds/sources.csv. no_rate of usage: add a price to"
        " seeds/service_rates.csv. no_rate of usage: seeds/service_rates.csv has message, is it that? Then withdraw the"
        " file (tollbook withdraw FILE --reason TEXT) and land it with that name. If not: add a price to"
        " seeds/service_rates.csv. no_rate: add a price to seeds/rates.csv, or accept a deck that has it. Or let it"
        " pass: tollbook waive --day DAY --call ID --reason TEXT (--reason-code REASON for all of a kind)."
    )
    assert failure.remedy in _query(home, f"select to_do from marts.days where day = '{DAY}'")[0][0]
    right = [("c1", f"{DAY}T06:00:00", "60", "in-a"), ("c2", f"{DAY}T06:00:00", "60", "in-a")]
    mended = write_calls(tmp_path / "right.csv", right)
    land(home, [mended], kind="cdrs", source="sw1", supersede=True, reason="dialled with a prefix of the switch")
    (failure,) = _of_day(close(home, DAY)).failures
    assert (failure.rows, failure.remedy.startswith("no_rate of usage: add a price")) == (5, True)


def test_calls_to_what_is_no_number_are_unrated_ignored_or_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As each source says: those that are ignored hold no day, cost nothing, and are there all the same."""
    sources = (
        "source,kind,country_code,international_prefixes,not_numbers\nsw1,cdrs,,,\n"
        "pbx,cdrs,,,ignore\nstrict,cdrs,44,00,reject\n"
    )
    home = _home(tmp_path, monkeypatch, sources=sources)
    numbers = (("mail", "*97", 60), ("s", "s", 0), ("who", "1234567890123456", 7), ("uk", "447700900123", 61))
    lines = [f"{i},{DAY}T06:00:00,{DAY}T06:00:00,{number},{s},in-a,out" for i, number, s in numbers]
    # with 44 before it, the digits are too many; the zeros alone are no number
    lines += [f"long,{DAY}T06:00:00,,12345678901234,0,in-a,out", f"zeros,{DAY}T06:00:00,,00,0,in-a,out"]
    files = {}
    for source in ("pbx", "strict"):
        path = write_text(tmp_path / f"{source}.csv", CDR_HEADER, *lines[: 4 if source == "pbx" else None])
        (files[source],) = land(home, [path], kind="cdrs", source=source)
    assert (files["pbx"].landed, files["strict"].landed, files["strict"].rejected) == (4, 1, 5)
    assert {(row.line, row.reason) for row in files["strict"].rejected_rows} == {
        (n, "bad_number") for n in (2, 3, 4, 6, 7)
    }
    assert 'called_number is "*97", which is no number' in files["strict"].rejected_rows[0].detail
    build(home)
    # 61 s of 60/60 at 0.06, and of 1/1 at 0.03
    assert _query(
        home,
        """
        select call_id, sell_status, sell_reason, sell_account_id, sell_amount, sell_billed_s, buy_status, buy_reason,
            buy_amount, margin
        from marts.rated_calls where source = 'pbx' order by call_id
        """,
    ) == [
        *(
            (call, "none", "bad_number", "acme", None, None, "none", "bad_number", None, Decimal(0))
            for call in ("mail", "s")
        ),
        (
            "uk",
            "rated",
            None,
            "acme",
            *map(Decimal, ("0.12", "120")),
            "rated",
            None,
            *map(Decimal, ("0.0305", "0.0895")),
        ),
        ("who", "none", "bad_number", "acme", None, None, "none", "bad_number", None, Decimal(0)),
    ]
    assert _query(home, "select sum(attempts), sum(calls), sum(unrated) from marts.breakout_daily") == [(5, 2, 0)]
    assert explain(home, "mail", source="pbx").sell.steps[0].text == (
        "no sell leg: *97 is no number, and not_numbers of pbx is ignore"
    )
    assert list(_failing(close(home, DAY))) == ["rejected_rows_are_settled"]
    waive(home, DAY, "no calls", file=files["strict"].file_id)
    assert _of_day(close(home, DAY)).status == "closed"
    # what was ignored when it closed would be unrated now
    (home.seeds / "sources.csv").write_text(sources.replace("ignore", "unrated"))
    build(home)
    assert _query(home, f"select status, outdated_because from marts.days where day = '{DAY}'") == [
        ("outdated", "sources pbx: not_numbers was ignore, is unrated")
    ]
    assert rebuild(home, check=True).compared


def test_a_row_that_landed_files_go_by_and_that_has_another_name_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "source,kind,format,country_code,expected_every_minutes\n"
    home = _home(tmp_path, monkeypatch, sources=f"{header}sw1,cdrs,,49,720\npbx,cdrs,,49,\n")
    _calls(home, "one.csv", ("c1", "06:00:00", "in-a"))
    build(home)
    assert published_warnings(home) == []
    sources = home.seeds / "sources.csv"
    gone = (
        "column source: cdrs have landed from sw1, which has no row any more: calls of open days are rated, and days "
        "checked, without its country_code 49, expected_every_minutes 720; "
    )
    back = "put its row back (sw1,cdrs,,,49,,,720,,,,,,)"
    for rows, where, right in (
        ("pbx,cdrs,,49,\nsw01,cdrs,,49,720\n", " line 3,", f"is sw01 meant by it? Name that sw1, or {back}"),
        ("pbx,cdrs,,49,\nnew,cdrs,,49,720\n", " line 3,", f"is new meant by it? Name that sw1, or {back}"),
        ("pbx,cdrs,,49,\nsw1,usage,,,720\n", ",", back),
    ):
        sources.write_text(header + rows)
        for _ in range(2):  # so after a build has taken it in
            assert [str(warning) for warning in published_warnings(home)] == [f"seeds/sources.csv{where} {gone}{right}"]
            build(home)
    # a source that never had a row needs none, nor one whose row said nothing, nor one whose days are closed
    sources.write_text(f"{header}sw1,cdrs,,49,\n")
    land(home, [write_calls(tmp_path / "x.csv", [("x", f"{DAY}T10:00:00", "60", "in-a")])], kind="cdrs", source="own")
    build(home)
    assert published_warnings(home) == []
    sources.write_text(f"{header}pbx,cdrs,,49,\n")
    assert len(published_warnings(home)) == 1
    close(home)
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-08T09:00:00")
    close(home)
    assert published_warnings(home) == []


def test_the_command_says_what_fails_why_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _home(tmp_path, monkeypatch)
    _calls(home, "one.csv", ("c1", "06:00:00", "in-x"))
    run = CliRunner().invoke(cli, ["close", "--day", str(DAY)])
    assert isinstance(run.exception, Refused)
    assert "nothing_is_left_unrated: 1 row breaks it\n    No answered leg and no usage of the day" in run.stdout
    assert "- sell leg of call c1 (nobody's trunk in-x, to 447700900123, 60.000 s) has no price" in run.stdout
    assert "What to do: no_account: add its trunk to seeds/trunks.csv; where the account" in run.stdout
    # a row of it in other capitals is named, and one of another time, by the check as well
    trunks = home.seeds / "trunks.csv"
    rows = trunks.read_text()
    trunks.write_text(f"{rows}IN-X,ingress,acme,,\n")
    asked = "is it that? If not: add its trunk to seeds/trunks.csv"
    run = CliRunner().invoke(cli, ["close", "--day", str(DAY)])
    assert f"no_account: line 5 of seeds/trunks.csv has IN-X (ingress), {asked}" in run.stdout
    assert [str(warning) for warning in published_warnings(home)] == [
        "seeds/trunks.csv line 5, column trunk_id: answered calls have the ingress trunk 'in-x', which no row has and "
        "so is nobody's (no_account); is it 'IN-X'? Write it as CDRs do"
    ]
    trunks.write_text(f"{rows}in-x,egress,carrier,,\nin-x,ingress,acme,2026-06-01,\n")
    run = CliRunner().invoke(cli, ["close", "--day", str(DAY)])
    assert f"line 6 of seeds/trunks.csv has in-x (ingress, from 2026-06-01 00:00:00), {asked}" in run.stdout
    assert published_warnings(home) == []
    trunks.write_text(f"{rows}in-x,ingress,acme,2026-01-01,2026-05-04\n")
    run = CliRunner().invoke(cli, ["close", "--day", str(DAY)])
    until = "from 2026-01-01 00:00:00, until 2026-05-04 00:00:00"
    assert f"line 5 of seeds/trunks.csv has in-x (ingress, {until}), {asked}" in run.stdout
    trunks.write_text(rows)
    told = json.loads(CliRunner().invoke(cli, ["close", "--day", str(DAY), "--json"]).stdout)
    failure = told[0]["failures"][0]
    assert (failure["check"], failure["rows"]) == ("nothing_is_left_unrated", 1)
    assert failure["words"].startswith("No answered leg")
    assert "tollbook waive" in failure["remedy"]
    (to_do,) = _query(home, f"select to_do from marts.days where day = '{DAY}'")[0]
    assert to_do == f"nothing_is_left_unrated: {failure['words']} 1 row breaks it. {failure['remedy']}"
    wrong = CliRunner().invoke(cli, ["waive", "--day", str(DAY), "--call", "c1"])
    assert wrong.exit_code == 2
    done = CliRunner().invoke(cli, ["waive", "--day", str(DAY), "--call", "c1", "--reason", "test", "--json"])
    # one leg; the buy leg's 0.03 is all that is known of it
    assert json.loads(done.stdout)["amount"] == "0.03000000"
    listed = json.loads(CliRunner().invoke(cli, ["waivers", "--json"]).stdout)
    assert [(w["key"], w["amount"], w["in_force"]) for w in listed] == [("c1", "0.03000000", True)]
