"""Quotes, blanks, patterns and name=value in paths and names: the whole way, as if they were plain."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.store.warehouse import PROJECT, Home, Refused
from tests.support.company import CDR_HEADER, SEEDS, write_company, write_text
from tests.support.deployment import Deployment, called

# folders that DuckDB would take for a pattern, and for columns of what it reads
ODD = """o'brien "x" ünï [1] 100%/source=x/day=2001-01-01"""
ACCOUNT, CARRIER, SOURCE, TRUNK = "o'brien", "carrier", "sw'1 ünï", "in'a"
NUMBER = "447700900123"
OTHER = "../../../../x"
D = Decimal


class Odd(Deployment):
    def __init__(self, root: Path) -> None:
        super().__init__(root / ODD, own_process=True)
        odd = {name: text.replace("acme,", f"{ACCOUNT},").replace("bolt,", f"{OTHER},") for name, text in SEEDS.items()}
        odd["trunks"] = odd["trunks"].replace("in-a,", f"{TRUNK},")
        odd["sources"] = odd["sources"].replace("sw1,", f"{SOURCE},")
        odd["accounts"] = odd["accounts"].replace("prepaid,,1", "postpaid,,")
        write_company(self.seeds, **odd)
        # ids that only earlier releases took: a configuration that was loaded has them
        write_company(self.home / "archive" / "config" / "earlier", **odd)
        write_text(self.seeds.with_name("accounting") / "chart.csv", (PROJECT / "accounting/chart.csv").read_text())

    def calls(self, name: str, *rows: tuple[str, str, int], inbox: bool = True) -> Path:
        folder = self.home / "inbox" / "cdrs" / SOURCE if inbox else self.home.parent / "own"
        lines = [f'"{i}",{at},{at},{NUMBER},{seconds},{TRUNK},out' for i, at, seconds in rows]
        return write_text(folder / name, CDR_HEADER, *lines)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """April 2026 closed and invoiced, and a deck in the inbox."""
    it = Odd(tmp_path_factory.mktemp("odd"))
    it.calls("c'1.csv", ('c\'1 ""x""', "2026-04-07T10:00:00", 61))  # 0.12, costs 0.0305
    # each of these is the other's pattern
    it.calls("a[1].csv", ("bracket", "2026-04-08T10:00:00", 61), ("bracket too", "2026-04-08T10:00:01", 61))
    it.calls("a1.csv", ("plain", "2026-04-08T11:00:00", 30))  # 0.06, costs 0.015
    it.calls("a*.csv", ("star", "2026-04-08T12:00:00", 30))
    it.now = "2026-05-06T09:00:00"
    it.run("land")
    it.run("build")
    it.run("close")
    it.run("invoice", ACCOUNT, "2026-04")
    it.call = called  # from here on it is not the process's arguments that are odd, but what is there
    return it


def test_each_file_landed_is_the_one_that_was_named(odd: Odd) -> None:
    assert odd.query("select name, rows, landed from ops.files order by name") == [
        ("a*.csv", 1, 1), ("a1.csv", 1, 1), ("a[1].csv", 2, 2), ("c'1.csv", 1, 1),
    ]  # fmt: skip


def test_columns_are_the_files_own(odd: Odd) -> None:
    found = odd.query("select call_id, source, day::VARCHAR, sell_amount from marts.rated_calls order by charged_at")
    assert found == [
        ('c\'1 "x"', SOURCE, "2026-04-07", D("0.12")),
        ("bracket", SOURCE, "2026-04-08", D("0.12")),
        ("bracket too", SOURCE, "2026-04-08", D("0.12")),
        ("plain", SOURCE, "2026-04-08", D("0.06")),
        ("star", SOURCE, "2026-04-08", D("0.06")),
    ]
    billed = odd.query("select call_id, source, day::VARCHAR from marts.invoice_calls order by charged_at")
    assert billed == [row[:3] for row in found]


