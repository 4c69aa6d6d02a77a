"""Files as sources send them, and what can befall a file on its way: the same for the same seed.

`mutated` gives a file's name and bytes. Most mutations leave something that can be read; none says whether.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import duckdb

from tests.support.asterisk import master
from tests.support.decks import XLS, xlsx
from tests.support.landing_home import cdr, csv_text

ROWS = 12


@dataclass(frozen=True)
class Sent:
    """A file in inbox/<kind>/<source>/. `what`: the base file and what befell it, for people."""

    kind: str
    source: str
    name: str
    data: bytes
    what: str


def mutated(seed: int) -> Sent:
    """The file of this seed."""
    random = Random(f"mutation {seed}")
    _, kind, source, suffix, base = random.choices(_SENT, [often for often, *_ in _SENT])[0]
    data, happened = base(random), []
    if random.random() < 0.3:
        mutation = random.choice(_TEXT if suffix in (".csv", ".jsonl") else _BYTES)
        data = mutation(random, data)
        happened.append(mutation.__name__)
        data, suffix = gzip.compress(data, mtime=0), f"{suffix}.gz"
        happened.append("gzip")
    plain = suffix in (".csv", ".jsonl")
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        mutation = random.choice(_TEXT if plain else _BYTES)
        data = mutation(random, data)
        happened.append(mutation.__name__)
    if random.random() < 0.05:
        suffix = random.choice((".csv", ".csv.gz", ".jsonl", ".json.gz", ".parquet", ".parquet.gz", ".txt", ""))
        happened.append(f"named {suffix}")
    name = f"m{seed}{suffix}"
    return Sent(kind, source, name, data, f"{name}: {kind} of {source}: {', '.join(happened) or 'as it is'}")


# -- files as they are sent ----------------------------------------------------------------------


def _calls(random: Random, rows: int = ROWS) -> list[dict[str, str]]:
    """Calls whose ids no other file has, but for one now and then."""
    own = random.randrange(10**9)
    return [
        cdr(
            call_id=f"c{own}-{n}" if random.random() < 0.97 else "again",
            started_at=f"2026-03-0{random.randrange(1, 5)}T1{n % 10}:00:00Z",
            duration_s=random.choice(("0", "1", "63.250", "7.5")),
            answered_at="",
            ended_at="",
            ingress_trunk=random.choice(('"a, b"', "trunk", "")),
            disposition=random.choice(("ANSWERED", '"say ""hi"""', "")),
        )
        for n in range(rows)
    ]


def _csv(random: Random) -> bytes:
    return csv_text(_calls(random)).encode()


def _headless(random: Random) -> bytes:
    return csv_text(_calls(random)).split("\n", 1)[1].encode()


def _asterisk(random: Random) -> bytes:
    own = random.randrange(10**9)
    lines = [master(f"2026-03-02 10:{n:02}:00", billsec=n, uniqueid=f"{own}.{n}") for n in range(ROWS)]
    return "".join(lines).encode()


def _json(random: Random) -> bytes:
    rows = [{name: cell for name, cell in row.items() if cell} for row in _calls(random)]
    return "".join(json.dumps({**row, "duration_s": float(row["duration_s"])}) + "\n" for row in rows).encode()


def _usage(random: Random) -> bytes:
    own, row = random.randrange(10**9), "2026-03-01T10:00:00Z,acme,message,2"
    return (
        "usage_id,occurred_at,account_id,service,quantity\n" + "".join(f"u{own}-{n},{row}\n" for n in range(ROWS))
    ).encode()


def _payments(random: Random) -> bytes:
    own, row = random.randrange(10**9), "2026-03-01T10:00:00Z,acme,100.25,USD,wire"
    return (
        "payment_id,paid_at,account_id,amount,currency,method\n" + "".join(f"p{own}-{n},{row}\n" for n in range(ROWS))
    ).encode()


def _resources(random: Random) -> bytes:
    own = random.randrange(10**9)
    return (
        "observed_at,account_id,resource,count\n"
        + "".join(f"2026-03-01T10:00:{n:02}Z,sw1,cdrs,{own}\n" for n in range(ROWS))
    ).encode()


_PARQUET = ("zstd", "snappy", "gzip", "uncompressed", "lz4_raw", "brotli")


def _parquet(random: Random) -> bytes:
    """One of a few: writing one takes longer than landing it."""
    return _written(random.choice(_PARQUET), random.random() < 0.5)


@cache
def _written(compression: str, typed: bool) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "a.csv", Path(scratch) / "a.parquet"
        source.write_bytes(csv_text(_calls(Random(compression), 500)).encode())
        cells = (
            "* replace (started_at::TIMESTAMPTZ as started_at, duration_s::DECIMAL(18, 6) as duration_s)"
            if typed
            else "*"
        )
        duckdb.execute(
            f"copy (select {cells} from read_csv('{source}', all_varchar = true)) to '{target}'"
            f" (format parquet, compression {compression})"
        )
        return target.read_bytes()


def _deck(random: Random) -> bytes:
    rows = [f"44{n},0.0{random.randrange(1, 10)},60/60,01/04/2026" for n in range(ROWS)]
    return "\n".join(["Code,Rate,Inc,Date", *rows, ""]).encode()


