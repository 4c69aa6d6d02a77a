"""Every kind of damage and tampering is noticed by verify, and a deployment that nobody touched is clean."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import duckdb
import pytest

from orchestration.operations.accounts.topup import topup
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.evidence import evidence
from orchestration.operations.billing.general_ledger import general_ledger
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.billing.statement import statement
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.publish import publish_now, published_files
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.operations.upkeep.repair import Repaired, repair
from orchestration.operations.verify.anchors import anchor
from orchestration.operations.verify.verify import verify
from orchestration.store.files import guarded
from orchestration.store.warehouse import Home, Refused, serving
from tests.support.company import write_calls, write_company, write_text
from tests.support.deployment import called
from tests.support.journals import rewrite
from tests.support.people import Inbox
from tests.support.put_back import keep, put_back

pytestmark = pytest.mark.usefixtures("unpublished")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls of 26 and 27 February, a top-up, an invoice of February; both days closed."""
    root = tmp_path_factory.mktemp("closed") / "deployment"
    made = Home(root / "home", write_company(root / "seeds"))
    calls = [("c1", "2026-02-26T10:00:00", "60", "in-a"), ("c2", "2026-02-27T10:00:00", "90", "in-b")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-03-03T00:05:00")
        land(made, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
        close(made)
        topup(made, "acme", Decimal(5))
        invoice(made, DocumentRequest("bolt", date(2026, 2, 1)))
    keep(root)
    return root


@pytest.fixture
def home(closed: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-03T00:05:00")
    return put_back(closed)


def _lines(home: Home) -> list[bytes]:
    return home.journal.read_bytes().splitlines(keepends=True)


def _without(action: str) -> Callable[[Home], None]:
    return lambda home: (
        home.journal.write_bytes(b"".join(line for line in _lines(home) if json.loads(line)["action"] != action))
        and None
    )


def _edited(old: bytes, new: bytes) -> Callable[[Home], None]:
    return lambda home: home.journal.write_bytes(home.journal.read_bytes().replace(old, new)) and None


def _sql(statement: str) -> Callable[[Home], None]:
    def run(home: Home) -> None:
        with duckdb.connect(str(home.warehouse)) as con:
            assert con.execute(statement).fetchall() != [(0,)], statement

    return run


def _gone(pattern: str) -> Callable[[Home], None]:
    return lambda home: _one(home, pattern).unlink()


def _changed(pattern: str) -> Callable[[Home], None]:
    def change(home: Home) -> None:
        path = _one(home, pattern)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))

    return change


def _one(home: Home, pattern: str) -> Path:
    return sorted(path for path in home.root.glob(pattern) if path.is_file())[0]


def _added(path: str) -> Callable[[Home], None]:
    return lambda home: (home.root / path).write_bytes(b"call_id\n") and None


_NOTICED: list[tuple[str, Callable[[Home], None], str, str]] = [
    ("a line taken out", _without("configure"), "journal", "is missing"),
    ("an operator edited", _edited(b'"operator": "root"', b'"operator": "eve"'), "journal", "is damaged"),
    ("an amount of the ledger", _sql("update ops.ledger_entries set amount = amount * 2 where kind = 'payment'"),
     "ledger", "10.00000000 USD of acme"),
    ("a posting taken out", _sql("delete from ops.ledger_entries where kind = 'calls' and account_id = 'acme'"),
     "ledger", "posted"),
    ("a posting put in", _sql(
        "insert into ops.ledger_entries by name select * replace ('x' as entry_id, 99 as amount) "
        "from ops.ledger_entries where kind = 'payment'"), "ledger", "another id"),
    ("a payment put in, well named", _sql(
        "insert into ops.ledger_entries by name select * replace ("
        "sha256('acme|2026-03-03|2026-03-01|payment||9.00000000|USD|bank:x|0') as entry_id, 9 as amount, 'bank:x' as "
        "reference) from ops.ledger_entries where kind = 'payment'"), "ledger", "bank:x of acme (9.0"),
    ("a payment that landed", _sql("update landed.payments set amount = amount * 2"), "ledger",
     "acme would be posted 5.00000000 USD (payment) more"),
    ("a call that landed", _sql("update landed.cdrs set duration_s = 1 where call_id = 'c2'"), "landed",
     "the cdrs of sw1 are not rated as they landed (1 rows landed, 1 rated)"),
    ("a call put in", _sql("insert into landed.cdrs by name select * replace ('c9' as call_id) from landed.cdrs "
                           "where call_id = 'c2'"), "landed", "3 rows of the cdrs of sw1 are there, 2 landed"),
    ("a call taken out", _sql("delete from landed.cdrs where call_id = 'c2'"), "landed", "1 rows of the cdrs"),
    ("a posting of no close", _sql(
        "update ops.ledger_entries set posted_at = posted_at + interval 1 day where kind = 'calls'"),
     "ledger", "no line of the journal closed"),
    ("a close forgotten", _sql("delete from ops.closings where day = '2026-02-26'"), "ledger", "closed it"),
    ("who did it, in the warehouse", _sql("update ops.journal set operator = 'eve' where action = 'close'"),
     "journal", "the warehouse knows it as another one"),
    ("a line that the warehouse alone knows", _sql(
        "insert into ops.journal select n + 1, * exclude n from ops.journal order by n desc limit 1"),
     "journal", "has it no more"),
    ("a line that the warehouse lacks", _sql("delete from ops.journal where action = 'configure'"),
     "journal", "does not know of it"),
    ("an invoice's total", _sql("update ops.invoices set total = total + 1 where status = 'issued'"),
     "invoice", "not as line"),
    ("an invoice's checksum", _sql("update ops.invoices set checksum = 'x' where status = 'issued'"),
     "invoice", "not as line"),
    ("an invoice forgotten", _sql("delete from ops.invoices where status = 'issued'"), "invoice", "issued it"),
    ("what was charged, no more on the invoice", _sql("delete from ops.invoice_entries"), "invoice", "come to"),
    ("an archived file changed", _changed("archive/cdrs/*/*"), "archive", "its bytes are not those"),
    ("an archived file gone", _gone("archive/cdrs/*/*"), "archive", "it is gone"),
    ("an archived payment that no line has", _added("archive/payments/topups/" + "a" * 64 + ".csv"),
     "archive", "no line of the journal that took effect speaks of it"),
    ("a price", _sql("update config.rates set rate_per_minute = 6"), "configuration", "/rates.csv has it"),
    ("a view that says nothing of it", _sql(
        "create or replace view books.misnamed_entries as select * from ops.ledger_entries limit 0"), "warehouse",
     "the view is not as this release makes it"),
    ("a view over stored files", _sql("create or replace view marts.rated_calls as select 1 as day"), "warehouse",
     "the view is not as this release makes it"),
    ("a view put in", _sql("create view marts.more as select 1 as day"), "warehouse", "no such view"),
    ("a kept configuration changed", _changed("archive/config/*/rates.csv"), "archive", "not those that were loaded"),
    ("an archived document changed", _changed("archive/invoices/*.pdf"), "archive", "its bytes are not those"),
    ("a sealed day changed", _changed("tables/marts.rated_calls/day=2026-02-26/*"), "stored", "its bytes are not"),
    ("a sealed day gone", _gone("tables/marts.rated_calls/day=2026-02-27/*"), "stored", "it is gone"),
    ("the calls of an invoice", _changed("tables/marts.invoice_calls/*"), "stored", "its bytes are not"),
    ("an exported invoice", _changed("exports/invoices/INV*.csv"), "invoice", "its bytes are not"),
    ("no warehouse", _gone("warehouse.duckdb"), "warehouse", "it is gone"),
    ("no database", lambda home: home.warehouse.write_bytes(b"x" * 8192) and None, "warehouse", "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "what", "wrong"), [row[1:] for row in _NOTICED], ids=[row[0] for row in _NOTICED])
def test_damage_is_noticed(home: Home, damage: Callable[[Home], None], what: str, wrong: str) -> None:
    damage(home)
    faults = verify(home).faults
    assert [fault for fault in faults if fault.what == what and wrong in fault.wrong], faults
    assert all(fault.where and fault.right for fault in faults)


def test_what_nobody_touched_is_clean_and_stays_so(home: Home) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*") if path.is_file()}
    done = verify(home)
    assert done.faults == []
    assert done.lines == 8  # configuration, file, four closes (26 February to 1 March), top-up, invoice
    after = {path: path.stat().st_mtime_ns for path in home.root.rglob("*") if path.is_file()}
    assert {path for path in after if before.get(path) != after[path]} <= {home.lock}
    rebuild(home)
    assert verify(home).faults == []
    assert verify(home).head == done.head


def test_a_journal_that_is_whole_and_another_one(home: Home, tmp_path: Path) -> None:
    """Who can write to all of it can make it fit; not to what was kept elsewhere."""
    kept = tmp_path / "anchors"
    head = anchor(home)
    kept.write_text(f"{head.n} {head.sha256}\n\n")
    assert verify(home, kept_anchors=kept).faults == []
    rewrite(home, lambda line: {**line, "operator": "eve"})
    _sql("update ops.journal set operator = 'eve'")(home)
    assert verify(home).faults == []
    faults = verify(home, kept_anchors=kept).faults
    assert [(fault.where, fault.wrong) for fault in faults] == [
        (f"line {head.n}", "it is not the one that was kept elsewhere")
    ]
    kept.write_text("7 abc\n")
    with pytest.raises(Refused, match="line 1 is no anchor"):
        verify(home, kept_anchors=kept)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOLLBOOK_ANCHOR", raising=False)


def test_each_close_keeps_an_anchor(
    home: Home, people: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a file, which verify reads then, or as a message; where that fails the day is closed all the same."""
    kept, drop = tmp_path / "anchors", home.inbox / "cdrs" / "sw1"

    def close_late(name: str) -> str:
        """Close a day again that a call came late for; the anchor of it."""
        write_calls(drop / f"{name}.csv", [(name, "2026-02-27T10:00:00", "60", "in-a")])
        land(home)
        assert [each.day for each in close(home) if each.status == "closed"] == [date(2026, 2, 27)]
        head = anchor(home)
        return f"{head.n} {head.sha256}"

    monkeypatch.setenv("TOLLBOOK_ANCHOR", str(kept))
    heads = [close_late("late1"), close_late("late2")]
    assert kept.read_text().splitlines() == heads
    assert [each.status for each in close(home)] == ["ready"]  # nothing closes, nothing is kept
    assert kept.read_text().splitlines() == heads
    assert verify(home).faults == []
    kept.write_text(f"{heads[0]}\n{heads[1][:-1]}{'0' if heads[1][-1] != '0' else '1'}\n")
    assert [fault.where for fault in verify(home).faults] == [f"line {heads[1].split()[0]}"]
    monkeypatch.setenv("TOLLBOOK_ANCHOR", people.url)
    head = close_late("late3")
    assert people.messages == [f"{home.root}: {head}"]
    people.status = 500
    head = close_late("late4")
    assert f"the anchor {head} was not kept (json:// (" in capsys.readouterr().err


@pytest.mark.parametrize("odd", ["anchors", "/", "/nowhere/anchors"])
def test_an_anchor_that_cannot_be_kept_is_refused_first(home: Home, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setenv("TOLLBOOK_ANCHOR", odd)
    with pytest.raises(Refused, match=r"TOLLBOOK_ANCHOR is .*write the whole path of a file"):
        close(home)


def test_nothing_to_verify(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing has landed"):
        anchor(Home(tmp_path / "home", tmp_path / "seeds"))
    with pytest.raises(Refused, match="nothing has landed"):
        verify(Home(tmp_path / "home", write_company(tmp_path / "seeds")))
    assert not (tmp_path / "home").exists()


def test_what_a_crash_left_is_no_fault(home: Home, tmp_path: Path) -> None:
    """A file that was archived and not landed yet, still in the inbox; a line that was never finished."""
    waiting = write_calls(home.inbox / "cdrs" / "sw1" / "late.csv", [("c9", "2026-02-27T10:00:00", "60", "in-a")])
    name = hashlib.sha256(waiting.read_bytes()).hexdigest()
    with guarded():
        (home.archive / "cdrs" / "sw1" / f"{name}.csv").write_bytes(waiting.read_bytes())
    with home.journal.open("ab") as journal:
        journal.write(b'{"action": "land", "n": 7')
    assert verify(home).faults == []


def test_a_top_up_that_an_older_warehouse_does_not_have(home: Home) -> None:
    """One line behind, it may be what a crash left: that the payment is in no book is told of its file."""
    older, lock = home.warehouse.read_bytes(), home.lock.read_bytes()
    entered = topup(home, "acme", Decimal(77))
    home.warehouse.write_bytes(older)
    home.lock.write_bytes(lock)
    (fault,) = [fault for fault in verify(home).faults if fault.what != "published"]
    assert (fault.what, fault.where) == ("archive", f"archive/payments/topups/{entered.file_id}.csv")
    assert "that took effect" in fault.wrong
    assert "tollbook topup" in fault.right


def test_an_exported_invoice_is_put_back_from_the_archive(home: Home) -> None:
    path = _one(home, "exports/invoices/INV*.csv")
    path.write_bytes(b"x")
    (fault,) = verify(home).faults
    _, kept, *_ = fault.right.split()
    shutil.copyfile(home.root / kept, path)
    assert verify(home).faults == []


@pytest.mark.parametrize("covers", [5, {"x": 1}])
def test_a_line_that_covers_nothing(home: Home, covers: object) -> None:
    rewrite(home, lambda line: {**line, "covers": covers} if line["n"] == 1 else line)
    assert "is not one that tollbook wrote" in verify(home).faults[0].wrong


@pytest.mark.parametrize(
    "line", [{"action": "xyz"}, {"action": "land"}, {"action": "invoice"}, {"action": "configure", "version": 5}]
)
def test_a_last_line_that_nobody_wrote(home: Home, line: dict[str, object]) -> None:
    """It fits the one before, and says too little."""
    texts = home.journal.read_bytes().splitlines()
    prev, n = hashlib.sha256(texts[-1]).hexdigest(), json.loads(texts[-1])["n"] + 1
    added = {"at": "2026-03-03T00:06:00.000000", "operator": "eve", "n": n, "prev": prev, **line}
    home.journal.write_bytes(b"".join(text + b"\n" for text in [*texts, json.dumps(added).encode()]))
    assert [(fault.what, fault.where) for fault in verify(home).faults] == [("journal", f"line {n}")]


def test_damage_holds_a_day_and_an_invoice_back(home: Home, tmp_path: Path) -> None:
    _changed("tables/marts.rated_calls/day=2026-02-27/*")(home)
    with pytest.raises(Refused, match=r"of 2026-02-27 is damaged: its bytes are not those .* tollbook repair"):
        invoice(home, DocumentRequest("acme", date(2026, 2, 1)))
    late = [(f"c{day}", f"2026-02-{day}T11:00:00", "60", "in-a") for day in (26, 27)]
    land(home, [write_calls(tmp_path / "late.csv", late)], kind="cdrs", source="sw1")
    checked = {each.day.day: each for each in close(home)}
    assert (checked[26].status, checked[27].status) == ("closed", "failed")
    assert [failure.check for failure in checked[27].failures] == ["stored_files_are_whole"]


@pytest.mark.published
def test_what_is_damaged_is_made_again(home: Home) -> None:
    """Closed days and an invoice's calls from the archive, an open day by a build, what is published by publishing."""
    calls = write_calls(home.root / "open.csv", [("o", "2026-03-02T10:00:00", "60", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")
    build(home)
    assert verify(home).faults == []
    published = sorted(published_files(home))
    for pattern in (
        "tables/marts.rated_calls/day=2026-02-26/*",
        "tables/marts.invoice_calls/*",
        "tables/marts.rated_calls/day=2026-03-02/*",
        published[0],
        published[-1],
    ):
        _changed(pattern)(home)
    for pattern in ("tables/marts.rated_calls/day=2026-02-27/*", "tables/marts.breakout_daily/day=2026-03-02/*"):
        _gone(pattern)(home)
    done = repair(home)
    assert [path.split("/")[1] for path in done.sealed] == [
        "marts.invoice_calls",
        "marts.rated_calls",
        "marts.rated_calls",
    ]
    assert [path.split("/")[1] for path in done.open] == ["marts.breakout_daily", "marts.rated_calls"]
    assert done.published == [published[0], published[-1]]
    assert verify(home).faults == []
    with serving(home) as con:
        rated = con.execute("select call_id, sell_account_amount from marts.rated_calls order by 1").fetchall()
    # 60 s at 0.06 a minute, 90 s two minutes of it, of an account in euro at half
    assert rated == [("c1", Decimal("0.06")), ("c2", Decimal("0.06")), ("o", Decimal("0.06"))]
    assert repair(home) == Repaired([], [], [])
    rebuild(home)
    assert verify(home).faults == []


@pytest.mark.published
@pytest.mark.parametrize("damage", ["serving/tollbook.duckdb", None])
def test_what_analysts_open(home: Home, damage: str | None) -> None:
    """The small file of views, altered or gone; publishing makes it again."""
    publish_now(home)
    assert verify(home).faults == []
    if damage:
        with duckdb.connect(str(home.serving)) as con:
            con.execute("create or replace view marts.days as select 1 as day")
    else:
        home.serving.unlink()
    assert [(fault.what, fault.where) for fault in verify(home).faults] == [("published", "serving/tollbook.duckdb")]
    publish_now(home)
    assert verify(home).faults == []


@pytest.mark.published
def test_nothing_goes_out_that_stands_on_a_damaged_file(home: Home) -> None:
    invoice(home, DocumentRequest("acme", date(2026, 2, 1)))
    asked = (date(2026, 2, 1), date(2026, 3, 31))
    write_text(home.accounting / "chart.csv", "kind,gl_account,counter_account\n")
    for pattern, ask in (
        ("serving/data/marts.statement_entries/*", lambda: statement(home, "acme", *asked)),
        ("serving/data/marts.balance_ledger_daily/*", lambda: statement(home, "acme", *asked)),
        ("serving/data/marts.ledger_entries/*", lambda: general_ledger(home, *asked)),
        ("tables/marts.rated_calls/day=2026-02-26/*", lambda: evidence(home, "INV-2026-000002")),
        ("tables/marts.invoice_calls/INV-2026-000002*", lambda: evidence(home, "INV-2026-000002")),
    ):
        path = sorted(home.root.glob(pattern))[-1]
        content = path.read_bytes()
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        with pytest.raises(Refused, match=f"{path.name} is damaged: its bytes are not .* run: tollbook repair"):
            ask()
        path.write_bytes(content)
    assert statement(home, "acme", *asked).closing


def test_of_files_with_the_same_sums_the_right_one_is_taken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A late call of the same price: its file and the day's first one have the same sums."""
    late = write_calls(home.root / "late.csv", [("z1", "2026-02-26T12:00:00", "60", "in-a")])
    land(home, [late], kind="cdrs", source="sw1")
    close(home)
    for place in (0, 1):
        files = sorted(home.root.glob("tables/marts.rated_calls/day=2026-02-26/*"))
        assert len(files) == 2
        files[place].write_bytes(b"x")
        assert repair(home).sealed == [str(files[place].relative_to(home.root))]
        with duckdb.connect(str(home.warehouse)) as con:
            calls = con.sql("select call_id from marts.rated_calls where day = '2026-02-26' order by 1").fetchall()
        assert calls == [("c1",), ("z1",)]


def test_what_the_archive_gives_otherwise_is_not_taken(home: Home) -> None:
    _sql("update ops.stored_files set sums = replace(sums, '0.06', '0.07') where table_name = 'marts.rated_calls'")(
        home
    )
    _changed("tables/marts.rated_calls/day=2026-02-26/*")(home)
    before = home.journal.read_bytes()
    with pytest.raises(Refused, match=r"cannot be made again: what the archive gives .* other rows or sums"):
        repair(home)
    assert home.journal.read_bytes() == before
    assert [fault.what for fault in verify(home).faults] == ["stored"]


def test_any_bit_of_any_file(home: Home) -> None:
    """Flipped one by one: noticed, or without effect on what is read."""
    chosen = random.Random(13)
    kept = [path for path in sorted(home.root.rglob("*")) if path.is_file() and path != home.lock]
    kept = [path for path in kept if not path.is_relative_to(home.serving.parent) and path.stat().st_size]
    for path in (path for path in kept if path != home.warehouse):
        content = path.read_bytes()
        place = chosen.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(flipped))
        assert verify(home).faults, f"bit {place} of {path}"
        path.write_bytes(content)
        os.utime(path)
    assert verify(home).faults == []


def test_others_may_not_read_nor_write(home: Home) -> None:
    """As it was made nobody may; the inbox is the group's to write to, and only everybody may not."""
    write_calls(home.inbox / "cdrs" / "sw1" / "late.csv", [("c9", "2026-02-27T10:00:00", "60", "in-a")])
    for path in (home.inbox, *home.inbox.rglob("*")):
        path.chmod(0o775 if path.is_dir() else 0o664)
    (home.root / "own notes").write_text("not of tollbook")
    assert verify(home).faults == []
    journal, invoices = home.journal.relative_to(home.root), home.root / "exports" / "invoices"
    for path, mode, where in (
        (home.journal, 0o644, str(journal)),
        (invoices, 0o770, "exports/invoices"),
        (home.serving, 0o604, "serving/tollbook.duckdb"),
        (home.warehouse, 0o642, "warehouse.duckdb"),
        (home.inbox / "cdrs" / "sw1", 0o777, "inbox/cdrs/sw1"),
        (home.root, 0o770, home.root.name),
    ):
        before = path.stat().st_mode & 0o777
        path.chmod(mode)
        (fault,) = verify(home).faults
        assert (fault.what, fault.where) == ("permissions", where)
        path.chmod(before)
        path.chmod(mode)
        subprocess.run(["sh", "-c", fault.right.removeprefix("run ")], check=True)
        assert verify(home).faults == []
    for path in (home.journal, home.archive / "config"):
        path.chmod(0o777)
    (fault,) = [fault for fault in verify(home).faults if fault.what != "published"]
    assert "(and 1 more in archive)" in fault.wrong


@pytest.mark.published
def test_files_are_the_owners_and_the_groups_whatever_the_umask(home: Home) -> None:
    """All that commands make: also what was linked or moved from a file with other permissions."""
    calls = write_calls(home.inbox / "cdrs" / "sw1" / "a.csv", [("a", "2026-03-02T10:00:00", "60", "in-a")])
    for name, text in (("b.csv", "call_id\n"), ("c.csv", "no header at all")):
        (calls.with_name(name)).write_text(text)
    for path in calls.parent.iterdir():
        path.chmod(0o666)
    before = {path: path.stat().st_mode for path in home.root.rglob("*")}
    told = {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds)}
    commands = (
        ("land",), ("build",), ("invoice", "acme", "2026-02", "--draft"), ("trends",), ("topup", "acme", "1"),
        ("statement", "bolt", "--from", "2026-02-01", "--to", "2026-03-31", "--csv"),
        ("evidence", "INV-2026-000001"), ("rebuild",), ("gl", "--from", "2026-02-01", "--to", "2026-03-31"),
    )  # fmt: skip
    before_all = os.umask(0)
    try:
        for command, umask in zip(commands, cycle((0o077, 0))):
            os.umask(umask)
            called(command, told)
            assert os.umask(umask) == umask
    finally:
        os.umask(before_all)
    made = {path: f"{path.stat().st_mode & 0o777:o}" for path in home.root.rglob("*") if path not in before}
    made = {path: mode for path, mode in made.items() if path.parent != calls.parent}
    tops = {path.relative_to(home.root).parts[0] for path in made}
    assert {"archive", "exports", "rejected", "serving", "tables", "warehouse.before-rebuild.duckdb"} <= tops
    assert {path: mode for path, mode in made.items() if mode != ("750" if path.is_dir() else "640")} == {}
