"""What the books refer to cannot be taken out of the configuration, nor renamed; an account ends by its valid_to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli, main
from orchestration.operations.accounts.topup import topup
from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.waive import waive
from orchestration.operations.questions.quote import quote
from orchestration.operations.upkeep import configure
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.store.warehouse import Home, Refused
from tests.support.company import SEEDS, write_calls, write_company, write_text

pytestmark = pytest.mark.usefixtures("unpublished")
DAY = "2026-05-04"
PROFILES = (
    "profile_id,account_id,rule,allowance,period,prefixes\ntalk,bolt,duration,30,month,\nspare,bolt,cost,1,day,99\n"
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A closed day: calls of acme (0.12) and bolt (0.03 EUR, half of it covered by talk); acme has paid 1.

    Its trunk was idle's before, which has no call; `spare` has one of an open day.
    """
    root = tmp_path_factory.mktemp("books")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLLBOOK_NOW", "2026-05-06T09:00:00")
        seeds = write_company(
            root / "seeds",
            accounts=SEEDS["accounts"] + "spare,Spare,customer,USD,,,,\nidle,Idle,customer,USD,,,,\n",
            trunks=SEEDS["trunks"] + "in-c,ingress,spare,,\nin-a,ingress,idle,,2026-01-01\n",
            rate_tables=SEEDS["rate_tables"] + "unused,per_minute,USD,1,1\n",
            rate_assignments=SEEDS["rate_assignments"] + "spare,sell,unused,2026-01-01\n",
            consumption_profiles=PROFILES,
        )
        home = Home(root / "home", seeds)
        patch.setenv("TOLLBOOK_HOME", str(home.root))
        patch.setenv("TOLLBOOK_SEEDS", str(seeds))
        calls = [("c1", f"{DAY}T10:00:00", "61", "in-a"), ("c2", f"{DAY}T11:00:00", "30", "in-b")]
        calls.append(("c3", "2026-05-05T10:00:00", "60", "in-c"))
        land(home, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
        paid = "payment_id,paid_at,account_id,amount,currency", f"p1,{DAY}T08:00:00,acme,1,USD"
        land(home, [write_text(root / "paid.csv", *paid)], kind="payments", source="bank")
        assert [c.status for c in close(home)] == ["closed", "failed"]  # the table of spare has no rate
        yield home


def _rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse)) as con:
        return con.execute(sql).fetchall()


@contextmanager
def _changed(home: Home, **edits: str) -> Iterator[None]:
    """The configuration with some lines taken out, by file and how they begin, or ("old>new; ...") begun otherwise."""
    before = {path: path.read_text() for path in home.seeds.glob("*.csv")}
    try:
        for file, each in edits.items():
            path = home.seeds / f"{file}.csv"
            for edit in each.split("; "):
                old, is_renamed, new = edit.partition(">")
                lines = path.read_text().splitlines(keepends=True)
                meant = [line for line in lines if line.startswith(old)]
                assert meant, edit
                path.write_text(
                    "".join(
                        new + line.removeprefix(old) if line in meant else line
                        for line in lines
                        if is_renamed or line not in meant
                    )
                )
        yield
    finally:
        for path in home.seeds.glob("*.csv"):
            path.unlink()
        for path, text in before.items():
            path.write_text(text)


def _refused(home: Home) -> list[str]:
    """What check says, from what is published, and every command that would load the configuration."""
    with pytest.raises(SystemExit) as stop:
        main(["check"])
    state = _rows(home, "select version from ops.configuration"), home.journal.read_text()
    for command in (build, close):
        with pytest.raises(Refused) as refused:
            command(home)
        assert str(refused.value) == str(stop.value.code)
    assert (_rows(home, "select version from ops.configuration"), home.journal.read_text()) == state
    return str(stop.value.code).splitlines()


