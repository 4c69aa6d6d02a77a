#!/usr/bin/env python3
"""Check the evidence behind an invoice: python verify.py [PACK.zip], or in the unpacked folder without an argument.

Needs Python 3.10 or newer and nothing else. Says PASS or FAIL for each check; exit status 0 when all pass. Amounts are
read as exact fractions: nothing is rounded but where the rules say so. --checksum HEX also compares the sha256 of the
invoice's JSON file with the one that the sender told you.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

Row = dict[str, str]
OWN_ROWS = ("calls", "termination", "usage", "subscription")


def sha256(data: bytes) -> str:
    """The sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def rounded(value: Fraction, decimals: int, mode: str) -> Fraction:
    """Round to so many decimals: up (away from zero), down, half_up, half_down or half_even."""
    whole, rest = divmod(abs(value) * 10**decimals, 1)
    half = Fraction(1, 2)
    goes_up = {"up": rest > 0, "down": False, "half_up": rest >= half, "half_down": rest > half}
    goes_up["half_even"] = rest > half or (rest == half and whole % 2 == 1)
    return Fraction(int(whole) + int(goes_up[mode]), 10**decimals) * (-1 if value < 0 else 1)


@lru_cache(100_000)  # most cells say the same
def number(text: str) -> Fraction:
    """A cell as an exact number; an empty one is 0."""
    return Fraction(text or "0")


