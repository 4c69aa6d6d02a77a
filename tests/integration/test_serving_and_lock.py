"""Analysts read at any moment, one command writes at a time, and a killed build is completed by the next."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from orchestration.engine import daily
from orchestration.engine.dbt import DbtFailed
from orchestration.operations.day import build as operation
from orchestration.operations.day.build import build
from orchestration.operations.day.land import land
from orchestration.operations.day.publish import KEEP_S, publish_now
from orchestration.store.warehouse import Home, Refused, environment, writer
from tests.support.company import SEEDS, write_calls, write_company

CALLS = 2_000
PUBLISHES = 10
READERS = 3


@pytest.fixture(scope="module", autouse=True)
def _clock() -> Iterator[None]:
    """When the calls are a few days or months old."""
    with environment(TOLLBOOK_NOW="2026-05-06T12:00:00"):
        yield


def _deployment(root: Path) -> Home:
    home = Home(root / "home", write_company(root / "seeds"))
    calls = [(f"c{n}", f"2026-05-04T{n % 24:02}:{n % 60:02}:00", str(n % 90), "in-a") for n in range(CALLS)]
    land(home, [write_calls(root / "calls.csv", calls)], kind="cdrs", source="sw1")
    return home


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = _deployment(tmp_path_factory.mktemp("serving"))
    build(home)
    return home


def _read(path: str, stop: Event, reads: Synchronized[int], found: multiprocessing.Queue[str]) -> None:
    os.nice(10)  # readers fill what time the writer leaves
    try:
        while not stop.is_set():
            with duckdb.connect(path, read_only=True) as con:
                row = con.execute(
                    """
                    select
                        (select count(*) from marts.rated_calls),
                        (select sum(attempts) from marts.breakout_daily),
                        (select sum(revenue) from marts.breakout_hourly)
                            = (select sum(sell_reporting_amount) from marts.rated_calls)
                    """
                ).fetchone()
            assert row == (CALLS, CALLS, True), row
            with reads.get_lock():
                reads.value += 1
        found.put("")
    except Exception as torn:
        found.put(f"{type(torn).__name__}: {torn}")


def test_readers_never_see_a_torn_or_missing_file(built: Home) -> None:
    context = multiprocessing.get_context("spawn")
    stop, found = context.Event(), context.Queue()
    counts = [context.Value("i", 0) for _ in range(READERS)]
    readers = [context.Process(target=_read, args=(str(built.serving), stop, count, found)) for count in counts]

    def read_again() -> None:
        """Wait until each reader has read what is served now, from the beginning."""
        wanted = [count.value + 2 for count in counts]
        deadline = time.monotonic() + 300
        while found.empty() and any(count.value < least for count, least in zip(counts, wanted, strict=True)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    for reader in readers:
        reader.start()
    for turn in range(PUBLISHES):
        read_again()
        if turn % 5 == 0:  # a rebuild in between writes new files for the day
            build(built, date(2026, 5, 4), date(2026, 5, 4))
        publish_now(built)
    read_again()
    stop.set()
    problems = [found.get(timeout=300) for _ in readers]
    for reader in readers:
        reader.join(timeout=300)
    assert problems == [""] * READERS


def test_what_nothing_reads_any_more_goes_two_hours_later(built: Home) -> None:
    """What a killed command had begun, too; what is published, however old, and what others may still read stays."""
    data = built.serving.parent / "data" / "marts.days"
    published = {path for path in built.serving.parent.rglob("*.parquet") if path.parent != data}
    old, begun, young = data / "1.parquet", data / ".2.parquet.7.part", data / "3.parquet"
    for path in (old, begun, young):
        path.write_bytes(b"")
    for path in (old, begun, *published):
        os.utime(path, (time.time() - KEEP_S - 60,) * 2)
    publish_now(built)
    assert [path.exists() for path in (old, begun, young)] == [False, False, True]
    with duckdb.connect(str(built.serving), read_only=True) as con:
        assert con.execute("select count(*) from marts.rated_calls").fetchall() == [(CALLS,)]


def test_a_second_writer_waits_says_for_whom_and_gives_up(built: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        writer(built, "close"),
        pytest.raises(Refused, match=r"busy with 'close' \(process \d+.*try land again later"),
        writer(built, "land", timeout=0.3),
    ):
        pass
    assert "waiting for 'close' (process" in capsys.readouterr().err
    with writer(built, "land", timeout=0.3):
        pass  # free again


def test_the_lock_ends_with_its_process(built: Home) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from orchestration.store.warehouse import Home, writer\n"
            "with writer(Home(Path(sys.argv[1]), Path('.')), 'build'):\n"
            "    print('held', flush=True); time.sleep(600)",
            str(built.root),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Refused), writer(built, "land", timeout=0.2):
        pass
    parts = [built.root / ".a.csv.1.part", built.archive / "config" / "x" / ".rates.csv.1.part"]
    for part in parts:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text("half")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer(built, "land", timeout=5):
        pass
    assert not any(part.exists() for part in parts), "what a killed command had begun to write stays for ever"


# SIGKILL as soon as a model is made, or in the transaction that makes it
_KILLED = """
import os, signal, sys
from orchestration.engine import daily
from orchestration.operations.day.build import build
from orchestration.store.warehouse import Home
def killed(*_): os.kill(os.getpid(), signal.SIGKILL)
model, within = sys.argv[1], sys.argv[2] == "True"
if within:
    make = daily._make
    daily._make = lambda con, home, days, made: (make(con, home, days, made), made.name.endswith(model) and killed())
