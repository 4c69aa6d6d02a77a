"""What nobody may do to a deployment: each is refused in a line, and the books are as they were, or it is harmless."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.accounts.topup import topup
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.verify.verify import verify
from orchestration.store.warehouse import Home
from tests.support.company import write_calls, write_company, write_operators, write_text
from tests.support.deployment import called
from tests.support.journals import rewrite
from tests.support.put_back import keep, put_back

pytestmark = pytest.mark.usefixtures("unpublished")
NOW = "2026-03-03T00:05:00"
_CALLS = [("c1", "2026-02-26T10:00:00", "60", "in-a"), ("c2", "2026-02-27T10:00:00", "90", "in-b")]
_PAYMENT = "payment_id,paid_at,account_id,amount,currency,method"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls of two closed days, a bank's payment, a top-up, an invoice; ann is admin, vic a viewer, ron a rater."""
    root = tmp_path_factory.mktemp("misuse") / "deployment"
    home = Home(root / "home", write_company(root / "seeds", sources="source,kind\nsw1,cdrs\nbank,payments\n"))
    write_operators(home.seeds, "ann,admin,", "abe,admin,", "ron,rater,", "vic,viewer,")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", NOW)
        patch.setenv("TOLLBOOK_OPERATOR", "ann")
        land(home, [write_calls(root / "calls.csv", _CALLS)], kind="cdrs", source="sw1")
        paid = write_text(root / "paid.csv", _PAYMENT, "p1,2026-02-27T09:00:00,acme,7,USD,")
        land(home, [paid], kind="payments", source="bank")
        close(home)
        topup(home, "acme", Decimal(5), reference="t1")
        shutil.copy(home.warehouse, root / "older.duckdb")
        invoice(home, DocumentRequest("bolt", date(2026, 2, 1)))
        topup(home, "acme", Decimal(6), reference="t2")
    keep(root)
    return root


@pytest.fixture
def home(closed: Path) -> Home:
    return put_back(closed)


_TOP_UP = "topup acme 3 --reference t9"


def _seed(file: str, row: str) -> Callable[[Home], None]:
    def add(home: Home) -> None:
        with (home.seeds / f"{file}.csv").open("a") as seed:
            seed.write(row + "\n")

    return add


def _seed_edited(file: str, old: str, new: str) -> Callable[[Home], None]:
    path = f"{file}.csv"
    return lambda home: (home.seeds / path).write_text((home.seeds / path).read_text().replace(old, new)) and None


def _file(name: str, *lines: str) -> Callable[[Home], None]:
    return lambda home: write_text(home.root.parent / name, *lines) and None


def _calls(*calls: tuple[str, str, str, str]) -> Callable[[Home], None]:
    return lambda home: write_calls(home.root.parent / "more.csv", calls) and None


def _older(home: Home) -> None:
    shutil.copy(home.root.parent / "older.duckdb", home.warehouse)


def _last_lines_lost(home: Home) -> None:
    home.journal.write_bytes(b"".join(home.journal.read_bytes().splitlines(keepends=True)[:-2]))


def _another_journal(home: Home) -> None:
    kept = home.warehouse.read_bytes()
    rewrite(home, lambda line: {**line, "operator": "eve"})
    home.warehouse.write_bytes(kept)


def _sqlite(home: Home) -> None:
    home.warehouse.write_bytes(b"SQLite format 3\0" + bytes(4096))