_ACME = (
    "seeds/accounts.csv, column account_id: account acme is missing: 2 postings are its, and its balance of 0.88 USD"
)
_BACK = f"({DAY}); put its row back as it was "
_WENT = f"is missing: calls of closed days went by it {_BACK}"
_RATED = f"is missing: calls of closed days were rated by it {_BACK}"


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (
            {"accounts": "acme,", "trunks": "in-a,ingress,acme", "rate_assignments": "acme,"},
            f"{_ACME}; put its row back as it was (acme,Acme,customer,USD,UTC,prepaid,,1); an account ends by its "
            "valid_to, and keeps its name",
        ),
        (
            {
                "accounts": "acme,>acne,",
                "trunks": "in-a,ingress,acme>in-a,ingress,acne",
                "rate_assignments": "acme,>acne,",
            },
            _ACME,
        ),
        # the other row of in-a holds before the call
        ({"trunks": "in-a,ingress,acme"}, f"ingress trunk in-a {_WENT}(in-a,ingress,acme,2026-01-01,); "),
        (
            {"trunks": "in-b,>in-x,"},
            f"seeds/trunks.csv, column trunk_id: ingress trunk in-b {_WENT}(in-b,ingress,bolt,2026-01-01,); "
            "a trunk that is given up ends by valid_to",
        ),
        ({"trunks": "out,egress>out2,egress"}, f"egress trunk out {_WENT}"),
        (
            {
                "rate_tables": "cost,>costs,",
                "rates": "cost,>costs,",
                "rate_assignments": "carrier,buy,cost>carrier,buy,costs",
            },
            f"seeds/rate_tables.csv, column rate_table_id: rate table cost {_RATED}(cost,per_minute,USD,1,1); its "
            "rates and assignments end by valid_to",
        ),
        (
            {"rate_assignments": "bolt,"},
            f"seeds/rate_assignments.csv, column account_id: the sell assignment of bolt {_RATED}"
            "(bolt,sell,retail,2026-01-01); an assignment ends by valid_to",
        ),
        (
            {"consumption_profiles": "talk,>more,"},
            "seeds/consumption_profiles.csv, column profile_id: profile talk is missing: calls of closed days took "
            f"from it {_BACK}(talk,bolt,duration,30,month,); a profile ends by valid_to, and keeps its name",
        ),
    ],
)
def test_what_the_books_refer_to_stays(books: Home, edits: dict[str, str], said: str) -> None:
    with _changed(books, **edits):
        (line,) = _refused(books)
    assert said in line


def test_all_that_is_wrong_is_said_at_once(books: Home) -> None:
    """What is wrong in the files, and what the books need; of an account that is gone not its trunks as well."""
    with _changed(books, accounts="acme,; bolt,Bolt,customer,EUR>bolt,Bolt,customer,USD", trunks="in-a,ingress,acme"):
        lines = _refused(books)
    assert [line.partition(":")[0] for line in lines] == [
        "seeds/rate_assignments.csv line 2, column account_id",
        "seeds/accounts.csv, column account_id",
        "seeds/accounts.csv line 2, column currency",
    ]
    assert (
        "account bolt has postings; its currency is EUR there and cannot change to USD any more; put EUR back"
        in lines[2]
    )


def test_an_account_that_was_invoiced_is_no_mere_carrier(books: Home) -> None:
    with duckdb.connect(str(books.warehouse)) as con:
        con.execute(
            "insert into ops.invoices values ('INV-1', 'INV-1', 'invoice', 'bolt', '2026-04-01', '2026-04-30', "
            "'issued', 0, 0, 0, 0, 0, 'EUR', '2026-05-02', '2026-05-02', null, 'me', null, '', '', '')"
        )
    try:
        with _changed(books, accounts="bolt,Bolt,customer>bolt,Bolt,carrier"), pytest.raises(Refused) as refused:
            build(books)
        assert str(refused.value) == (
            "seeds/accounts.csv line 3, column kind: account bolt was invoiced, and carriers have no receivables; "
            "write both"
        )
        with _changed(books, accounts="bolt,Bolt,customer>bolt,Bolt,both"):
            build(books)
    finally:
        with duckdb.connect(str(books.warehouse)) as con:
            con.execute("delete from ops.invoices")
    build(books)


