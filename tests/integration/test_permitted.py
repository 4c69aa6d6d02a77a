"""Who may do what: every command by every role, what lands from files, and who may change who may."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from orchestration import prepare
from orchestration.cli import cli
from orchestration.configuration import hands
from orchestration.configuration.roles import COMMANDS, Act
from orchestration.operations import permitted
from orchestration.operations.accounts.topup import topup
from orchestration.operations.day.build import build
from orchestration.operations.day.confirm_payment import confirm_payment
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.withdraw import withdraw_file
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.failures import user
from orchestration.store.warehouse import PROJECT, Home, Refused, Writer, serving, writer
from tests.support.company import write_calls, write_company, write_operators, write_text
from tests.support.deployment import called
from tests.support.landing_home import adds_up

pytestmark = pytest.mark.usefixtures("unpublished")
OPERATORS = ("ann,admin,", "ron,rater,", "fay,finance,", "acy,finance,acme", "vic,viewer,")
ROLES = {"ann": "admin", "ron": "rater", "fay": "finance", "acy": "finance", "vic": "viewer", "eve": None}
SOURCES = "source,kind,operator\nsw1,cdrs,\nbank,payments,\ncard,payments,fay\n"
NOW = "2026-05-06T09:00:00"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call and a payment, landed by ann; the five operators are loaded."""
    root = tmp_path_factory.mktemp("permitted")
    home = Home(root / "var", write_company(root / "seeds", sources=SOURCES))
    write_operators(home.seeds, *OPERATORS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", NOW)
        patch.setenv("TOLLBOOK_OPERATOR", "ann")
        _calls(home, "one.csv")
        _payment(home, "bank", "p1", "acme", "5")
        assert [file.status for file in land(home)] == ["landed", "landed"]
    return root


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shutil.copytree(template / "var", tmp_path / "var")
    shutil.copytree(template / "seeds", tmp_path / "seeds")
    monkeypatch.setenv("TOLLBOOK_NOW", NOW)
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "ann")
    return Home(tmp_path / "var", tmp_path / "seeds")


def _calls(home: Home, name: str) -> Path:
    return write_calls(home.inbox / "cdrs" / "sw1" / name, [(name, "2026-05-04T10:00:00", "60", "in-a")])


def _payment(home: Home, source: str, payment: str, account: str, amount: str, method: str = "") -> Path:
    currency = "EUR" if account == "bolt" else "USD"
    header = "payment_id,paid_at,account_id,amount,currency,method"
    row = f"{payment},2026-05-04T09:00:00Z,{account},{amount},{currency},{method}"
    return write_text(home.inbox / "payments" / source / f"{payment}.csv", header, row)


def _landed(home: Home) -> dict[str, str]:
    """What became of the files in the inbox, by name: landed, or why it stays there."""
    return {file.name: file.problem or file.status for file in land(home)}