def test_every_question_is_answered(odd: Odd) -> None:
    assert D(odd.json("quote", ACCOUNT, NUMBER)["cost"]) == D("0.06")
    assert D(odd.json("explain", 'c\'1 "x"')["sell"]["amount"]) == D("0.12")
    assert D(odd.json("explain", 'c\'1 "x"', "--source", SOURCE)["buy"]["amount"]) == D("0.0305")
    assert D(odd.json("balance", ACCOUNT)["balance"]) == D("-0.48")
    odd.run("estimate", ACCOUNT, "--targets", "10", "--answer-rate", "1", "--seconds", "60", "--number", NUMBER)
    evidence = odd.json("evidence", "INV-2026-000001")
    assert (evidence["rows"], evidence["rated_again"]) == (5, 5)
    for written in (
        odd.run("statement", ACCOUNT, "--from", "2026-04-01", "--to", "2026-04-30", "--csv"),
        odd.run("gl", "--from", "2026-04-01", "--to", "2026-04-30"),
        odd.run("trends", "--month", "2026-04"),
    ):
        assert ODD in written.stdout


def test_a_deck_changes_prices(odd: Odd) -> None:
    write_text(
        odd.home / "inbox" / "rates" / "carrier's" / "may 'x' [2].csv",
        "rate_table_id,prefix,destination,valid_from,rate_per_minute",
        "cost,447,UK Mobile,2026-05-05,0.05",
    )
    reviewed = odd.run("rates", "review")
    assert "may 'x' [2].csv" in reviewed.stdout
    odd.run("rates", "accept")
    odd.calls("late ' 1.csv", ("late", "2026-05-05T10:00:00", 60))
    odd.run("land")
    odd.run("build")
    assert D(odd.json("explain", "late")["buy"]["amount"]) == D("0.05")


def test_a_superseding_file_a_waiver_and_a_payment(odd: Odd) -> None:
    changed = odd.calls("a1 ' again.csv", ("plain", "2026-04-08T11:00:00", 90), inbox=False)
    odd.run("land", str(changed), "--kind", "cdrs", "--source", SOURCE, "--supersede", "--reason", "it's 'longer'")
    odd.run("close", "--day", "2026-04-08")
    assert D(odd.json("explain", "plain")["sell"]["amount"]) == D("0.12")
    unknown = odd.calls("x'y.csv", ("it's", "2026-05-03T11:00:00", 90), inbox=False)
    unknown.write_text(unknown.read_text().replace(TRUNK, "no'body"))
    odd.run("land", str(unknown), "--kind", "cdrs", "--source", SOURCE)
    odd.run("build")
    odd.run("waive", "--day", "2026-05-03", "--call", "it's", "--reason", "o'clock")
    odd.run("topup", ACCOUNT, "10", "--reference", "cheque o'1")
    odd.run("close")


def test_an_account_id_is_no_path(odd: Odd) -> None:
    other = odd.calls("other.csv", ("of another", "2026-05-04T11:00:00", 60), inbox=False)
    other.write_text(other.read_text().replace(TRUNK, "in-b"))
    odd.run("land", str(other), "--kind", "cdrs", "--source", SOURCE)
    odd.run("build")
    drafted = odd.json("invoice", OTHER, "2026-05", "--draft")
    assert (
        Path(drafted["files"]["csv"])
        == odd.home / "exports" / "invoices" / "draft-..%2F..%2F..%2F..%2Fx-2026-05-01.csv"
    )
    stated = odd.run("statement", OTHER, "--from", "2026-05-01", "--to", "2026-05-31", "--csv").stdout
    assert "exports/statements/%2E.%2F..%2F..%2F..%2Fx_2026-05-01" in stated
    checked = odd.run("check").stdout
    for said in ("accounts.csv line 2, column account_id", "accounts.csv line 3", "sources.csv line 2, column source"):
        assert f"warning: seeds/{said}" in checked
    assert checked.count("it may stay, for the books know it") == 3
    outside = [path for path in odd.home.parents[3].rglob("*") if not path.is_relative_to(odd.home.parent)]
    assert {path.name for path in outside if path.is_file()} == set()


def test_a_rebuild_comes_to_the_same_books(odd: Odd) -> None:
    books = "select entry_id, amount from marts.ledger_entries order by all"
    before = odd.query(books)
    odd.run("rebuild")
    assert odd.query(books) == before
    assert odd.json("invoice", ACCOUNT, "2026-04")["invoice_number"] == "INV-2026-000001"
    assert odd.json("evidence", "INV-2026-000001")["rows"] == 5
    odd.run("publish")


def test_what_the_database_cannot_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for odd_name in ("why?", "back\\slash"):
        monkeypatch.setenv("TOLLBOOK_HOME", f"/srv/{odd_name}/var")
        with pytest.raises(Refused, match=r"TOLLBOOK_HOME is /srv/.*rename it"):
            Home.from_environment()