def _deck_sheet(random: Random) -> bytes:
    rows: list[list[object]] = [["Code", "Rate", "Inc", "Date"]]
    rows += [[f"44{n}", 0.01 * random.randrange(1, 10), "60/60", "01/04/2026"] for n in range(ROWS)]
    return xlsx(("Rates", rows))


def _deck_of_old(random: Random) -> bytes:
    return XLS


# How often: kind, source, the name's ending, how it is made.
_SENT: Sequence[tuple[int, str, str, str, Callable[[Random], bytes]]] = (
    (4, "cdrs", "sw1", ".csv", _csv),
    (2, "cdrs", "sw1", ".csv", _headless),
    (1, "cdrs", "pbx", ".csv", _asterisk),
    (3, "cdrs", "utcpbx", ".csv", _asterisk),
    (3, "cdrs", "sw1", ".jsonl", _json),
    (5, "cdrs", "sw1", ".parquet", _parquet),
    (1, "usage", "smsc", ".csv", _usage),
    (1, "payments", "bank", ".csv", _payments),
    (1, "resources", "sw1", ".csv", _resources),
    (1, "rates", "carrier", ".csv", _deck),
    (1, "rates", "carrier", ".xlsx", _deck_sheet),
    (1, "rates", "carrier", ".xls", _deck_of_old),
)

# -- what befalls them ---------------------------------------------------------------------------


def _span(random: Random, data: bytes, most: int = 200) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(1, most))


def flipped(random: Random, data: bytes) -> bytes:
    """A few bytes are others."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 30))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def flipped_near_the_end(random: Random, data: bytes) -> bytes:
    """As in the footer of Parquet, or the checksum of gzip."""
    return data[:-400] + flipped(random, data[-400:])


def cut_short(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def part_lost(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def part_twice(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:]


def part_blank(random: Random, data: bytes) -> bytes:
    """As a disk leaves what it lost."""
    start, end = _span(random, data, 5000)
    return data[:start] + bytes(end - start) + data[end:]


def something_between(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_ODD) + data[at:]


def something_at_the_ends(random: Random, data: bytes) -> bytes:
    odd = random.choice(_ODD)
    return odd + data if random.random() < 0.5 else data + odd


def nothing(random: Random, data: bytes) -> bytes:
    return random.choice((b"", b"\n", b" ", b"\r", b"\xef\xbb\xbf", b"\0" * 10))


def something_replaced(random: Random, data: bytes) -> bytes:
    """Throughout, or a few times."""
    old, new = random.choice(_REPLACED)
    return data.replace(old, new, random.choice((-1, 1, 3)))


def of_other_text(random: Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-16-be", "utf-8-sig", "utf-32")), "replace")


def a_long_cell(random: Random, data: bytes) -> bytes:
    """In the first line, or in any."""
    at = random.randrange(len(data.split(b"\n")[0]) + 1) if random.random() < 0.5 else random.randrange(len(data) + 1)
    return data[:at] + b"x" * random.choice((140_000, 200_000, 1_100_000)) + data[at:]


def lines_shuffled(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


_ODD: Sequence[bytes] = (
    *(
        b'"',
        b'""',
        b"'",
        b",",
        b",,,,",
        b";",
        b"\t",
        b"|",
        b"\\",
        b"\n",
        b"\n\n\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\x1f",
        b"\x1f1",
    ),
    *(
        b"\xff",
        b"\xfe\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\xf0\x9f\x98\x80",
        b"\xc2\xa0",
        b"\x1a",
        b"\x7f",
        b"PAR1",
        b"PK\x03\x04",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'{"call_id": 1',
        b'{"a": {"a": {"a": 1}}}',
        b"\\ud800",
        b"\\u0000",
        b"1e308",
        b"-",
        b"NaN",
    ),
    *(b"9" * 40, b"<html>", b"=1+1", b" ", b"  \n", b"\x1f\x8b\x08\x00", b"\x1f\x8b", b"#", b"--", b"%00", b"/**/"),
)
_REPLACED: Sequence[tuple[bytes, bytes]] = (
    *(
        (b"\n", b"\r"),
        (b"\n", b"\r\n"),
        (b"\n", b"\n\n"),
        (b"\n", b"\r\r"),
        (b"\n", b""),
        (b"\n", b"\n\r"),
        (b",", b";"),
    ),
    *(
        (b",", b"\t"),
        (b'"', b""),
        (b'"', b'"""'),
        (b"2026", b"9999"),
        (b"2026", b"-2026"),
        (b"10:", b"25:"),
        (b"-", b"/"),
    ),
    *(
        (b"call_id", b"Call ID"),
        (b"call_id", b"called_number"),
        (b"_", b" "),
        (b"Z", b"+99:99"),
        (b".", b"e"),
        (b"1", b" 1"),
    ),
    *(
        (b"started_at", b"call_id"),
        (b"_id", b"_id "),
        (b"1", b"\xd9\xa1"),
        (b",", b",,"),
        (b"acme", b"ACME"),
        (b"cdrs", b"\0"),
    ),
)
_BYTES = (
    *(
        flipped,
        flipped,
        flipped,
        flipped_near_the_end,
        flipped_near_the_end,
        cut_short,
        part_lost,
        part_twice,
        part_blank,
    ),
    *(something_between, something_at_the_ends, nothing),
)
_TEXT = (*_BYTES, something_between, something_replaced, something_replaced, of_other_text, a_long_cell, lines_shuffled)