def test_what_no_closed_day_used_can_go_and_what_is_corrected_is_another_matter(books: Home) -> None:
    unused = {
        "accounts": "spare,; idle,",
        "trunks": "in-c,; in-a,ingress,idle",
        "rate_tables": "unused,",
        "rate_assignments": "spare,",
        "consumption_profiles": "spare,",
        "service_rates": "message,",
    }
    status = f"select status from marts.days where day = '{DAY}'"
    with _changed(books, **unused):
        assert CliRunner().invoke(cli, ["check"]).exit_code == 0
        build(books)
        assert _rows(books, status) == [("closed",)]
        reason = "select sell_status, sell_reason from marts.rated_calls where call_id = 'c3'"
        assert _rows(books, reason) == [("unrated", "no_account")]
    corrected = {"trunks": "in-a,ingress,acme>in-a,ingress,bolt", "rate_assignments": "bolt,sell,retail>bolt,sell,cost"}
    for file, edit in corrected.items():
        with _changed(books, **{file: edit}):
            build(books)
            assert _rows(books, status) == [("outdated",)]
    build(books)
    assert _rows(books, status) == [("closed",)]


def test_what_an_earlier_release_let_go_is_rebuilt_and_asked_for(books: Home) -> None:
    gone = {
        "accounts": "bolt,",
        "trunks": "in-b,",
        "rate_assignments": "bolt,",
        "consumption_profiles": "talk,; spare,",
    }
    lost = "account bolt is missing: 1 postings are its, and its balance of "
    with _changed(books, **gone):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(configure.in_use, "problems", lambda *_: [])
            build(books)
        assert rebuild(books).compared
        build(books)
        with pytest.raises(SystemExit, match=f"{lost}.*; put its row back; an account ends by its valid_to"):
            main(["check"])
        (books.seeds / "budgets.csv").write_text("department,month,amount,currency\nx,2026-05,1,USD\n")
        for command in (build, rebuild):
            with pytest.raises(Refused, match=lost):
                command(books)
    build(books)
    assert CliRunner().invoke(cli, ["check"]).exit_code == 0


def test_an_account_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At noon of 5 May: the call and the message of that second are nobody's, what was before stays and is invoiced."""
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-05-07T09:00:00")
    accounts = (
        SEEDS["accounts"].replace("kind,", "kind,valid_to,").replace("er,USD", "er,2026-05-05T14:00:00+02:00,USD")
    )
    accounts = accounts.replace("er,EUR", "er,,EUR").replace("carrier,2026-05-05T14:00:00+02:00,", "carrier,,")
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds", accounts=accounts))
    calls = [(f"c{at}", f"2026-05-05T{at}", "60", "in-a") for at in ("11:59:59", "12:00:00")]
    land(home, [write_calls(tmp_path / "calls.csv", calls)], kind="cdrs", source="sw1")
    usage = ["usage_id,occurred_at,account_id,service,quantity"]
    usage += [f"u{at},2026-05-05T{at},acme,message,1" for at in ("11:59:59", "12:00:00")]
    land(home, [write_text(tmp_path / "usage.csv", *usage)], kind="usage", source="smsc")
    (failed, _) = close(home)
    assert [f.check for f in failed.failures] == ["nothing_is_left_unrated"]
    assert [line.rpartition(": ")[2] for line in failed.failures[0].details] == ["no_account", "no_account"]
    assert failed.failures[0].remedy.startswith(
        "no_account of usage: the account has ended (valid_to in seeds/accounts.csv)"
    )
    assert "no_account: add its trunk to seeds/trunks.csv" in failed.failures[0].remedy
    waive(home, date(2026, 5, 5), "sent after it left", reason_code="no_account")
    assert [c.status for c in close(home)] == ["closed", "ready"]  # the reference rater agrees
    posted = "select kind, amount from ops.ledger_entries where account_id = 'acme' order by kind, amount"
    assert _rows(home, posted) == [("calls", Decimal("-0.06")), ("usage", Decimal("-0.01"))]
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-06-02T09:00:00")
    close(home)
    assert invoice(home, DocumentRequest("acme", date(2026, 5, 1))).total == Decimal("0.07")
    assert topup(home, "acme", Decimal("0.07")).account["balance"] == 0
    quote(home, "acme", "447700900123", at=datetime(2026, 5, 5, 11, 59, 59))
    for account, carrier in (("acme", None), ("bolt", "acme")):
        with pytest.raises(Refused, match=r"account acme ended at 2026-05-05T12:00:00 UTC \(valid_to\)"):
            quote(home, account, "447700900123", at=datetime(2026, 5, 5, 12), carrier=carrier)
    assert rebuild(home, check=True).compared
