"""The demo's traffic: the same every time, all of it ratable, and as odd as it promises."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from demo import price_decks
from demo.__main__ import _next
from demo.bulk import HEADERS
from demo.cdr import COLUMNS
from demo.oddities import UNCOVERED_NUMBER, UNKNOWN_TRUNK
from demo.traffic import bulk_company, generate, generate_bulk
from orchestration.store.warehouse import PROJECT, Home

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
FIRST_DAY = date(2026, 3, 26)
CALLS = 6_000
MISHAPS = ("sw1_resent.csv", "sw1_repeated.csv", "sw1_with_bad_rows.csv")
BAD_LENGTH = len(COLUMNS) - 1

Row = dict[str, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "inbox", folder / "late", calls=CALLS)
    return folder


@pytest.fixture(scope="module")
def rows(made: Path) -> list[Row]:
    """Every CDR of the switches' own files, the late one included, mishaps aside."""
    files = [*sorted((made / "inbox" / "cdrs").rglob("sw*")), _late(made)]
    own = [f for f in files if f.is_file() and f.name not in MISHAPS]
    return [row | {"source": file.parent.name} for file in own for row in read(file)]


def read(path: Path) -> Iterator[Row]:
    """Cells as text, whatever the format; absent ones are empty."""
    if path.suffix == ".parquet":
        for cells in duckdb.execute(f"select * from '{path}'").fetchall():
            yield dict(zip(COLUMNS, map(_text, cells), strict=True))
        return
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    if ".jsonl" in path.name:
        for line in text.splitlines():
            found = json.loads(line)
            yield {name: str(found.get(name, "")) for name in COLUMNS}
        return
    for row in csv.DictReader(io.StringIO(text)):
        yield {name: row[name] or "" for name in COLUMNS}


def table(path: Path) -> list[Row]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_same_seed_same_bytes(made: Path, tmp_path: Path) -> None:
    generate(tmp_path / "inbox", tmp_path / "late", calls=CALLS)
    assert _digests(tmp_path) == _digests(made)
    generate(tmp_path / "other", tmp_path / "late", calls=CALLS, seed=2)
    assert _digests(tmp_path / "other") != _digests(made / "inbox")


def test_about_as_many_calls_as_asked_for(rows: list[Row]) -> None:
    calls = {(row["source"], row["call_id"]) for row in rows}
    assert abs(len(calls) - CALLS) < CALLS * 0.01 + 40
    assert 1.02 < len(rows) / len(calls) < 1.10
    attempts = Counter(row["attempt"] for row in rows)
    assert attempts["1"] > attempts["2"] > attempts["3"] > 0
    assert 0.4 < sum(_answered(row) for row in rows) / len(rows) < 0.6


def test_no_identity_comes_twice_within_a_source(rows: list[Row]) -> None:
    keys = Counter((row["source"], row["call_id"], row["attempt"]) for row in rows)
    assert max(keys.values()) == 1


def test_every_call_belongs_to_one_of_the_days(rows: list[Row]) -> None:
    days = {_charged_at(row).date() for row in rows}
    assert days == {FIRST_DAY + timedelta(days=n) for n in range(4)}


def test_only_later_attempts_answer(rows: list[Row]) -> None:
    """A call that failed over was not answered before its last attempt."""
    attempts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        attempts[row["source"], row["call_id"]].append(row)
    for found in attempts.values():
        found.sort(key=lambda row: int(row["attempt"]))
        assert [int(row["attempt"]) for row in found] == list(range(1, len(found) + 1))
        assert not any(_answered(row) for row in found[:-1])


def test_numbers_are_written_in_several_ways(rows: list[Row]) -> None:
    called = [row["called_number"] for row in rows]
    assert any(number.startswith("+") for number in called)
    assert any(number.startswith("00") for number in called)
    assert any(number.startswith("011") for number in called)
    assert any(number[0] in "123456789" for number in called)
    assert any("(" in number for number in called)
    assert any(row["routing_number"] for row in rows)


def test_inbound_and_on_net_calls(rows: list[Row]) -> None:
    inbound = [row for row in rows if row["ingress_trunk"] in ("in-201", "in-202")]
    assert {row["egress_trunk"] for row in inbound} == {"out-401", "out-402", "out-403", "out-404"}
    assert any(_answered(row) and not row["egress_trunk"] for row in rows)


def test_unknown_trunks_are_never_answered(rows: list[Row]) -> None:
    unknown = [row for row in rows if row["ingress_trunk"] == UNKNOWN_TRUNK]
    per_day = Counter(_charged_at(row).date() for row in unknown)
    assert per_day == {FIRST_DAY + timedelta(days=n): 3 for n in range(4)}
    assert not any(_answered(row) for row in unknown)


def test_every_answered_call_but_one_can_be_rated(rows: list[Row]) -> None:
    company = Company(SEEDS)
    unrated = [(row, why) for row in rows if _answered(row) for why in company.missing(row)]
    assert {row["called_number"] for row, _ in unrated} == {UNCOVERED_NUMBER}
    assert [why for _, why in unrated] == ["sell no_rate", "buy no_rate"]
    assert _charged_at(unrated[0][0]).date() == date(2026, 3, 28)