def _who(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TOLLBOOK_OPERATOR", name)


# every command


def _leaves(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{before}{name} ")
        else:
            yield before + name


_FILE = "0123456789ab"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "alerts": (), "anchor": (), "anomalies": (), "balance": (), "build": (), "check": (),
    "check-limit": ("acme", "extensions"), "close": (), "confirm-payment": (f"{_FILE}:2",), "days": (),
    "estimate": ("acme", "--targets", "1", "--answer-rate", "1", "--seconds", "1", "--number", "44"),
    "evidence": ("INV-2026-000001",), "explain": ("one.csv",), "formats": (),
    "gl": ("--from", "2026-05-01", "--to", "2026-05-31"), "init": ("company",), "invoice": ("acme", "2026-04"),
    "invoice --draft": ("acme", "2026-04", "--draft"), "invoice-run": (), "invoices": (), "land": (),
    "land --dry-run": ("--dry-run",), "publish": (), "quote": ("acme", "447700900123"), "rates accept": (),
    "rates review": ("deck.csv", "--source", "carrier"), "rebuild": (), "rebuild --check": ("--check",),
    "receivables": (), "rejected": (), "repair": (),
    "statement": ("acme", "--from", "2026-05-01", "--to", "2026-05-31"), "topup": ("acme", "5"), "trends": (),
    "ui": (), "verify": (), "waive": ("--day", "2026-05-04", "--call", "c1", "--reason", "x"),
    "waive --confirm": ("--day", "2026-05-04", "--call", "c1", "--confirm"), "waivers": (),
    "withdraw": (_FILE, "--reason", "x"),
}  # fmt: skip
NEEDS = "this needs the role"
PAGE = PROJECT / "docs" / "operators.md"


def test_every_command_has_its_act() -> None:
    """And an option that makes it another act is that command's."""
    acts = {name.partition(" --")[0] for name in COMMANDS} - {"check-day"}  # Dagster's alone
    assert acts == set(_leaves(cli)), "say in configuration/roles.py (COMMANDS) what the command is"
    assert set(ARGUMENTS) == set(COMMANDS) - {"check-day"}


def test_the_page_of_operators_says_the_same() -> None:
    """A line of its table an act, with its commands and the roles that may."""
    lines = (line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("|"))
    told: dict[str, set[str | None]] = {}
    for commands, *cells in ([cell.strip() for cell in row[1:]] for row in lines if len(row) == 6):
        may = {role for role, cell in zip(("viewer", "rater", "finance", "admin"), cells, strict=True) if cell}
        for command in re.findall(r"`([\w -]+)`", commands):
            told[command] = told.get(command, set()) | ({*ROLES.values()} if "anybody" in cells else may)
    known = {name: {*act.roles} if act.changes else {*ROLES.values()} for name, act in COMMANDS.items()}
    assert told == known


def _refused(home: Home, command: str, who: str) -> str:
    told = {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds), "TOLLBOOK_OPERATOR": who}
    name = command.partition(" --")[0].split()
    return called([*name, *ARGUMENTS[command]], told).stderr


def test_what_changes_something_every_operator_gives_whose_role_it_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, allowed, loaded = permitted._require, "asked, and allowed", hands.written(home.seeds)

    def stopped(decided: permitted.Hands, act: Act) -> None:
        asked(decided, act)
        raise Refused(allowed)

    monkeypatch.setattr(permitted, "_require", stopped)
    monkeypatch.setattr(permitted, "_loaded", lambda held: loaded)  # to read it takes longer than all else
    before = home.journal.read_bytes()
    for command, act in COMMANDS.items():
        for who, role in ROLES.items() if act.changes and command in ARGUMENTS else ():
            said = _refused(home, command, who)
            may = role in act.roles and (who != "acy" or act.of_an_account)
            assert (allowed in said) == may, f"{command} by {who}: {said}"
            if not may:
                assert NEEDS in said or "this is about all accounts" in said, f"{command} by {who}: {said}"
    assert home.journal.read_bytes() == before


def test_what_only_asks_anybody_may(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prepare, "prepare", lambda home: {})
    monkeypatch.setattr(os, "execve", lambda *_: None)
    build(home)
    write_text(tmp_path / "deck.csv", "rate_table_id,prefix,valid_from,rate_per_minute", "cost,49,2026-06-01,0.02")
    before = home.journal.read_bytes()
    for command, act in COMMANDS.items():
        if not act.changes:
            monkeypatch.chdir(tmp_path)
            said = _refused(home, command, "eve")
            assert NEEDS not in said, f"{command}: {said}"
            assert "Traceback" not in said, f"{command}: {said}"
    assert home.journal.read_bytes() == before


# what lands from files


