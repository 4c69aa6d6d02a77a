"""Prepaid accounts: payments entered by hand, alerts, what was not covered, plan limits, who may do what."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.operations.accounts.alerts import recent
from orchestration.operations.accounts.balance import balance
from orchestration.operations.accounts.limits import check_limit
from orchestration.operations.accounts.topup import topup
from orchestration.operations.day import publish, take_in
from orchestration.operations.day.build import build
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.publish import publish_now
from orchestration.operations.messages import urls
from orchestration.operations.upkeep.configure import published_warnings
from orchestration.store import journal
from orchestration.store.warehouse import Home, Refused, serving, writer
from tests.support.company import write_calls, write_company, write_operators, write_text
from tests.support.people import Inbox

pytestmark = pytest.mark.usefixtures("unpublished")
TIERS = "plan_tier,resource,limit\nfree,extensions,5\nfree,numbers,\n"
# acme, prepaid, without credit, low under 1: 0.06 a minute begun
CALLS = [
    ("covered", "2026-05-04T10:00:00", "60", "in-a"),
    ("short", "2026-05-04T11:00:00", "60", "in-a"),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with acme's two calls of 0.06 after a payment of 2.1, none of bolt's, published."""
    root = tmp_path_factory.mktemp("prepaid")
    home = Home(root / "var", write_company(root / "seeds", plan_tiers=TIERS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-04T12:00:00")
        land(home, [write_calls(root / "calls.csv", CALLS)], kind="cdrs", source="sw1")
        paid = write_text(
            root / "paid.csv",
            "payment_id,paid_at,account_id,amount,currency",
            "p1,2026-05-04T09:00:00Z,acme,2.1,USD",
        )
        land(home, [paid], kind="payments", source="bank")
        seen = write_text(
            root / "seen.csv",
            "observed_at,account_id,resource,count",
            "2026-05-04T01:00:00Z,acme,extensions,7",
            "2026-05-04T02:00:00Z,acme,extensions,4",
            "2026-05-04T02:00:00Z,acme,cdrs,900",
        )
        land(home, [seen], kind="resources", source="pbx")
        build(home)
    return root


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The template's files moved elsewhere; what is published names its old place until published again."""
    shutil.copytree(template / "var", tmp_path / "var")
    shutil.copytree(template / "seeds", tmp_path / "seeds")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T13:00:00")
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "fay")
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(tmp_path / "seeds"))
    return Home(tmp_path / "var", tmp_path / "seeds")


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with serving(home) as con:
        return con.execute(sql).fetchall()


def acme(home: Home) -> tuple[Decimal, str]:
    row = balance(home, "acme")[0]
    return row["balance"], row["status"]


# top-ups


@pytest.mark.published
def test_a_top_up_is_posted_published_archived_and_journalled(home: Home) -> None:
    assert acme(home) == (Decimal("1.98"), "ok")
    done = topup(home, "acme", Decimal("50.10"), method="card")
    assert done.account["balance"] == Decimal("52.08")
    assert acme(home) == (Decimal("52.08"), "ok")
    entry = rows(
        home, "select amount, kind, booked_on, reason, reference from marts.ledger_entries where amount = 50.1"
    )
    assert entry == [
        (Decimal("50.1"), "payment", datetime(2026, 5, 4).date(), "card", "topups:acme:2026-05-04:50.1:USD")
    ]
    assert len(list((home.archive / "payments" / "topups").iterdir())) == 1
    last = list(journal.effective(home.journal))[-1]
    assert (last["action"], last["operator"], last["source"], last["file_id"]) == (
        "land",
        "fay",
        "topups",
        done.file_id,
    )
    assert (home.archive / "payments" / "topups" / f"{done.file_id}.csv").read_text().splitlines() == [
        "payment_id,paid_at,account_id,amount,currency,method,entered_by",
        "acme:2026-05-04:50.1:USD,2026-05-04T13:00:00Z,acme,50.1,USD,card,fay",
    ]