def test_blocked_calls_are_refused(rows: list[Row]) -> None:
    blocked = [row for row in rows if row["called_number"].startswith("00870")]
    assert len(blocked) == 16
    assert not any(_answered(row) or row["egress_trunk"] for row in blocked)


def test_one_file_is_the_same_under_another_name(made: Path) -> None:
    folder = made / "inbox" / "cdrs" / "sw1"
    same = Counter(hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir())
    assert sorted(same.values()).count(2) == 1
    assert folder / "sw1_resent.csv" in list(folder.iterdir())


def test_repeated_rows_and_one_conflict(made: Path, rows: list[Row]) -> None:
    known = {(row["call_id"], row["attempt"]): row for row in rows if row["source"] == "sw1"}
    again = list(read(made / "inbox" / "cdrs" / "sw1" / "sw1_repeated.csv"))
    originals = [known[row["call_id"], row["attempt"]] for row in again]
    different = [a for a, o in zip(again, originals, strict=True) if a | {"source": "sw1"} != o]
    assert len(again) == 26
    assert len(different) == 1
    assert _charged_at(different[0]).date() == date(2026, 3, 27)


def test_bad_rows(made: Path) -> None:
    text = (made / "inbox" / "cdrs" / "sw1" / "sw1_with_bad_rows.csv").read_text()
    header, *lines = [line.split(",") for line in text.splitlines()]
    whole = [dict(zip(header, cells, strict=True)) for cells in lines if len(cells) > BAD_LENGTH]
    bad = [row for row in whole if row["call_id"].startswith("bad-")]
    assert len(lines) == 11
    assert [len(cells) for cells in lines if len(cells) != len(header)] == [5]
    assert [row["duration_s"][0] == "-" for row in bad] == [True, False, False, False]
    assert bad[1]["started_at"] == "27/03 quarter past two"
    assert bad[2]["duration_s"] == "12.3456"
    assert bad[3]["called_number"] == ""
    assert sum(row["call_id"].startswith("among-bad-") for row in whole) == 6


def test_late_calls_are_of_the_first_day_and_nowhere_else(made: Path, rows: list[Row]) -> None:
    late = list(read(_late(made)))
    assert len(late) >= 10
    assert {_charged_at(row).date() for row in late} == {FIRST_DAY}
    assert any(_answered(row) for row in late)
    ids = {row["call_id"] for row in late}
    assert sum(row["call_id"] in ids for row in rows) == len(late)


def test_one_payment_is_in_the_wrong_currency(made: Path) -> None:
    currencies = {row["account_id"]: row["currency"] for row in _seed("accounts")}
    files = sorted((made / "inbox" / "payments" / "bank").iterdir())
    paid = [row for file in files for row in table(file)]
    wrong = [row for row in paid if row["currency"] != currencies[row["account_id"]]]
    assert [row["account_id"] for row in wrong] == ["callcentro"]
    assert len({row["payment_id"] for row in paid}) == len(paid)
    assert len({row["method"] for row in paid}) >= 4


def test_usage_and_resources_name_known_accounts(made: Path) -> None:
    accounts = {row["account_id"] for row in _seed("accounts")}
    services = {row["service"] for row in _seed("service_rates")}
    for kind in ("usage", "resources"):
        for file in (made / "inbox" / kind).rglob("*.csv"):
            found = table(file)
            assert found
            assert {row["account_id"] for row in found} <= accounts
            assert {row.get("service", "message") for row in found} <= services


def test_nothing_is_left_half_written(made: Path) -> None:
    assert not list(made.rglob("*.part"))


def test_one_day_will_do(tmp_path: Path) -> None:
    generate(tmp_path / "inbox", tmp_path / "late", calls=300, days=1)
    assert _late(tmp_path).is_file()
    assert (tmp_path / "inbox" / "cdrs" / "sw1" / "sw1_resent.csv").is_file()


def test_rates_are_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_decks, "RATES", tmp_path / "rates.csv")
    price_decks.main()
    assert (tmp_path / "rates.csv").read_bytes() == (SEEDS / "rates.csv").read_bytes()


def test_bulk_files_have_the_columns_of_the_seeds() -> None:
    seeds = {file.stem: file.read_text(encoding="utf-8").split("\n")[0] for file in SEEDS.iterdir()}
    assert dict(HEADERS) == {name: seeds[name] for name in HEADERS}


