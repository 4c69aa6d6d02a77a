"""A warehouse that was lost, or that the journal is ahead of, and quiet times: what a rebuild must get through."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.audit import company
from orchestration.audit.number import Numbering
from orchestration.engine.dbt import modelled
from orchestration.operations.accounts.balance import balance
from orchestration.operations.accounts.topup import topup
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice, issue
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land, land_files
from orchestration.operations.day.post import post_day
from orchestration.operations.day.publish import publish_now
from orchestration.operations.questions.explain import explain
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.prepare import write_new_warehouse
from orchestration.store import clock_back
from orchestration.store.warehouse import RULES, Home, Refused, writer
from tests.support.company import SEEDS, write_calls, write_company, write_text
from tests.support.deployment import called
from tests.support.journals import forget_rules, rewrite
from tests.support.put_back import keep, put_back
from tests.support.rules import go_by

pytestmark = pytest.mark.usefixtures("unpublished")
_BOOKS = "select entry_id, booked_on, amount from ops.ledger_entries order by entry_id"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call on 26 February, a monthly subscription since then, and nothing more: closed on the 28th and on 4 March."""
    write_new_warehouse()  # as `make setup` does: without it a lost warehouse is another case
    root = tmp_path_factory.mktemp("closed") / "deployment"
    subscriptions = "subscription_id,account_id,service,charge,valid_from\na1,acme,message,monthly,2026-02-26\n"
    made = Home(root / "home", write_company(root / "seeds", subscriptions=subscriptions))
    calls = write_calls(root / "calls.csv", [("c1", "2026-02-26T10:00:00", "60", "in-a")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-02-28T00:05:00")
        land(made, [calls], kind="cdrs", source="sw1")
        close(made)
        patch.setenv("TOLLBOOK_NOW", "2026-03-04T00:05:00")
        close(made)
    keep(root)
    return root


@pytest.fixture
def home(closed: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-04T00:05:00")
    return put_back(closed)


def _books(home: Home) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.warehouse)) as con:
        return con.execute(_BOOKS).fetchall()


def test_a_lost_warehouse_is_rebuilt_and_no_command_begins_another(home: Home, tmp_path: Path) -> None:
    """The subscription of 1 March fell due between two closes without a line of the journal in between."""
    books = _books(home)
    # the call (0.06, its cost 0.03) and 0.01 on 26 February and on 1 March
    assert sorted(str(row[2]) for row in books) == ["-0.01000000", "-0.01000000", "-0.06000000", "0.03000000"]
    journal = home.journal.read_text()
    home.warehouse.unlink()
    home.warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"of the one that is gone")
    late = write_calls(tmp_path / "late.csv", [("c2", "2026-03-03T10:00:00", "60", "in-a")])
    for command in (lambda: build(home), lambda: land(home, [late], kind="cdrs", source="sw1")):
        with pytest.raises(Refused, match="tollbook rebuild"):
            command()
    assert home.journal.read_text() == journal
    done = rebuild(home)
    assert (done.compared, done.replaced, done.entries) == (False, True, 4)
    assert _books(home) == books
    assert rebuild(home, check=True).compared


def _fails(home: Home, *command: str) -> str:
    """What a command that fails says on standard error, in a line."""
    told = {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds)}
    done = called(command, told)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr.strip()


@pytest.mark.published
def test_a_file_that_is_gone_names_what_makes_it_anew(home: Home, tmp_path: Path) -> None:
    """Of a closed day a rebuild, of what is published a publication; whatever command finds that it is gone."""
    (stored,) = (home.tables / "marts.rated_calls" / "day=2026-02-26").glob("*.parquet")
    stored.unlink()
    late = write_calls(tmp_path / "late.csv", [("c2", "2026-02-26T11:00:00", "60", "in-a")])
    land(home, [late], kind="cdrs", source="sw1")
    rebuilt = f"{stored} is gone: run tollbook rebuild, which makes it anew from archive/"
    for command in (["explain", "c1"], ["build"], ["close"], ["publish"]):
        assert rebuilt in _fails(home, *command), command
    rebuild(home)
    assert {explain(home, call).day for call in ("c1", "c2")} == {date(2026, 2, 26)}
    served = sorted((home.serving.parent / "data" / "marts.account_balances").glob("*.parquet"))
    for file in served:
        file.unlink()
    assert _fails(home, "balance") == f"{served[-1]} is gone: run tollbook publish, which writes it anew"
    publish_now(home)
    assert balance(home, "acme")[0]["currency"] == "USD"