def test_a_payment_is_not_entered_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    topup(home, "acme", Decimal("50"))
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "gus")
    again = r"50.00 USD of acme .* entered by fay on 2026-05-04 13:00 UTC already; .*--reference NAME"
    with pytest.raises(Refused, match=again):
        topup(home, "acme", Decimal("50.00"))
    topup(home, "acme", Decimal("50"), reference='tr "1", b')
    with pytest.raises(Refused, match=r"was entered by gus on 2026-05-04 13:00 UTC already$"):
        topup(home, "acme", Decimal("7"), reference='tr "1", b', at=datetime(2026, 1, 1))
    with pytest.raises(Refused, match=r"2.10 USD of acme \(p1\) was landed from bank"):
        topup(home, "acme", Decimal("2.1"), reference="p1")
    topup(home, "acme", Decimal("50"), at=datetime(2026, 5, 3))
    assert acme(home)[0] == Decimal("151.98")
    # as files of earlier releases could, under the source of top-ups and without a word who
    row = "x1,2026-05-04T10:00:00,acme,1,USD"
    path = write_text(home.root / "own.csv", "payment_id,paid_at,account_id,amount,currency", row)
    with writer(home, "land") as held:
        held.replays = True
        land_files(held, [path], kind="payments", source="topups")
    with pytest.raises(Refused, match=r"1.00 USD of acme \(x1\) was landed from topups on 2026-05-04 13:00 UTC"):
        topup(home, "acme", Decimal("1"), reference="x1")


def test_a_top_up_is_taken_back_as_it_says(home: Home) -> None:
    done = CliRunner().invoke(cli, ["topup", "acme", "50", "--reference", "tr-9"])
    said = re.fullmatch(r"acme paid .*\nto take it back: tollbook (withdraw \w{12} --reason) TEXT\n", done.stdout)
    assert said, done.output
    assert CliRunner().invoke(cli, [*said[1].split(), "it was bolt's"]).exit_code == 0
    publish_now(home)
    assert acme(home)[0] == Decimal("1.98")
    topup(home, "bolt", Decimal("50"), reference="tr-9")
    for typed in ("TR-9", "tr 9", "Tr9"):
        with pytest.raises(
            Refused, match=rf"50.00 .* of bolt \(tr-9\) .* already, and {typed} is tr-9 but for capitals"
        ):
            topup(home, "bolt", Decimal("50"), reference=typed)