def test_bulk_calls_are_ratable_and_life_like(tmp_path: Path) -> None:
    bulk_company(tmp_path / "seeds", tables=6, prefixes=6_000)
    file, again = tmp_path / "bulk.csv", tmp_path / "again.csv"
    for path in (file, again):
        generate_bulk(path, 20_000, FIRST_DAY, seed=1, company=tmp_path / "seeds")
    assert file.read_bytes() == again.read_bytes()
    found = list(read(file))
    company = Company(tmp_path / "seeds")
    assert not [why for row in found for why in company.missing(row)]
    assert len({(row["call_id"], row["attempt"]) for row in found}) == len(found) == 20_000
    assert 0.54 < sum(_answered(row) for row in found) / len(found) < 0.56
    assert sum(row["attempt"] == "2" for row in found) == 1_000
    assert {_charged_at(row).date() for row in found} == {FIRST_DAY}
    assert 120 < file.stat().st_size / len(found) < 160
    for before, row in pairwise(found):
        if row["attempt"] == "2":
            assert (before["call_id"], before["attempt"]) == (row["call_id"], "1")
            assert not _answered(before)


def test_bulk_company_has_as_many_rates_as_asked_for(tmp_path: Path) -> None:
    bulk_company(tmp_path, tables=5, prefixes=20_000)
    with duckdb.connect() as con:
        count = con.execute(
            "select count(*), count(distinct prefix), count(distinct destination)"
            f" from read_csv('{tmp_path / 'rates.csv'}', all_varchar = true)"
        ).fetchone()
    assert count == (100_000, 20_000, 20_000)


class Company:
    """Just enough of rating to tell whether a call's legs find a price."""

    def __init__(self, directory: Path) -> None:
        def of(name: str) -> list[Row]:
            return table(directory / f"{name}.csv")

        self.kinds = {row["account_id"]: row["kind"] for row in of("accounts")}
        self.trunks = of("trunks")
        self.assignments = of("rate_assignments")
        self.tables = {row["rate_table_id"]: row for row in of("rate_tables")}
        self.prefixes: dict[str, set[str]] = defaultdict(set)
        for row in of("rates"):
            # A row for one band alone does not always apply; a blocked one never prices a call.
            if not row["blocked"] and row["band"] in ("", "peak", "offpeak", "day", "night"):
                self.prefixes[row["rate_table_id"]].add(row["prefix"])

    def missing(self, row: Row) -> Iterator[str]:
        at = _charged_at(row).isoformat()
        seller = self._account(row["ingress_trunk"], at)
        buyer = self._account(row["egress_trunk"], at)
        if self.kinds.get(seller) == "carrier" and self.kinds.get(buyer) == "customer":
            seller, buyer = buyer, seller
        yield from self._leg("sell", seller, row, at)
        if row["egress_trunk"]:
            yield from self._leg("buy", buyer, row, at)

    def _account(self, trunk: str, at: str) -> str:
        found = [r for r in self.trunks if r["trunk_id"] == trunk and _in_force(r, at)]
        return found[0]["account_id"] if len(found) == 1 else ""

    def _leg(self, side: str, account: str, row: Row, at: str) -> Iterator[str]:
        found = [
            r["rate_table_id"]
            for r in self.assignments
            if (r["account_id"], r["side"]) == (account, side) and _in_force(r, at)
        ]
        if len(found) != 1:
            yield f"{side} no_rate_table"
            return
        table = self.tables[found[0]]
        number = row["called_number"]
        if table["number_basis"] == "routing" and row["routing_number"]:
            number = row["routing_number"]
        digits = "".join(c for c in number if c.isdigit())
        for international in ("011", "00"):
            digits = digits.removeprefix(international)
        if table["kind"] == "given":
            if row["carrier_currency"] != table["currency"] or not row["carrier_amount"]:
                yield f"{side} no_cost"
        elif table["kind"] == "markup":
            if not row["egress_trunk"]:
                yield f"{side} no_cost"
        elif not any(digits[:n] in self.prefixes[found[0]] for n in range(1, 16)):
            yield f"{side} no_rate"


def _in_force(row: Row, at: str) -> bool:
    return row["valid_from"] <= at and (not row["valid_to"] or at < row["valid_to"])


def _answered(row: Row) -> bool:
    return Decimal(row["duration_s"]) > 0


def _charged_at(row: Row) -> datetime:
    """UTC, without a zone."""
    if _answered(row) and row["answered_at"]:
        return _moment(row["answered_at"])
    if _answered(row) and row["ended_at"]:
        return _moment(row["ended_at"]) - timedelta(seconds=float(row["duration_s"]))
    return _moment(row["started_at"])


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def _seed(name: str) -> list[Row]:
    return table(SEEDS / f"{name}.csv")


def _late(made: Path) -> Path:
    return made / "late" / "cdrs" / "sw1" / "sw1_late.csv"


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "other" not in file.parts
    }


def test_what_to_do_next_is_about_the_deployment_that_was_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "a tour"))
    told = _next(Home.from_environment())
    commands = [line for line in told.splitlines() if ".venv/bin/tollbook" in line]
    assert len(commands) == 4
    assert all(f"TOLLBOOK_HOME='{tmp_path}/a tour' " in command for command in commands)
    pages = re.findall(r"docs/[\w-]+\.md", told)
    assert len(pages) == 3
    assert all((PROJECT / page).exists() for page in pages)
    monkeypatch.delenv("TOLLBOOK_HOME")
    assert "TOLLBOOK_HOME" not in _next(Home.from_environment())