def test_an_archive_that_is_gone_or_damaged_is_said(home: Home) -> None:
    (kept,) = (home.archive / "cdrs" / "sw1").iterdir()
    whole = kept.read_bytes()
    kept.chmod(0o600)
    for damaged in (whole.replace(b"60", b"61"), b""):
        kept.write_bytes(damaged)
        with pytest.raises(Refused, match=f"{kept} is damaged, its bytes are not those of calls.csv: bring it back"):
            rebuild(home, check=True)
    kept.write_bytes(whole)
    home.archive.rename(home.root / "elsewhere")
    for command in (build, close):
        with pytest.raises(
            Refused, match=r"journal.jsonl is gone, and the warehouse knows of \d+ lines: bring archive/ back"
        ):
            command(home)
        assert not home.archive.exists()
    (home.root / "elsewhere").rename(home.archive)
    assert rebuild(home, check=True).compared


@pytest.mark.published
def test_a_home_that_was_moved_goes_on_after_a_publication(home: Home, tmp_path: Path) -> None:
    moved = Home(tmp_path / "elsewhere", home.seeds)
    home.root.rename(moved.root)
    assert _fails(moved, "explain", "c1").endswith(
        f"is gone, and the deployment is {moved.root}, where it was moved: run tollbook publish"
    )
    publish_now(moved)
    assert explain(moved, "c1").day == date(2026, 2, 26)
    late = write_calls(tmp_path / "late.csv", [("c2", "2026-02-26T11:00:00", "60", "in-a")])
    moved.root.rename(home.root)
    land(home, [late], kind="cdrs", source="sw1")
    assert close(home)[0].status == "closed"


def test_a_disk_without_room_leaves_everything_as_it_was(home: Home, tmp_path: Path) -> None:
    """A limit on the size of files stands in for it: nothing of the command has happened, and it can be given again."""
    rows = [(f"c{n}", "2026-02-26T11:00:00", "60", "in-a") for n in range(20000)]
    late = write_calls(tmp_path / "late.csv", rows)
    command = ["land", str(late), "--kind", "cdrs", "--source", "sw2"]
    told = os.environ | {"TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds)}
    no_room = r"would become larger than a file may \(ulimit -f\): raise that"
    for room, said in (
        (0, rf"(stopped while it landed: {late}\n)?a file {no_room}"),
        (100_000, rf"late.csv: it cannot be put into archive/ now \(/\S+ {no_room}\); it stays where it is"),
    ):
        limited = (
            f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
            f"from orchestration.cli import main\nmain({command!r})\n"
        )
        done = subprocess.run([sys.executable, "-c", limited], env=told, text=True, capture_output=True, check=False)
        assert done.returncode == 1
        assert re.fullmatch(said, done.stderr.strip()), done.stderr
    assert land(home, [late], kind="cdrs", source="sw2")[0].landed == 20000
    assert rebuild(home, check=True).compared


def test_a_line_without_effect_is_not_done_again(home: Home) -> None:
    """Killed between the journal and the commit, with no command after it: the warehouse knows that it was not."""
    killed = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from orchestration.store import warehouse\n"
        "from orchestration.operations.day.close import close\n"
        "real = warehouse.Writer.journal\n"
        "def die(*a, **k):\n"
        "    real(*a, **k)\n"
        "    os._exit(9)\n"
        "warehouse.Writer.journal = die\n"
        "close(warehouse.Home(Path(sys.argv[1]), Path(sys.argv[2])))\n"
    )
    books = _books(home)
    done = subprocess.run(
        [sys.executable, "-c", killed, str(home.root), str(home.seeds)],
        env=os.environ | {"TOLLBOOK_NOW": "2026-03-05T00:05:00"},
        check=False,
    )
    assert done.returncode == 9
    assert json.loads(home.journal.read_text().splitlines()[-1])["day"] == "2026-03-03"
    assert rebuild(home).compared
    assert _books(home) == books