@pytest.mark.parametrize(
    ("account", "amount", "said", "options"),
    [
        ("acm", "5", "there is no account acm; did you mean acme", {}),
        ("carrier", "5", "is a carrier", {}),
        ("acme", "5", "is kept in USD, not EUR", {"currency": "EUR"}),
        ("acme", "0.000000001", "8 decimals", {}),
        ("acme", "1000000000000", "12 digits", {}),
        ("acme", "10000000000", "10000000000 or more, which is too much", {}),
        ("acme", "-5", "not an amount above 0", {}),
        ("acme", "NaN", "not an amount above 0", {}),
        ("acme", "5", "has not come yet: it is 2026-05-04 13:00:00 UTC", {"at": datetime(2026, 5, 4, 13, 0, 1)}),
        ("acme", "5", "more than 400 days before it landed", {"at": datetime(2025, 3, 30, 12, 59, 59)}),
        ("acme", "5", "refund is no top-up", {"method": "refund"}),
        ("acme", "5", "--reference is empty", {"reference": " "}),
        ("acme", "5", "one line", {"method": "a\nb"}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_lands(
    home: Home, account: str, amount: str, said: str, options: dict[str, Any]
) -> None:
    before = home.journal.read_text()
    with pytest.raises(Refused, match=said):
        topup(home, account, Decimal(amount), **options)
    assert home.journal.read_text() == before
    assert not (home.archive / "payments" / "topups").exists()


@pytest.mark.published
def test_what_was_entered_is_said_to_be_where_only_publishing_failed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise duckdb.TransactionException('Failed to commit: Could not write file "a.wal": No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(publish, "_swap", full)
        said = r"^topup is entered; publishing failed: a.wal cannot be written \(No space left on device\): make room"
        with pytest.raises(Refused, match=said):
            topup(home, "acme", Decimal(5))
    publish_now(home)
    assert acme(home)[0] == Decimal("6.98")


@pytest.mark.published
@pytest.mark.parametrize("by", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["Ctrl-C", "within SQL"])
def test_who_stops_it_when_it_is_entered_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch, by: BaseException
) -> None:
    def stopped(*_: object) -> None:
        raise by

    with monkeypatch.context() as patch:
        patch.setattr(publish, "_swap", stopped)
        with pytest.raises(Refused, match=r"^stopped; topup is entered, and tollbook publish shows it$"):
            topup(home, "acme", Decimal(5))
    publish_now(home)
    assert acme(home)[0] == Decimal("6.98")


@pytest.mark.published
def test_what_was_landed_and_not_published_is_shown_by_the_next_landing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command that landed it was killed in between, and nothing is left in the inbox."""
    header = "payment_id,paid_at,account_id,amount,currency"
    write_text(home.inbox / "payments" / "bank" / "p.csv", header, "late,2026-05-04T09:00:00,acme,5,USD")
    with monkeypatch.context() as killed:
        killed.setattr(take_in, "publish_entered", lambda *_: None)
        (file,) = take_in.take_in(home).files
    assert (file.landed, file.problem) == (1, None)
    assert acme(home)[0] == Decimal("1.98")
    monkeypatch.setenv("TOLLBOOK_HOME", str(home.root))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(home.seeds))
    cli(["balance"], standalone_mode=False)
    assert "1 change was made since this was published" in capsys.readouterr().err
    assert take_in.take_in(home).files == []
    assert acme(home)[0] == Decimal("6.98")
    cli(["balance"], standalone_mode=False)
    assert capsys.readouterr().err == ""
    before = home.serving.stat().st_ino
    take_in.take_in(home)
    assert home.serving.stat().st_ino == before


def test_roles(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_operators(home.seeds, "fay,finance,", "bob,finance,bolt", "vic,viewer,")
    topup(home, "acme", Decimal("1"))
    for who, said in [
        ("vic", "vic is viewer in seeds/operators.csv; this needs the role finance or admin"),
        ("eve", "eve is not in seeds/operators.csv; this needs the role finance or admin"),
        ("bob", "bob acts for bolt in seeds/operators.csv; this is about acme"),
    ]:
        monkeypatch.setenv("TOLLBOOK_OPERATOR", who)
        with pytest.raises(Refused, match=said):
            topup(home, "acme", Decimal("2"))
    topup(home, "bolt", Decimal("2"))


# SIGKILL just before the payment counts, or just after it does and before it is published
_KILLED = """
import os, signal
from decimal import Decimal
from orchestration.operations.accounts import topup
from orchestration.operations.day import land, publish
from orchestration.store.warehouse import Home
def killed(*a): os.kill(os.getpid(), signal.SIGKILL)
journalled = land._journal
if {before}:
    land._journal = lambda *a: (journalled(*a), killed())
else:
    publish.publish = killed
topup.topup(Home.from_environment(), "acme", Decimal(50))
"""


@pytest.mark.parametrize("before", [True, False])
def test_a_killed_top_up_is_before_or_after(home: Home, before: bool) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED.format(before=before)], env=dict(os.environ), check=False)
    assert killed.returncode == -signal.SIGKILL
    if before:
        publish_now(home)
        assert acme(home)[0] == Decimal("1.98")
        topup(home, "acme", Decimal("50"))
    else:
        with pytest.raises(Refused, match="already"):
            topup(home, "acme", Decimal("50"))
    assert acme(home)[0] == Decimal("51.98")
    landed = [line for line in journal.effective(home.journal) if line.get("source") == "topups"]
    assert len(landed) == 1


def test_a_top_up_in_an_empty_deployment_shows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-04T13:00:00")
    home = Home(tmp_path / "var", write_company(tmp_path / "seeds"))
    topup(home, "acme", Decimal("5"))
    assert acme(home) == (Decimal("5"), "ok")


# alerts


def spend(home: Home, minutes: int, at: str = "2026-05-04T12:30:00") -> None:
    """A call of acme's at 0.06 a minute."""
    file = write_calls(home.root.parent / f"{at[11:13]}.csv", [(at, at, str(60 * minutes), "in-a")])
    land(home, [file], kind="cdrs", source="sw1")
    build(home)


@pytest.mark.published
def test_one_message_for_each_change_and_none_without(
    home: Home, people: Inbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOLLBOOK_ALERTS", people.url)
    publish_now(home)
    assert people.bodies == []
    spend(home, 20)
    publish_now(home)
    assert people.messages == ["2026-05-04 13:00 UTC account acme is low: balance 0.78 USD, available 0.78 (was ok)"]
    spend(home, 20, "2026-05-04T12:40:00")
    assert people.messages[1:] == [
        "2026-05-04 13:00 UTC account acme is exhausted: balance -0.42 USD, available -0.42 (was low)"
    ]
    topup(home, "acme", Decimal("100"))
    assert people.messages[2:] == [
        "2026-05-04 13:00 UTC account acme is ok: balance 99.58 USD, available 99.58 (was exhausted)"
    ]
    publish_now(home)
    assert len(people.bodies) == 3
    assert [(row["from_status"], row["to_status"], row["delivery"], row["attempts"]) for row in recent(home)] == [
        ("exhausted", "ok", "sent", 1),
        ("low", "exhausted", "sent", 1),
        ("ok", "low", "sent", 1),
    ]
    assert "alerts not sent" not in capfd.readouterr().err


@pytest.mark.published
def test_a_failure_is_one_line_and_is_tried_again(
    home: Home, people: Inbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A service that took the message is not told again because another did not."""
    unreachable = "json://user:secret@127.0.0.1:9/"
    monkeypatch.setenv("TOLLBOOK_ALERTS", f"notaurl {people.url}, {unreachable} nonsense://x")
    spend(home, 20)
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("alerts not sent, the next publish tries again: TOLLBOOK_ALERTS: a word without :// (")
    assert "; json:// (" in said[0]
    assert "TOLLBOOK_ALERTS: nonsense:// (" in said[0]
    assert said[0].count("is no Apprise URL; write one such as mailtos://user:password@example.com") == 2
    assert "secret" not in said[0]
    publish_now(home)
    assert len(people.bodies) == 1
    (row,) = recent(home)
    assert (row["delivery"], row["attempts"], row["sent_at"]) == ("waiting", 2, None)
    assert "nonsense" in row["error"]

    people.status = 500
    monkeypatch.setenv("TOLLBOOK_ALERTS", f"{people.url}again")
    publish_now(home)
    people.status = 200
    publish_now(home)
    publish_now(home)
    assert people.messages == [people.messages[0]] * 2
    (row,) = recent(home)
    assert (row["delivery"], row["attempts"], row["error"]) == ("sent", 4, None)


@pytest.mark.published
def test_what_nobody_was_to_be_told_is_kept_and_never_sent(
    home: Home, people: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOLLBOOK_ALERTS", raising=False)
    spend(home, 20)
    assert [(row["to_status"], row["delivery"]) for row in recent(home)] == [("low", "none")]
    monkeypatch.setenv("TOLLBOOK_ALERTS", people.url)
    publish_now(home)
    assert people.bodies == []


def test_urls_are_separated_by_spaces_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_ALERTS", " json://a/?to=x,y, mailto://b\nslack://c ,")
    assert urls("TOLLBOOK_ALERTS") == ["json://a/?to=x,y", "mailto://b", "slack://c"]
    monkeypatch.setenv("TOLLBOOK_ALERTS", " ")
    assert urls("TOLLBOOK_ALERTS") == []


# what was not covered


@pytest.mark.published
def test_denied_services_follow_late_payments_and_late_calls(home: Home) -> None:
    """2.1 - 0.12 = 1.98 at noon; a call of 2.4 at 12:30 is 0.42 short, until 0.42 more were paid before it."""
    denied = "select call_id, balance_before, amount, short_by from marts.denied_services"
    assert rows(home, denied) == []
    spend(home, 40)
    at = "2026-05-04T12:30:00"
    assert rows(home, denied) == [(at, Decimal("1.98"), Decimal("2.4"), Decimal("0.42"))]
    topup(home, "acme", Decimal("0.41"), at=datetime(2026, 5, 3))
    assert rows(home, denied) == [(at, Decimal("2.39"), Decimal("2.4"), Decimal("0.01"))]
    # a late call of 0.06 before it
    spend(home, 1, "2026-05-04T08:00:00")
    assert rows(home, f"{denied} order by charged_at") == [(at, Decimal("2.33"), Decimal("2.4"), Decimal("0.07"))]
    topup(home, "acme", Decimal("0.07"), at=datetime(2026, 5, 4, 12, 30))
    assert rows(home, denied) == []


@pytest.mark.published
def test_only_what_changed_is_written_again(home: Home) -> None:
    spend(home, 40)
    spend(home, 1, "2026-05-03T08:00:00")
    folder = home.serving.parent / "data" / "marts.denied_services"
    before = {path.name for path in folder.iterdir()}
    publish_now(home)
    topup(home, "bolt", Decimal("5"))
    assert {path.name for path in folder.iterdir()} == before
    topup(home, "acme", Decimal("0.01"), at=datetime(2026, 5, 4))
    (new,) = {path.name for path in folder.iterdir()} - before
    assert new.startswith("2026-05-04-")


# plan limits


def test_plan_limits(home: Home) -> None:
    publish_now(home)
    counted = 'select account_id, resource, count, "limit", exceeded from marts.plan_usage'
    assert rows(home, counted) == [("acme", "extensions", 4, 5, False)]
    for account, resource, asked, decision, count, limit in [
        ("acme", "extensions", 1, "allow", 4, 5),
        ("acme", "extensions", 2, "deny", 4, 5),
        ("bolt", "extensions", 5, "allow", 0, 5),
        ("bolt", "extensions", 6, "deny", 0, 5),
        ("acme", "numbers", 1000, "allow", 0, None),
    ]:
        answer = check_limit(home, account, resource, asked)
        assert (answer.decision, answer.count, answer.limit, answer.plan_tier) == (decision, count, limit, "free")
    with pytest.raises(Refused, match="there is no resource cdrs; there are extensions, numbers"):
        check_limit(home, "acme", "cdrs")
    with pytest.raises(Refused, match="there is no resource number; did you mean numbers"):
        check_limit(home, "acme", "number")
    with pytest.raises(Refused, match="there is no account zoe; there are acme, bolt, carrier"):
        check_limit(home, "zoe", "numbers")


def test_a_resource_that_no_tier_has_is_warned_of_where_one_is_nearly_so(home: Home) -> None:
    publish_now(home)
    assert published_warnings(home) == []
    counts = "observed_at,account_id,resource,count\n"
    counts += "".join(f"2026-05-04T10:00:00,acme,{name},9\n" for name in ("extentions", "Numbers", "queues", "CDRs"))
    land(home, [write_text(home.root / "counts.csv", counts.rstrip())], kind="resources", source="pbx")
    publish_now(home)
    nothing = "which no plan tier has: nothing is limited by it; did you mean"
    assert [str(warning) for warning in published_warnings(home)] == [
        f'seeds/plan_tiers.csv, column resource: files count "CDRs", {nothing} cdrs?',
        f'seeds/plan_tiers.csv, column resource: files count "Numbers", {nothing} numbers?',
        f'seeds/plan_tiers.csv, column resource: files count "extentions", {nothing} extensions?',
    ]
    # a tier had it when files counted it
    (home.seeds / "plan_tiers.csv").write_text("plan_tier,resource,limit\nfree,numbers,\n")
    gone = 'seeds/plan_tiers.csv, column resource: files count "extensions", which no plan tier has: nothing is limited'
    gone += " by it; put its row back; one without a limit says that there is none"
    assert gone in [str(warning) for warning in published_warnings(home)]


# the command line


def test_the_commands_in_json(home: Home) -> None:
    publish_now(home)

    def ask(*words: str) -> Any:
        outcome = CliRunner().invoke(cli, [*words, "--json"])
        assert outcome.exit_code == 0, outcome.output
        return json.loads(outcome.stdout)

    paid = ask("topup", "acme", "0.5", "--method", "cash", "--at", "2026-05-04T10:00:00")
    assert (paid["amount"], paid["balance"], paid["entered_by"]) == ("0.5", "2.48000000", "fay")
    answer = ask("check-limit", "acme", "extensions", "--count", "2")
    assert (answer["decision"], answer["count"], answer["limit"]) == ("deny", "4.00000000", 5)
    assert ask("alerts") == []
    assert CliRunner().invoke(cli, ["topup", "acme", "0"]).exit_code == 2