def _newer(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update ops.release set tables = tables + 1")


def _two_releases(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("insert into ops.release from ops.release")


def _pipe(home: Home) -> None:
    home.journal.unlink()
    os.mkfifo(home.journal)


def _stored_day(home: Home) -> None:
    path = next(home.root.glob("tables/marts.rated_calls/day=2026-02-27/*"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _nothing(home: Home) -> None:
    return


# what befell it, the command, who gives it, and of what is said
REFUSED: dict[str, tuple[Callable[[Home], None], str, str, str]] = {
    "a viewer enters money": (_nothing, _TOP_UP, "vic", "this needs the role finance or admin"),
    "a rater enters money": (_nothing, _TOP_UP, "ron", "this needs the role finance or admin"),
    "nobody known enters money": (_nothing, _TOP_UP, "eve", "eve is not in"),
    "a rater lands a payment": (
        _file("more.csv", _PAYMENT, "p2,2026-02-27T09:00:00,acme,900,USD,"),
        "land {}/more.csv --kind payments --source bank", "ron", "this needs the role finance or admin"),
    "a viewer closes": (_nothing, "close", "vic", "this needs the role"),
    "a viewer publishes": (_nothing, "publish", "vic", "this needs the role"),
    "a viewer rebuilds": (_nothing, "rebuild", "vic", "this needs the role admin"),
    "a rater repairs": (_stored_day, "repair", "ron", "this needs the role admin"),
    "a rater makes himself admin": (_seed("operators", "rex,admin,"), "build", "ron", "who is admin there"),
    "a file of top-ups": (
        _file("more.csv", _PAYMENT, "t3,2026-02-27T09:00:00,acme,900,USD,"),
        "land {}/more.csv --kind payments --source topups", "ann", "the source topups is that of tollbook topup alone"),
    "the same top-up again": (_nothing, "topup acme 5 --reference t1", "ann", "already"),
    "a top-up that the bank has too": (_nothing, "topup acme 7 --reference p1", "ann", "landed from bank"),
    "a negative top-up": (_nothing, "topup acme -- -5", "ann", "above 0"),
    "an invisible mark in a reference": (_nothing, "topup acme 3 --reference t\u202e1", "ann", "--reference"),
    "a line break in a reference": (_nothing, "topup acme 3 --reference t\n1", "ann", "--reference"),
    "a path for an account": (_nothing, "topup ../../acme 3 --reference t9", "ann", "no account"),
    "a path for an invoice": (_nothing, "evidence ../../INV-2026-000001", "ann", "INV"),
    "an account that is a path": (
        _seed("accounts", "../../../../x,X,customer,USD,,,,"), "build", "ann", "../../../../x"),
    "an account that looks like another": (
        _seed("accounts", "ac\u200bme,X,customer,USD,,,,"), "build", "ann", "account_id"),
    "another currency after postings": (
        _seed_edited("accounts", "acme,Acme,customer,USD", "acme,Acme,customer,EUR"), "build", "ann", "currency"),
    "the same bytes of another source": (
        _nothing, "land {}/calls.csv --kind cdrs --source sw2", "ann", "the same content landed from sw1"),
    "superseding what is not there": (
        _calls(("z9", "2026-02-27T10:00:00", "60", "in-a")),
        "land {}/more.csv --kind cdrs --source sw1 --supersede --reason x", "ann", "replaces none"),
    "superseding without a reason": (
        _calls(("c2", "2026-02-27T10:00:00", "9", "in-b")),
        "land {}/more.csv --kind cdrs --source sw1 --supersede", "ann", "--reason"),
    "a day before its time": (_nothing, "close --day 2026-03-02", "ann", "cannot be closed before"),
    "a day that is closed": (_nothing, "close --day 2026-02-26", "ann", "closed already"),
    "what is not unrated is waived": (
        _nothing, "waive --day 2026-02-26 --call c1 --reason x", "ann", "c1"),
    "an invoice on a damaged day": (_stored_day, "invoice acme 2026-02", "ann", "is damaged"),
    "an invoice again, of another period": (_nothing, "invoice bolt 2026-03", "ann", "2026-03"),
    "an older copy of the warehouse": (_older, _TOP_UP, "ann", "older copy"),
    "a journal without its last lines": (_last_lines_lost, _TOP_UP, "ann", "it ends with number"),
    "no journal": (lambda home: home.journal.unlink(), _TOP_UP, "ann", "bring archive/ back"),
    "a pipe for the journal": (_pipe, _TOP_UP, "ann", "is a pipe"),
    "a warehouse of two releases": (_two_releases, _TOP_UP, "ann", "ops.release has 2 rows"),
    "another journal": (_another_journal, _TOP_UP, "ann", "is not as it was written"),
    "no database": (_sqlite, _TOP_UP, "ann", "an SQLite database"),
    "a link for the lock's file": (
        lambda home: (home.lock.unlink(), home.lock.symlink_to("/nowhere"))[0], _TOP_UP, "ann", "take it away"),
    "a newer release's": (_newer, _TOP_UP, "ann", "newer release"),
    "no warehouse": (lambda home: home.warehouse.unlink(), _TOP_UP, "ann", "tollbook rebuild"),
    "a clock that is behind": (_nothing, f"{_TOP_UP} NOW=2026-03-02T23:00:00", "ann", "set the clock"),
    "a clock that is not": (_nothing, f"{_TOP_UP} --clock-back x", "ann", "leave --clock-back out"),
    "nowhere to keep an anchor": (_nothing, "close ANCHOR=anchors", "ann", "TOLLBOOK_ANCHOR"),
    "a refund without a file": (_nothing, "topup acme 3 --method refund", "ann", "a refund is no top-up"),
    "a withdrawal of nothing": (_nothing, "withdraw 0123456789ab --reason x", "ann", "0123456789ab"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_misuse_is_refused(home: Home, what: str) -> None:
    befell, command, who, wrong = REFUSED[what]
    befell(home)
    before = _kept(home)
    words = [word.format(home.root.parent) for word in command.split(" ")]
    told = {"TOLLBOOK_" + name: value for name, _, value in (word.partition("=") for word in words) if value}
    named = {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds), "TOLLBOOK_OPERATOR": who}
    done = called([word for word in words if "=" not in word], {"TOLLBOOK_NOW": NOW} | named | told)
    assert done.returncode in (1, 2), done.stdout
    assert wrong in done.stderr
    assert "Traceback" not in done.stderr
    assert _kept(home) == before


def _kept(home: Home) -> dict[str, object]:
    """The journal, and what is in the books and documents, as far as they can be read."""
    kept: dict[str, object] = {"journal": home.journal.read_bytes() if home.journal.is_file() else None}
    try:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            for table in ("ops.ledger_entries", "landed.cdrs", "landed.payments", "ops.waivers", "ops.invoices"):
                kept[table] = sorted(con.execute(f"select * from {table}").fetchall(), key=repr)
    except duckdb.Error:
        kept["warehouse"] = None
    kept["exports"] = sorted(str(path) for path in (home.root / "exports").rglob("*"))
    return kept


def _lines(home: Home) -> Iterator[dict[str, object]]:
    return (json.loads(line) for line in home.journal.read_bytes().splitlines())


# what leaves verify nothing to say and the next top-up possible
HARMLESS: dict[str, Callable[[Home], object]] = {
    "a line that was never finished": lambda home: home.journal.write_bytes(home.journal.read_bytes() + b'{"n": 99'),
    "the lock's file": lambda home: home.lock.write_bytes(b"\0garbage"),
    "another lock's file": lambda home: home.lock.write_text('{"done": "x", "pid": 5}'),
    "no lock's file": lambda home: home.lock.unlink(),
    "a file begun by a command that was killed": lambda home: (home.archive / "cdrs" / ".x.9.part").touch(mode=0o640),
    "a folder for nothing": lambda home: (home.root / "notes").mkdir(mode=0o750),
    "a file in the inbox that is being written": lambda home: write_text(home.inbox / "cdrs" / "sw1" / "a.part", "x"),
    "what was set aside": lambda home: [path.unlink() for path in home.rejected.rglob("*") if path.is_file()],
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_harmless(home: Home, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_NOW", NOW)
    monkeypatch.setenv("TOLLBOOK_OPERATOR", "ann")
    HARMLESS[what](home)
    assert verify(home).faults == []
    assert topup(home, "acme", Decimal(3), reference="t9").account["balance"] == Decimal("20.94")
    assert verify(home).faults == []
