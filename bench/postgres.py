"""(b): PostgreSQL with the `prefix` extension rates one leg of a sample, in one exact statement.

A private cluster in a temporary directory, reached through a Unix socket, stopped at the end.
"""

from __future__ import annotations

import csv
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg

_SETTINGS = (
    "listen_addresses=", "shared_buffers=1GB", "work_mem=256MB", "max_parallel_workers_per_gather=2", "fsync=off",
)  # fmt: skip
_PATIENCE_S = 60


class NotHere(Exception):
    """PostgreSQL cannot be measured on this machine; the message says why."""


@dataclass(frozen=True)
class Rated:
    """One leg of `calls` calls rated in `seconds`; `differing`: tables whose sum is not ours."""

    calls: int
    seconds: float
    total: str
    differing: int


def rate_sample(company: Path, served: Path, calls: int) -> Rated:
    """Rate the sell leg of `calls` of the calls in the published file `served`, and compare by rate table.

    Raises `NotHere`.
    """
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-pg-") as scratch, _cluster(Path(scratch)) as where:
        sample = _sample(served, calls)
        with psycopg.connect(host=where, user="bench", dbname="postgres", autocommit=True) as con:
            _load(con, company, sample)
            taken = []
            for _ in range(2):
                began = time.monotonic()
                theirs = _sums(con, _RATE)
                taken.append(time.monotonic() - began)
            ours = _sums(con, _OURS)
    differing = sum(theirs.get(table) != ours.get(table) for table in {*theirs, *ours})
    return Rated(len(sample), min(taken), str(sum(ours.values())), differing)


def _sums(con: psycopg.Connection, query: str) -> dict[str, Decimal]:
    return {str(table): Decimal(amount) for table, amount in con.execute(query.encode()).fetchall()}


def _sample(served: Path, calls: int) -> list[tuple[object, ...]]:
    with duckdb.connect(str(served), read_only=True) as con:
        return con.execute(
            """
            select ingress_trunk, sell_rate_table_id, called_number, charged_at, duration_s, sell_amount
            from marts.rated_calls
            where sell_status = 'rated' and sell_reason is null
            order by hash(call_id, attempt, day)
            limit ?
            """,
            [calls],
        ).fetchall()


_OURS = "select rate_table_id, sum(ours) from calls group by rate_table_id"

_TABLES = {
    "rates": "rate_table_id text, prefix prefix_range, valid_from timestamp, valid_to timestamp, rate numeric",
    "rate_tables": "rate_table_id text, initial_s numeric, increment_s numeric, amount_decimals int",
    "trunks": "trunk_id text, account_id text",
    "rate_assignments": "account_id text, side text, rate_table_id text",
    "calls": (
        "ingress_trunk text, rate_table_id text, called_number text, charged_at timestamp,"
        " duration_s numeric, ours numeric"
    ),
}

# The table is looked up as well; `calls.rate_table_id` only groups what is compared. Rounding half up is
# a whole division of doubled integers: `div` is exact where `/` is cut off.
_RATE = """
    with billed as (
        select c.*, t.amount_decimals, r.rate,
            case
                when c.duration_s = 0 then 0
                when c.duration_s <= t.initial_s then t.initial_s
                when t.increment_s = 0 then c.duration_s
                else t.initial_s + ceil((c.duration_s - t.initial_s) / t.increment_s) * t.increment_s
            end as billed_s
        from calls c
        join trunks k on k.trunk_id = c.ingress_trunk
        join rate_assignments a on a.account_id = k.account_id and a.side = 'sell'
        join rate_tables t on t.rate_table_id = a.rate_table_id
        left join lateral (
            select x.rate
            from rates x
            where x.rate_table_id = t.rate_table_id
                and x.prefix @> c.called_number
                and c.charged_at >= x.valid_from
                and (x.valid_to is null or c.charged_at < x.valid_to)
            order by length(x.prefix) desc
            limit 1
        ) r on true
    )
    select rate_table_id,
        sum(div(2 * rate * billed_s * 10 ^ amount_decimals::numeric + 60, 120) / 10 ^ amount_decimals::numeric)
    from billed
    group by rate_table_id
"""


def _load(con: psycopg.Connection, company: Path, sample: list[tuple[object, ...]]) -> None:
    con.execute("create extension prefix")
    con.execute("create extension btree_gist")
    for table, columns in _TABLES.items():
        con.execute(f"create table {table} ({columns})".encode())
    _copy(con, "calls", sample)
    for table, names in (
        ("rates", ("rate_table_id", "prefix", "valid_from", "valid_to", "rate_per_minute")),
        ("rate_tables", ("rate_table_id", "initial_s", "increment_s", "amount_decimals")),
        ("trunks", ("trunk_id", "account_id")),
        ("rate_assignments", ("account_id", "side", "rate_table_id")),
    ):
        with (company / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            _copy(con, table, (tuple(row[name] or None for name in names) for row in csv.DictReader(file)))
    con.execute("create index on rates using gist (rate_table_id, prefix)")
    con.execute("analyze")


def _copy(con: psycopg.Connection, table: str, rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]]) -> None:
    with con.cursor().copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _cluster(scratch: Path) -> Iterator[str]:
    """A running server of our own; where its socket is. Its files go with `scratch`."""
    binaries = _binaries()
    user = _server_user()
    if user:
        owner = pwd.getpwnam(user)
        os.chown(scratch, owner.pw_uid, owner.pw_gid)
    data = scratch / "data"
    done = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "bench", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"],
        user=user, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise NotHere(f"initdb failed: {done.stderr.strip()[-300:]}")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    with (scratch / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", scratch, *settings],
            user=user, cwd="/", stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _await(server, str(scratch))
        yield str(scratch)
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown
        server.wait(_PATIENCE_S)


def _await(server: subprocess.Popen[bytes], where: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=where, user="bench", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise NotHere(f"the server did not start; see {where}/log")


def _server_user() -> str | None:
    """Who runs the server: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    for user in ("postgres", "nobody"):
        try:
            pwd.getpwnam(user)
        except KeyError:
            continue
        return user
    raise NotHere("PostgreSQL refuses to run as root, and there is no other user")


def _binaries() -> Path:
    """The directory of a server that has the extension; installed when it is not there. Raises `NotHere`."""
    directory = _installed()
    if directory is None:
        _install()
        directory = _installed()
    if directory is None:
        raise NotHere("no PostgreSQL with the extension prefix was found")
    return directory


def _installed() -> Path | None:
    for extension in sorted(Path("/usr/share/postgresql").glob("*/extension/prefix.control"), reverse=True):
        binaries = Path("/usr/lib/postgresql") / extension.parts[-3] / "bin"
        if (binaries / "postgres").exists():
            return binaries
    return None


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotHere(
            "PostgreSQL with the extension prefix is not installed, and only root can install it here:"
            " apt-get install postgresql postgresql-15-prefix"
        )
    _apt("update")
    _apt("install", "-y", "--no-install-recommends", "postgresql")
    majors = sorted((path.name for path in Path("/usr/lib/postgresql").glob("*")), reverse=True)
    if majors:
        _apt("install", "-y", "--no-install-recommends", f"postgresql-{majors[0]}-prefix")


def _apt(*arguments: str) -> None:
    ended = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode:
        raise NotHere(f"apt-get {' '.join(arguments)} failed: {(ended.stderr or ended.stdout).strip()[-300:]}")