def test_a_file_lands_by_who_may_land_it_and_stays_otherwise(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """ron lands calls, and payments that fay answers for; fay payments. Nobody keeps the others from landing."""
    _who(monkeypatch, "ron")
    _calls(home, "two.csv")
    bank, card = _payment(home, "bank", "p2", "acme", "1"), _payment(home, "card", "p3", "bolt", "1")
    said, stays = "ron is rater in seeds/operators.csv; this needs the role finance or admin", "; it stays where it is"
    assert _landed(home) == {
        "two.csv": "landed",
        "p2.csv": f"{said}, or sources.csv names an operator who answers for the payments of bank{stays}",
        "p3.csv": "landed",
    }
    assert (bank.exists(), card.exists()) == (True, False)
    # that what landed elsewhere counts beside it, fay says, and not whoever lands what she answers for
    twice = _payment(home, "card", "p1", "acme", "5")
    (kept,) = land(home, [twice], again=True)
    assert (kept.status, kept.problem) == ("not_permitted", f"{said}{stays}")
    _who(monkeypatch, "fay")
    calls = _calls(home, "three.csv")
    twice.unlink()
    assert _landed(home) == {
        "p2.csv": "landed",
        "three.csv": "fay is finance in seeds/operators.csv; this needs the role rater or admin; it stays where it is",
    }
    assert calls.exists()
    for who in ("vic", "eve"):
        _who(monkeypatch, who)
        with pytest.raises(Refused, match=f"^{who} is .*; {NEEDS} rater or finance or admin"):
            land(home)


def test_payments_land_for_the_accounts_that_an_operator_acts_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _who(monkeypatch, "acy")
    _payment(home, "bank", "p4", "acme", "1")
    bolt = _payment(home, "bank", "p5", "bolt", "1")
    _calls(home, "four.csv")
    acts = "acy acts for acme in seeds/operators.csv"
    assert _landed(home) == {
        "four.csv": "acy is finance in seeds/operators.csv; this needs the role rater or admin; it stays where it is",
        "p4.csv": "landed",
        "p5.csv": f"{acts}; it has payments of bolt; it stays where it is",
    }
    assert bolt.exists()
    # also where its row would be rejected now, and might count one day: it has the id of another payment
    _payment(home, "bank", "p1", "bolt", "9")
    assert _landed(home)["p1.csv"] == f"{acts}; it has payments of bolt; it stays where it is"
    (card,) = land(home, [_payment(home, "card", "p6", "bolt", "1")])  # fay answers, for all accounts
    assert card.status == "landed"
    for refused in (lambda: withdraw_file(home, card.file_id, "x"), lambda: build(home)):
        with pytest.raises(Refused, match=r"this is about all accounts|this needs the role"):
            refused()


def test_the_source_topups_is_the_command_s_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = topup(home, "acme", Decimal(7))
    kept = home.archive / "payments" / "topups" / f"{entered.file_id}.csv"
    file = _payment(home, "topups", "p7", "acme", "1")
    said = "the source topups is that of tollbook topup alone: enter it by that"
    assert _landed(home)["p7.csv"].startswith(said)
    # without operators likewise
    write_text(home.seeds / "sources.csv", "source,kind", "sw1,cdrs")
    write_text(home.seeds / "operators.csv", "operator,role,accounts")
    assert _landed(home)["p7.csv"].startswith(said)
    assert file.exists()
    # to land what it entered again undoes that it was taken back
    withdraw_file(home, entered.file_id, "another's")
    assert [landed.status for landed in land(home, [kept], kind="payments", source="topups")] == ["landed"]
    # what came as topups before that was refused comes out of the journal
    with writer(home, "test") as held:
        held.replays = True
        assert [landed.status for landed in land_files(held, [file])] == ["landed"]
        with held.connect() as con:
            assert con.execute("select sum(amount) from landed.payments").fetchall() == [(5 + 7 + 1,)]
    assert rebuild(home, check=True).compared


# what two operators enter

REFUND = "2026-05-04T09:00:00Z"
ROWS = (
    f"r1,{REFUND},acme,-50,USD,refund",
    f"r2,{REFUND},acme,-50.01,USD,refund",
    f"r3,{REFUND},acme,60,USD,write_off",
    f"r4,{REFUND},bolt,-1,EUR,refund",  # nobody knows an euro in dollars
    f"r5,{REFUND},acme,1000,USD,",
    f"r2,{REFUND},acme,-50.01,USD,refund",
)


@pytest.fixture
def limited(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """With a limit of 50 dollars, and a second operator of finance, bea; a file of fay's has refunds above it."""
    company = "name,reporting_currency,trust_operator_variable,refund_limit\nHand Made,USD,true,50\n"
    (home.seeds / "company.csv").write_text(company)
    write_operators(home.seeds, *OPERATORS, "bea,finance,")
    build(home)
    _who(monkeypatch, "fay")
    return home


def _refunds(home: Home, name: str, *rows: str, source: str = "bank") -> Landed:
    header = "payment_id,paid_at,account_id,amount,currency,method"
    (landed,) = land(home, [write_text(home.inbox / "payments" / source / f"{name}.csv", header, *rows)])
    return landed


def _waits(home: Home) -> list[tuple[Any, ...]]:
    """The rows that wait, by name and line, and what is said of them."""
    with writer(home, "test") as held, held.connect() as con:
        return con.execute(
            "select f.name, r.line, r.row_id from ops.rejected_rows as r inner join ops.files as f using (file_id)"
            " where r.reason = 'awaits_second' order by all"
        ).fetchall()


def _posted(home: Home) -> list[tuple[Any, ...]]:
    with writer(home, "test") as held, held.connect() as con:
        return con.execute(
            """
            select kind, sum(amount)
            from ops.ledger_entries
            where kind in ('refund', 'write_off')
            group by kind
            order by kind
            """
        ).fetchall()


def test_a_refund_above_the_limit_counts_by_a_second_operator(limited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home = limited
    first = _refunds(home, "first", *ROWS)
    assert (first.landed, first.duplicates, first.rejected) == (2, 1, 3)
    assert _waits(home) == [("first.csv", 3, "r2"), ("first.csv", 4, "r3"), ("first.csv", 5, "r4")]
    (reason,) = first.reasons
    assert reason.detail == (
        "a refund of 50.01 USD of acme is above the refund_limit, or nobody can say what it is worth: it counts when a"
        f" second operator confirms it: tollbook confirm-payment {first.file_id[:12]}:3"
    )
    assert _posted(home) == [("refund", Decimal(-50))]
    for who, line, said in (
        ("fay", 3, "fay landed first.csv: another operator has to confirm what is in it"),
        ("ron", 3, "ron is rater in seeds/operators.csv; this needs the role finance or admin"),
        ("acy", 5, "acy acts for acme in seeds/operators.csv; this is about bolt"),
        ("bea", 2, f"no refund or write-off waits for a second operator at {first.file_id}:2"),
    ):
        _who(monkeypatch, who)
        with pytest.raises(Refused, match=f"^{re.escape(said)}"):
            confirm_payment(home, f"{first.file_id}:{line}")
    assert _posted(home) == [("refund", Decimal(-50))]
    _who(monkeypatch, "bea")
    done = confirm_payment(home, f"{first.file_id[:12]}:3")
    assert (done.status, done.payment_id, done.amount) == ("landed", "r2", Decimal("-50.01"))
    assert _posted(home) == [("refund", Decimal("-100.01"))]
    with pytest.raises(Refused, match="waits for a second operator"):
        confirm_payment(home, f"{first.file_id[:12]}:3")
    # the bank's list has grown: what was confirmed is nothing new, the rest waits there, too
    _who(monkeypatch, "fay")
    grown = _refunds(home, "grown", *ROWS[:5], f"r6,{REFUND},acme,1,USD,")
    assert (grown.landed, grown.duplicates, grown.rejected) == (1, 3, 2)
    told = {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds), "TOLLBOOK_OPERATOR": "acy"}
    said = called(["confirm-payment", f"{first.file_id[:12]}:4"], told)
    assert said.stdout == "confirmed: a write_off of 60.00 USD of acme (r3)\n", said.stderr
    _who(monkeypatch, "bea")
    assert confirm_payment(home, f"{grown.file_id}:4").status == "duplicate"
    assert _posted(home) == [("refund", Decimal("-100.01")), ("write_off", Decimal(60))]
    assert adds_up(home)
    # taken back with its file, they wait in the other for somebody to confirm them there
    withdraw_file(home, first.file_id, "twice")
    assert _posted(home) == [("refund", Decimal(-50)), ("write_off", Decimal(0))]
    assert _waits(home) == [("grown.csv", 3, "r2"), ("grown.csv", 4, "r3"), ("grown.csv", 5, "r4")]
    with writer(home, "test") as held, held.connect() as con:
        counted = con.execute("select rows, landed, duplicates, rejected from ops.files where name = 'grown.csv'")
        assert counted.fetchall() == [(6, 3, 0, 3)]
    assert rebuild(_as(home, monkeypatch, "ann"), check=True).compared


def _as(home: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> Home:
    _who(monkeypatch, name)
    return home


def test_nor_by_another_way_to_land(limited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what conflicts and is meant, or does no more; or as what fay answers for, whoever lands it."""
    home = limited
    _refunds(home, "small", f"r1,{REFUND},acme,-50,USD,refund")
    large = _refunds(home, "large", "r1,2026-05-01T09:00:00Z,acme,-70,USD,refund")
    assert [reason.reason for reason in large.reasons] == ["conflict"]
    kept = home.archive / "payments" / "bank" / f"{large.file_id}.csv"
    (again,) = land(home, [kept], kind="payments", source="bank", again=True)
    assert (again.landed, again.rejected, [r.reason for r in again.reasons]) == (0, 1, ["awaits_second"])
    freed = _refunds(home, "wrong", f"r8,{REFUND},acme,-10,USD,refund")
    right = _refunds(home, "right", f"r8,{REFUND},acme,-80,USD,refund")
    assert [reason.reason for reason in right.reasons] == ["conflict"]
    assert [(other.name, other.landed, other.rejected) for other in withdraw_file(home, freed.file_id, "x").again] == [
        ("right.csv", 0, 1)
    ]
    assert _waits(home) == [("large.csv", 2, "r1"), ("right.csv", 2, "r8")]
    _who(monkeypatch, "ron")
    card = _refunds(home, "card", f"r7,{REFUND},acme,-70,USD,refund", source="card")
    assert card.rejected == 1
    for who in ("ron", "fay"):
        _who(monkeypatch, who)
        with pytest.raises(Refused, match=r"needs the role finance or admin|^fay answers for the payments of card: "):
            confirm_payment(home, f"{card.file_id}:2")
    assert _posted(home) == [("refund", Decimal(-50))]
    _who(monkeypatch, "bea")
    confirm_payment(home, f"{card.file_id}:2")
    confirm_payment(home, f"{large.file_id}:2")
    assert _posted(home) == [("refund", Decimal(-190))]
    assert rebuild(_as(home, monkeypatch, "ann"), check=True).compared


# who may change who may


def test_who_is_no_admin_brings_no_other_operators_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for himself nor for others; what else is in seeds/ a rater may bring in."""
    (home.seeds / "operators.csv").write_text("operator,role,accounts\nann,admin,\nron,rater,\nvic,admin,\n")
    sources = (home.seeds / "sources.csv").read_text()
    (home.seeds / "sources.csv").write_text(sources.replace(",fay", ","))
    _who(monkeypatch, "vic")
    with pytest.raises(Refused, match=r"^vic is viewer in the operators.csv that is loaded; this needs the role"):
        topup(home, "acme", Decimal(1))
    _who(monkeypatch, "ron")
    with pytest.raises(Refused) as refused:
        build(home)
    assert str(refused.value) == (
        "seeds/ says otherwise than is loaded who may do what: one who is admin there (ann), or the owner of"
        f" {home.root}, brings that in"
    )
    # as little by a configuration of his own
    with pytest.raises(Refused, match="says otherwise than is loaded"):
        build(Home(home.root, write_company(home.root.parent / "own")))
    _who(monkeypatch, "ann")
    build(home)
    _who(monkeypatch, "vic")
    topup(home, "acme", Decimal(1))
    _who(monkeypatch, "ron")
    rates = (home.seeds / "rates.csv").read_text()
    (home.seeds / "rates.csv").write_text(rates.replace("0.06", "0.07"))
    build(home)


@pytest.mark.parametrize("changed", ["trust_operator_variable", "waiver_limit", "refund_limit"])
def test_nor_a_limit_nor_who_says_who_acts(home: Home, changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    company = "name,reporting_currency,trust_operator_variable,waiver_limit,refund_limit\nHand Made,USD,{},{},{}\n"
    cells = {"trust_operator_variable": "true", "waiver_limit": "", "refund_limit": ""}
    cells[changed] = "" if cells[changed] else "5"
    (home.seeds / "company.csv").write_text(company.format(*cells.values()))
    _who(monkeypatch, "ron")
    with pytest.raises(Refused, match="says otherwise than is loaded who may do what"):
        build(home)


def test_the_variable_says_who_acts_where_it_is_trusted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own user is who acts otherwise; what the deployment's owner brings in he may not do by that."""
    own = user()
    write_operators(home.seeds, *OPERATORS, f"{own},rater,")
    build(home)
    (home.seeds / "company.csv").write_text("name,reporting_currency\nHand Made,USD\n")
    _who(monkeypatch, "")
    build(home)  # whose the folder is, the tests' user, may bring that in; from now on the variable's word is none
    _who(monkeypatch, "ann")
    with pytest.raises(Refused) as refused:
        build(home)
    assert str(refused.value) == (
        f"TOLLBOOK_OPERATOR is ann, and seeds/company.csv does not trust it: unset it, to act as {own}, or have an"
        " admin write true there (trust_operator_variable)"
    )
    for variable in ("USER", "LOGNAME"):
        monkeypatch.setenv(variable, "eve")
    for named in (own, ""):
        _who(monkeypatch, named)
        build(home)
    # who is in the list no more, and not the owner of the folder, lets himself in by no file
    write_operators(home.seeds, *OPERATORS)
    _who(monkeypatch, "ann")
    build(home)  # the owner's word, that ann's name is good
    (home.seeds / "company.csv").write_text("name,reporting_currency\nHand Made,USD\n")
    write_text(home.seeds / "operators.csv", "operator,role,accounts", "fay,finance,", f"{own},admin,")
    _who(monkeypatch, "")
    monkeypatch.setattr(permitted.os, "geteuid", lambda: home.root.stat().st_uid + 1)
    with pytest.raises(Refused, match=r"^\w+ is not in the operators.csv that is loaded; .*: add a row for \w+ there"):
        build(home)


def test_without_operators_the_variable_is_believed(home: Home) -> None:
    (home.seeds / "company.csv").write_text("name,reporting_currency\nHand Made,USD\n")
    (home.seeds / "sources.csv").write_text("source,kind\nsw1,cdrs\n")
    (home.seeds / "operators.csv").write_text("operator,role,accounts\n")
    topup(home, "acme", Decimal(1))
    with serving(home) as con:
        assert con.execute("select entered_by from landed.payments where source = 'topups'").fetchall() == [("ann",)]


def test_a_rebuild_asks_nobody_who_is_in_the_journal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """fay's top-up comes out of it when she is no operator any more; to rebuild is the admin's."""
    _who(monkeypatch, "fay")
    topup(home, "acme", Decimal(3))
    _who(monkeypatch, "ann")
    write_text(home.seeds / "sources.csv", "source,kind", "sw1,cdrs")
    write_text(home.seeds / "operators.csv", "operator,role,accounts", "ann,admin,", "ron,rater,")
    build(home)
    _who(monkeypatch, "ron")
    with pytest.raises(Refused, match=r"^ron is rater in seeds/operators.csv; this needs the role admin"):
        rebuild(home)
    home.warehouse.unlink()
    with pytest.raises(Refused, match=r"^ron is rater in seeds/operators.csv; this needs the role admin"):
        rebuild(home)
    assert rebuild(home, check=True).entries > 0
    write_text(home.seeds / "operators.csv", "operator,role,accounts", "ron,admin,")
    with pytest.raises(Refused, match=r"^ron is rater in the operators.csv that is loaded; this needs the role admin"):
        rebuild(home)
    write_text(home.seeds / "operators.csv", "operator,role,accounts", "ann,admin,", "ron,rater,")
    _who(monkeypatch, "ann")
    assert rebuild(home).replaced


def test_nobody_is_asked_where_the_journal_is_done_again() -> None:
    held = Writer(Home(Path("/nowhere"), Path("/nowhere")), "rebuild", replays=True)
    permitted.require(held, COMMANDS["rebuild"])
    permitted.bring_in(held)