def billed_seconds(row: Row) -> Fraction:
    """The billed seconds of an answered call, from its duration and the terms of its rate."""
    seconds = number(row["duration_s"])
    if seconds <= number(row["grace_s"]):
        return Fraction(0)
    if row["seconds_rounding"] != "none":
        seconds = rounded(seconds, 0, row["seconds_rounding"])
    left = seconds - number(row["free_s"])
    first, step = number(row["initial_s"]), number(row["increment_s"])
    if left <= 0:
        return Fraction(0)
    if left <= first:
        return first
    if step == 0:
        return left
    start = Fraction(0) if row["increment_from"] == "zero" else first
    return start + -((start - left) // step) * step


def charge(row: Row) -> tuple[Fraction, Fraction]:
    """Billed seconds and amount of a per_minute or block call, in the currency of its rate table."""
    decimals, mode = int(row["amount_decimals"]), row["amount_rounding"]
    if number(row["duration_s"]) == 0:
        return Fraction(0), rounded(number(row["attempt_charge"]), decimals, mode)
    if number(row["duration_s"]) <= number(row["grace_s"]):
        return Fraction(0), Fraction(0)
    billed, first = billed_seconds(row), number(row["initial_s"])
    exact = number(row["connect_charge"])
    if billed == 0:
        pass  # only the connect charge is due
    elif row["rate_kind"] == "block":
        blocks = (billed - first) / number(row["increment_s"])
        exact += number(row["initial_charge"]) + blocks * number(row["increment_charge"])
    else:
        rate = number(row["rate_per_minute"])
        at_first = min(billed, first) if row["initial_rate_per_minute"] else Fraction(0)
        exact += at_first * number(row["initial_rate_per_minute"]) / 60 + (billed - at_first) * rate / 60
    amount = max(rounded(exact, decimals, mode), number(row["min_charge"]))
    return billed, min(amount, number(row["max_charge"])) if row["max_charge"] else amount


def rerated(row: Row) -> str | None:
    """What is wrong with a row whose terms are complete: it is rated again from them. None when nothing is."""
    if row["kind"] == "usage":
        price = number(row["quantity"]) * number(row["unit_price"])
        due = Fraction(0), rounded(price, int(row["amount_decimals"]), row["amount_rounding"])
    else:
        due = charge(row)
    for name, exact in zip(("billed_s", "amount"), due, strict=True):
        if exact != number(row[name]):
            where = f"row {row['row']} ({row['source']} {row['call_id']})"
            return f"{where}: {name} is {row[name]}, by its terms {Decimal(exact.numerator) / exact.denominator}"
    return None


def converted(row: Row) -> str | None:
    """What is wrong with a row's amount in the currency of the document; None when nothing is."""
    own = rounded(number(row["amount"]) * number(row["fx_rate"]), 8, "half_even") - number(row["covered_amount"])
    if own * (-1 if row["kind"] == "termination" else 1) == number(row["account_amount"]):
        return None
    return f"row {row['row']}: {row['amount']} at {row['fx_rate']} is not {row['account_amount']}"


def read_calls(data: bytes, start: str) -> tuple[list[Row], list[str]]:
    """The rows of calls.csv, and what is wrong with the chain that runs through them."""
    lines = data.decode("utf-8").split("\r\n")
    names, *cells = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    rows = [dict(zip(names, map(sys.intern, row), strict=True)) for row in cells]
    if lines[-1] != "":
        return rows, ["calls.csv does not end with a whole line (CR LF): cut short, or its line ends changed"]
    problems = [] if len(rows) == len(lines) - 2 else [f"{len(lines) - 2} lines, {len(rows)} rows"]
    chain = sha256(start.encode())
    for n, (line, row) in enumerate(zip(lines[1:], rows, strict=False), 1):
        said, _, value = line.rpartition(",")
        chain = sha256((chain + said).encode())
        if value != chain or row["row"] != str(n):
            problems.append(f"row {n} ({row['source']} {row['call_id']}) is not what it was")
            break
    return rows, problems


def control(number_: str, rows: list[Row], files: dict[str, bytes]) -> bytes:
    """control.json as it has to be for these rows and files."""

    def sums(of: list[Row]) -> dict[str, Any]:
        names = ("duration_s", "billed_s", "account_amount")
        return {"rows": len(of), **{name: str(sum(Decimal(row[name] or "0") for row in of)) for name in names}}

    by_line: dict[int, list[Row]] = {}
    for row in rows:
        by_line.setdefault(int(row["line"]), []).append(row)
    value = {
        "format": "tollbook evidence 1",
        "invoice_number": number_,
        "first_chain": sha256(number_.encode()),
        "last_chain": rows[-1]["chain"] if rows else sha256(number_.encode()),
        "calls": sums(rows),
        "lines": [{"line": line, **sums(by_line[line])} for line in sorted(by_line)],
        "files": {name: sha256(files[name]) for name in sorted(files) if name != "control.json"},
    }
    return (json.dumps(value, indent=2) + "\n").encode()


def lines_add_up(document: Any, rows: list[Row]) -> list[str]:
    """What is wrong between the lines of the invoice and the rows behind them; adjustments have none."""
    problems: list[str] = []
    behind: dict[int, list[Row]] = {}
    for row in rows:
        behind.setdefault(int(row["line"]), []).append(row)
    for line in document["lines"]:
        own = behind.pop(line["line"], [])
        due = {"kind": {row["kind"] for row in own} <= {line["kind"]}}
        if line["kind"] in OWN_ROWS:
            names = ("amount", "account_amount", "quantity", "duration_s", "billed_s", "covered_s", "covered_amount")
            sums = {name: sum(number(row[name]) for row in own) for name in names}
            due["amount"] = sums["account_amount"] == Fraction(line["amount"])
            due["calls"] = line["calls"] in (None, len(own))
            due.update({name: number(line[name]) == sums[name] for name in names[3:] if line.get(name)})
            due["quantity"] = line["kind"] != "usage" or sums["quantity"] == number(line["quantity"])
            if line.get("beyond_rate"):
                by_rate = (sums["billed_s"] - sums["covered_s"]) * number(line["rate_per_minute"]) / 60
                beyond = sums["amount"] - rounded(by_rate, 8, "half_even")
                due["beyond_rate"] = number(line["beyond_rate"]) == (beyond if line["kind"] == "calls" else -beyond)
        problems += [f"{name} of line {line['line']} is not that of its rows" for name, good in due.items() if not good]
    return problems + [f"there is no line {line} on the invoice" for line in behind]


def totals(document: Any) -> list[str]:
    """What is wrong with the arithmetic from the lines to the total."""
    exact, net, tax, total = (Fraction(document[name]) for name in ("exact", "net", "tax", "total"))
    units, lines = document["minor_unit"], sum(Fraction(line["amount"]) for line in document["lines"])
    share = net * Fraction(document["tax_pct"]) / 100
    checks = {
        "the lines do not add up to the exact sum": exact == lines,
        "net is not the exact sum rounded": net == rounded(exact, units, "half_up"),
        "tax is not net times its percentage, rounded": tax == rounded(share, units, "half_up"),
        "total is not net and tax": total == net + tax,
    }
    return [words for words, good in checks.items() if not good]


def verify(files: dict[str, bytes], checksum: str | None = None) -> list[tuple[bool, str]]:
    """Each check, whether it passed, and what it found."""
    files = {name: files[name] for name in ("control.json", *json.loads(files["control.json"])["files"])}
    names = [name for name in files if name.endswith(".json") and name != "control.json"]
    stem = names[0][:-5]
    whole = {"control.json", "calls.csv", "verify.py", "README.txt", stem + ".csv", stem + ".json", stem + ".pdf"}
    document = json.loads(files[names[0]])
    found: list[tuple[bool, str]] = []

    def check(what: str, problems: list[str], good: str = "") -> None:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        found.append((not problems, f"{what}: {'; '.join(problems[:3]) + more or good}"))

    check("files", [] if set(files) == whole else [f"a pack has {', '.join(sorted(whole))}"], f"all {len(files)}")
    check("number", [] if document["number"] == stem else [f"the JSON file is of {document['number']}"], stem)
    for ending in ("csv", "pdf"):
        good = sha256(files[f"{stem}.{ending}"]) == document["files"][f"{ending}_sha256"]
        check(ending.upper(), [] if good else ["its sha256 is not the one in the JSON"], "as the JSON says")
    own = sha256(files[names[0]])
    if checksum:
        check("checksum", [] if own == checksum.lower() else [f"the JSON file has {own}"], own)
    rows, broken = read_calls(files["calls.csv"], stem)
    check("chain", broken, f"{len(rows)} rows")
    same = control(stem, rows, files) == files["control.json"]
    check("control.json", [] if same else ["sums, chain or sha256 of a file are not those of this pack"], "as computed")
    check("lines", lines_add_up(document, rows), f"each of the {len(document['lines'])} is the sum of its rows")
    check("totals", totals(document), f"total {document['total']} {document['currency']}")
    exchanged = [row for row in rows if row["fx_rate"]]
    wrong = [said for row in exchanged for said in [converted(row)] if said]
    check("currency", wrong, f"{len(exchanged)} of {len(rows)} rows converted again")
    complete = [row for row in rows if row["terms"] == "complete"]
    without = Counter(row["terms"] for row in rows if row["terms"] != "complete")
    left = "".join(f"; {count} not ({why})" for why, count in sorted(without.items()))
    wrong = [said for row in complete for said in [rerated(row)] if said]
    check("rated again", wrong, f"{len(complete)} of {len(rows)} rows, all to the last digit{left}")
    return found


def main(arguments: list[str]) -> int:
    """Verify the pack that is named, or the folder this file is in; 0 when it holds."""
    checksum = arguments.pop(arguments.index("--checksum") + 1) if "--checksum" in arguments[:-1] else None
    paths = [argument for argument in arguments if argument != "--checksum"]
    at = Path(paths[0]) if paths else Path(__file__).resolve().parent
    try:
        if at.is_dir():
            files = {path.name: path.read_bytes() for path in at.iterdir() if path.is_file()}
        else:
            with zipfile.ZipFile(at) as pack:
                files = {name: pack.read(name) for name in pack.namelist()}
        found = verify(files, checksum)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, ArithmeticError, TypeError, IndexError) as failure:
        found = [(False, f"the pack cannot be read: {type(failure).__name__} {failure}")]
    for good, said in found:
        print("PASS" if good else "FAIL", said)
    good = all(good for good, _ in found)
    print("The pack holds." if good else "THE PACK DOES NOT HOLD.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