def test_a_close_that_goes_on_past_midnight(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it books and what its line says are of one instant: done again, 3 March is booked on itself."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-05T23:59:50")
    calls = write_calls(tmp_path / "more.csv", [("c2", "2026-03-03T10:00:00", "60", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")

    def slowly(con: duckdb.DuckDBPyConnection, day: date) -> list[str]:
        posted = post_day(con, day)
        os.environ["TOLLBOOK_NOW"] = "2026-03-06T00:00:10"
        return posted

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.operations.day.close.post_day", slowly)
        close(home)
    assert {row[1] for row in _books(home)} == {date(2026, 2, 26), date(2026, 3, 4), date(2026, 3, 3)}
    assert rebuild(home, check=True).compared


def test_an_older_copy_of_the_warehouse_is_refused(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days were closed since the copy: to go on with it would lose them."""
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(home.warehouse, copy)
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-06T00:05:00")
    close(home)
    books, journal = _books(home), home.journal.read_text()
    shutil.copyfile(copy, home.warehouse)
    with pytest.raises(Refused, match=r"the journal has 2 changes .* tollbook rebuild"):
        close(home)
    assert home.journal.read_text() == journal
    home.warehouse.unlink()
    rebuild(home)
    assert _books(home) == books


def test_a_copy_that_lacks_one_change_is_no_crash(home: Home, tmp_path: Path) -> None:
    """The command ended, so its line took effect: to call it void would lose the payment, without a word."""
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(home.warehouse, copy)
    topup(home, "acme", Decimal(50))
    books = _books(home)
    shutil.copyfile(copy, home.warehouse)
    older = r"the journal has a change that .* does not know of, so it is an older copy: .* tollbook rebuild"
    for command in (lambda: topup(home, "acme", Decimal(7)), lambda: publish_now(home), lambda: build(home)):
        with pytest.raises(Refused, match=older):
            command()
    with pytest.raises(Refused, match="ledger entries: only the new warehouse has"):
        rebuild(home, check=True)
    with duckdb.connect(str(home.warehouse)) as con:  # nor is one of an earlier release, which would be upgraded
        con.execute("update ops.release set tables = 2")
    with pytest.raises(Refused, match=older):
        build(home)
    home.warehouse.unlink()
    rebuild(home)
    assert _books(home) == books


def test_what_landed_twice_comes_out_as_it_went_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first rules the same bytes landed from any source; by today's where it is said to be meant."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-02T00:05:00")
    sources = "source,kind,format\neast,cdrs,canonical\nwest,cdrs,canonical\n"
    made = Home(tmp_path / "home", write_company(tmp_path / "seeds", sources=sources))
    calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-02-26T10:00:00", "60", "in-a")])
    land(made, [calls], kind="cdrs", source="east")
    assert land(made, [calls], kind="cdrs", source="west")[0].status == "landed_elsewhere"
    land(made, [calls], kind="cdrs", source="west", again=True)
    close(made)
    books = _books(made)
    assert [str(row[2]) for row in books if row[2] < 0] == ["-0.12000000"]
    assert rebuild(made, check=True).compared
    rewrite(made, lambda line: {key: value for key, value in line.items() if key not in ("rules", "again")})
    with duckdb.connect(str(made.warehouse)) as con:
        con.execute("drop table ops.unreadable_files")  # a version that wrote such lines did not have it
    assert rebuild(made).replaced
    assert _books(made) == books


def test_documents_are_made_again_as_they_were_issued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the rules of before a line did not say what an allowance covers: acme's does not, bolt's of today does."""
    profiles = "profile_id,account_id,rule,allowance,period\na1,acme,duration,60,month\nb1,bolt,duration,60,month\n"
    # a destination is as it is, also as a formula: by the rules of before, and where it is asked for
    rates = SEEDS["rates"].replace("United Kingdom", "=UK")
    made = Home(tmp_path / "home", write_company(tmp_path / "seeds", consumption_profiles=profiles, rates=rates))
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-03T00:05:00")
    calls = [("c1", "2026-02-26T10:00:00", "120", "in-a"), ("c2", "2026-02-26T10:00:00", "120", "in-b")]
    land(made, [write_calls(tmp_path / "calls.csv", calls)], kind="cdrs", source="sw1")
    close(made)
    with writer(made, "invoice") as held:
        held.rules = 1
        old = issue(held, DocumentRequest("acme", date(2026, 2, 1)))
        held.rules = RULES
        new = issue(held, DocumentRequest("bolt", date(2026, 2, 1), raw=True))
    assert [set(re.findall(rb"'?=UK", each.files["csv"].read_bytes())) for each in (old, new)] == [{b"=UK"}] * 2
    with pytest.raises(Refused, match="was issued without --raw and stays as it is"):
        invoice(made, DocumentRequest("acme", date(2026, 2, 1), raw=True))
    header = old.files["csv"].read_text().splitlines()[0]
    assert new.files["csv"].read_text().splitlines()[0] == f"{header},covered_s,covered_amount,beyond_rate"
    assert [json.loads(each.files["json"].read_text())["lines"][0].get("covered_s") for each in (old, new)] == [
        None,
        "60.000",
    ]
    forget_rules(made)
    shutil.rmtree(made.archive / "invoices")  # or the archived ones would be taken
    before = {path.name: path.read_bytes() for each in (old, new) for path in each.files.values()}
    shutil.rmtree(made.root / "exports")
    assert rebuild(made).invoices == 2
    for account, was in (("acme", old), ("bolt", new)):
        again = invoice(made, DocumentRequest(account, date(2026, 2, 1)))
        assert (again.invoice_number, again.checksum) == (was.invoice_number, was.checksum)
        assert {path.name: before[path.name] == path.read_bytes() for path in again.files.values()} == {
            path.name: True for path in again.files.values()
        }
    with duckdb.connect(str(made.warehouse)) as con:
        said = con.execute("select covered_s from ops.invoice_lines order by document_id").fetchall()
    assert said == [(None,), (60,)]


def test_a_configuration_with_errors_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    made = Home(tmp_path / "home", write_company(tmp_path / "seeds", fx_rates="from_currency,to\n"))
    made.journal.parent.mkdir(parents=True)
    made.journal.write_text(
        '{"n": 1, "action": "configure", "at": "2026-02-12T00:05:00", "operator": "ann", "version": "x"}\n'
    )
    with pytest.raises(Refused, match=r"fx_rates\.csv"):
        rebuild(made)
    assert not made.warehouse.exists()


def test_what_landed_before_an_upgrade_is_read_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk's BUSY of 40 s was charged then. The grown log brings a channel's second record, nothing twice."""
    write_new_warehouse()
    sources = "source,kind,format,trunk_pattern\npbx,cdrs,asterisk,^SIP/(.*)-\n"
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", sources=sources))
    row = '"","1","447700900123","c","","SIP/in-a-1","SIP/out-2","Dial","","{0}","{0}","{1}",{2},{2},"{3}","D","{4}",""'
    dial = row.format("2026-03-01 14:30:33", "2026-03-01 14:30:59", 26, "ANSWERED", "1543.347")
    busy = row.format("2026-03-01 15:00:00", "2026-03-01 15:00:40", 40, "BUSY", "1544.1")
    conference = row.format("2026-03-01 14:31:03", "2026-03-01 14:31:11", 8, "ANSWERED", "1543.347")
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-03T00:05:00")
    with writer(home, "land") as held:
        held.rules = 1
        land_files(held, [write_text(tmp_path / "Master.csv", dial, busy)], kind="cdrs", source="pbx")
    forget_rules(home)
    assert '"rules"' not in home.journal.read_text()
    close(home)
    # 60 s each of acme at 0.06; 26 s and 40 s at 0.03 a minute
    assert sorted(str(row[2]) for row in _books(home)) == ["-0.12000000", "0.03300000"]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-03T08:00:00")
    land(home, [write_text(tmp_path / "grown.csv", dial, busy, conference)], kind="cdrs", source="pbx")
    close(home)
    books = _books(home)
    # 60 s more of acme, 8 s of the carrier
    assert sorted(str(row[2]) for row in books) == ["-0.06000000", "-0.12000000", "0.00400000", "0.03300000"]
    # what is implausibly old by now was not when it landed
    monkeypatch.setenv("TOLLBOOK_NOW", "2027-06-01T08:00:00")
    assert rebuild(home, check=True).compared
    home.warehouse.unlink()
    rebuild(home)
    assert _books(home) == books


def test_what_was_booked_by_a_clock_that_was_set_back_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first rules a call was booked on its day to the end of D + 2, whatever day it had been before."""
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    with monkeypatch.context() as before:
        go_by(before, 1)
        before.setenv("TOLLBOOK_NOW", "2026-03-20T09:00:00")
        build(home)
        write_company(home.seeds, company="name,reporting_currency\nRenamed,USD\n")
        build(home)
        before.setenv("TOLLBOOK_NOW", "2026-02-28T00:05:00")
        calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-02-26T10:00:00", "60", "in-a")])
        with clock_back.allowed("it was ahead"):
            land(home, [calls], kind="cdrs", source="sw1")
        close(home)
    assert {str(row[1]) for row in _books(home)} == {"2026-02-26"}
    forget_rules(home)
    assert rebuild(home, check=True).compared


def test_numbers_that_were_rated_before_countries_counted_stay_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """country_code was there and nothing read it: a day closed then is rebuilt and explained so, an open one is not."""
    home = Home(
        tmp_path / "home",
        write_company(
            tmp_path / "seeds",
            sources="source,kind,format,country_code,international_prefixes\nsw1,cdrs,canonical,44,00\n",
            rates=f"{SEEDS['rates']}retail,7,Russia,,2026-01-01,0.30\ncost,7,Russia,,2026-01-01,0.20\n",
        ),
    )
    header = "call_id,started_at,called_number,duration_s,ingress_trunk,egress_trunk"
    # within the United Kingdom that is +44 7700 900123; as digits of an international number it is Russian
    calls = [f"c{day},2026-02-2{day}T10:00:00,7700900123,60,in-a,out" for day in (6, 7)]
    with monkeypatch.context() as before:
        before.setenv("TOLLBOOK_NOW", "2026-02-28T00:05:00")
        go_by(before, 1)
        before.setattr(company, "load_numbering", lambda _: {"sw1": Numbering(("00",))})
        land(home, [write_text(tmp_path / "calls.csv", header, *calls)], kind="cdrs", source="sw1")
        assert [c.status for c in close(home)] == ["closed", "ready"]
    # lines of then do not say what rules there were
    forget_rules(home)
    assert "rules" not in home.journal.read_text()

    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-01T00:05:00")
    late = "late,2026-02-26T11:00:00,07700900123,60,in-a,out"
    land(home, [write_text(tmp_path / "late.csv", header, late)], kind="cdrs", source="sw1")
    close(home)
    books = [(str(row[1]), str(row[2])) for row in _books(home)]
    assert sorted(books) == [
        ("2026-02-26", "-0.30000000"),
        ("2026-02-26", "0.20000000"),
        ("2026-02-27", "-0.06000000"),
        ("2026-02-27", "0.03000000"),
        # the late call is booked when it is posted
        ("2026-03-01", "-0.06000000"),
        ("2026-03-01", "0.03000000"),
    ]
    texts = {call: [step.text for step in explain(home, call).sell.steps] for call in ("c6", "c7", "late")}
    assert "called number 7700900123" in texts["c6"]
    assert "called number 7700900123, national in 44: 447700900123" in texts["c7"]
    assert "called number 07700900123, national in 44: 447700900123" in texts["late"]
    assert rebuild(home, check=True).compared


@pytest.mark.published
def test_a_rebuild_that_ends_after_the_switch_leaves_the_models_to_the_next_build(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views still name the files where they were made: a warehouse that counted as modelled would read nothing."""
    with monkeypatch.context() as dies:
        dies.setattr("orchestration.operations.upkeep.rebuild.keep_models", lambda _: sys.exit("killed"))
        with pytest.raises(SystemExit, match="killed"):
            rebuild(home)
    with duckdb.connect(str(home.warehouse)) as con:
        assert not modelled(con)
    rebuild(home)
    with duckdb.connect(str(home.warehouse)) as con:
        assert modelled(con)
        assert con.execute("select call_id from marts.rated_calls").fetchall() == [("c1",)]