build(Home.from_environment(), report=lambda line: not within and line.startswith(model) and killed())
"""


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("model", ["resolved_rates", "rated_calls", "breakout_hourly", "account_charges_daily"])
def test_a_killed_build_is_completed_by_the_next(model: str, within: bool, tmp_path: Path) -> None:
    home = _deployment(tmp_path)
    variables = {**os.environ, "TOLLBOOK_HOME": str(home.root), "TOLLBOOK_SEEDS": str(home.seeds)}
    killed = subprocess.run([sys.executable, "-c", _KILLED, model, str(within)], env=variables, check=False)
    assert killed.returncode == -signal.SIGKILL
    build(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        assert con.execute("select count(*), count(distinct call_id) from marts.rated_calls").fetchone() == (
            CALLS,
            CALLS,
        )
        assert con.execute("select sum(attempts) from marts.breakout_daily").fetchone() == (CALLS,)


def test_a_model_that_fails_is_named_and_the_next_build_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _deployment(tmp_path)
    broken = [
        replace(model, query="select error('no such thing') as day") if model.name == "marts.breakout_hourly" else model
        for model in daily.daily()
    ]
    with monkeypatch.context() as patch:
        patch.setattr(daily, "daily", lambda: tuple(broken))
        with pytest.raises(DbtFailed, match=r"marts\.breakout_hourly: .*no such thing"):
            build(home)
    build(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        assert con.execute("select sum(attempts) from marts.breakout_hourly").fetchone() == (CALLS,)


def test_what_comes_to_more_than_an_amount_can_be_is_named(tmp_path: Path) -> None:
    """A leg, a leg that is converted, a service, and a sum of what can be kept one by one."""
    priced = [
        (
            {"rates": SEEDS["rates"].replace(",0.06", ",999999999")},
            "call c1 of sw1, 172800 s at 999999999 USD a minute by retail (rates.csv line 2), comes to",
            " (and 2 more)",
        ),
        (
            {"fx_rates": SEEDS["fx_rates"].replace(",0.5", ",99999999999")},
            "call c2 of sw1, 172800 s at 0.06 USD a minute by retail (rates.csv line 2), from USD to EUR at "
            "99999999999, comes to",
            "",
        ),
        (
            {
                "service_rates": SEEDS["service_rates"].replace(",0.01", ",999999999"),
                "subscriptions": "subscription_id,account_id,service,quantity,charge,valid_from\n"
                "s1,acme,message,1234.5,once,2026-05-04\n",
            },
            "subscription s1 of acme, 1234.5 of message at 999999999 USD, comes to",
            "",
        ),
        (
            {"rates": SEEDS["rates"].replace(",0.06", ",300000000.5")},
            "a sum comes to",
            "; the dearest of these days is call c1 of sw1, at 864000001440.00000000 USD by retail",
        ),
    ]
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    trunks = {"c1": "in-a", "c2": "in-b", "c3": "in-a"}
    calls = [(name, "2026-05-04T10:00:00", "172800", trunk) for name, trunk in trunks.items()]
    land(home, [write_calls(tmp_path / "calls.csv", calls)], kind="cdrs", source="sw1")
    for changed, what, more in priced:
        write_company(home.seeds, **changed)
        with pytest.raises(DbtFailed) as failed:
            build(home)
        remedy = "correct its price, its quantity or the rate of exchange"
        assert str(failed.value) == f"{what} more than an amount can be, 12 digits before the point{more}: {remedy}"
    write_company(home.seeds, subscriptions="subscription_id,account_id,service,charge,valid_from\n")
    build(home)
    with duckdb.connect(str(home.serving), read_only=True) as con:
        assert con.execute("select sum(sell_amount) from marts.rated_calls").fetchone() == (Decimal("518.40"),)


def test_a_day_counts_as_built_once_its_files_are_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home", write_company(tmp_path / "seeds"))
    calls = write_calls(tmp_path / "calls.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])
    land(home, [calls], kind="cdrs", source="sw1")
    synced: list[Path] = []

    def fails(path: Path) -> None:
        synced.append(path)
        if path.suffix == ".parquet":
            raise OSError("the disk is full")

    monkeypatch.setattr(operation, "sync", fails)
    with pytest.raises(OSError, match="full"):
        build(home)
    counted = "select count(*) from ops.builds"
    with duckdb.connect(str(home.warehouse)) as con:
        assert con.execute(counted).fetchone() == (0,)
    assert not home.serving.exists()
    monkeypatch.setattr(operation, "sync", synced.append)
    build(home)
    with duckdb.connect(str(home.warehouse)) as con:
        assert con.execute(counted).fetchone() == (1,)
        stored = {home.root / path for (path,) in con.execute("select path from ops.stored_files").fetchall()}
    assert stored
    assert stored | {path.parent for path in stored} <= set(synced)
