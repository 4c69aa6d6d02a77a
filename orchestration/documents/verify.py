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
from pathlib import Path
from typing import Any

Row = dict[str, str]
OWN_ROWS = ("calls", "termination", "usage", "subscription")


def sha256(data: bytes) -> str:
    """The sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def rounded(value: Fraction, decimals: int, mode: str) -> Fraction:
    """Round to so many decimals: up (away from zero), down, half_up, half_down or half_even."""
    scaled = abs(value) * 10**decimals
    whole, rest = divmod(scaled, 1)
    half = Fraction(1, 2)
    goes_up = {
        "up": rest > 0,
        "down": False,
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
    }[mode]
    return Fraction(int(whole) + int(goes_up), 10**decimals) * (-1 if value < 0 else 1)


def number(text: str, default: str = "0") -> Fraction:
    """A cell as an exact number; an empty one is the default."""
    return Fraction(text or default)


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


def rerated(row: Row) -> tuple[str | None, str | None]:
    """(None, what is wrong or None) for a row that can be rated again from what it says, else (why it cannot, None)."""
    if row["terms"] != "complete":
        return row["terms"], None
    if row["kind"] == "usage":
        price = number(row["quantity"]) * number(row["unit_price"])
        billed, amount = Fraction(0), rounded(price, int(row["amount_decimals"]), row["amount_rounding"])
    else:
        billed, amount = charge(row)
    if billed != number(row["billed_s"]):
        return (
            None,
            f"{row['billed_s']} s are billed, by its terms it is {Decimal(billed.numerator) / billed.denominator}",
        )
    if amount != number(row["amount"]):
        return (
            None,
            f"the amount is {row['amount']}, by its terms it is {Decimal(amount.numerator) / amount.denominator}",
        )
    return None, None


def converted(row: Row) -> str | None:
    """What is wrong with the amount in the currency of the invoice; None when nothing is."""
    if not row["fx_rate"]:
        return None
    own = rounded(number(row["amount"]) * number(row["fx_rate"]), 8, "half_even") - number(row["covered_amount"])
    own *= -1 if row["kind"] == "termination" else 1
    return (
        None
        if own == number(row["account_amount"])
        else f"{row['amount']} at {row['fx_rate']} is not {row['account_amount']}"
    )


def read_calls(data: bytes, start: str) -> tuple[list[Row], list[str]]:
    """The rows of calls.csv, and what is wrong with the chain that runs through them."""
    lines = data.decode("utf-8").split("\r\n")
    problems = [] if lines[-1] == "" else ["calls.csv does not end with a whole line"]
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    if len(rows) != len(lines) - 2:
        problems.append(f"{len(lines) - 2} lines, {len(rows)} rows")
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
    problems = []
    sums: dict[int, list[Any]] = {}
    for row in rows:
        of = sums.setdefault(int(row["line"]), [Fraction(0), Fraction(0), Fraction(0), 0, row["kind"]])
        for n, name in enumerate(("account_amount", "duration_s", "billed_s")):
            of[n] += number(row[name])
        of[3] += number(row["duration_s"]) > 0 or number(row["amount"]) != 0
    for line in document["lines"]:
        of = sums.pop(line["line"], [Fraction(0), Fraction(0), Fraction(0), 0, line["kind"]])
        if line["kind"] not in OWN_ROWS:
            continue
        pairs = [("kind", of[4] == line["kind"]), ("amount", of[0] == Fraction(line["amount"]))]
        pairs += [
            (name, of[n] == Fraction(line[name])) for n, name in ((1, "duration_s"), (2, "billed_s")) if line[name]
        ]
        pairs += [("calls", of[3] == line["calls"])] if line["calls"] is not None else []
        problems += [f"{name} of line {line['line']} is not that of its rows" for name, good in pairs if not good]
    return problems + [f"there is no line {line} on the invoice" for line in sums]


def totals(document: Any) -> list[str]:
    """What is wrong with the arithmetic from the lines to the total."""
    exact, net, tax, total = (Fraction(document[name]) for name in ("exact", "net", "tax", "total"))
    units = document["minor_unit"]
    checks = {
        "the lines do not add up to the exact sum": exact
        == sum(Fraction(line["amount"]) for line in document["lines"]),
        "net is not the exact sum rounded": net == rounded(exact, units, "half_up"),
        "tax is not net times its percentage, rounded": tax
        == rounded(net * Fraction(document["tax_pct"]) / 100, units, "half_up"),
        "total is not net and tax": total == net + tax,
    }
    return [words for words, good in checks.items() if not good]


def same_csv(document: Any, data: bytes) -> list[str]:
    """What is wrong between the CSV file and the JSON file of the invoice."""
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    told = [(str(line["line"]), line["amount"]) for line in document["lines"]]
    return (
        [] if [(row["line"], row["amount"]) for row in rows] == told else ["its lines are not those of the JSON file"]
    )


def verify(files: dict[str, bytes], checksum: str | None = None) -> list[tuple[bool, str]]:
    """Each check, whether it passed, and what it found."""
    names = [name for name in files if name.endswith(".json") and name != "control.json"]
    missing = {"control.json", "calls.csv", "verify.py", "README.txt"} - set(files)
    if len(names) != 1 or missing or {names[0][:-5] + end for end in (".csv", ".pdf")} - set(files):
        return [(False, f"files: not a whole pack: {', '.join(sorted(files))}")]
    stem = names[0][:-5]
    found: list[tuple[bool, str]] = []

    def check(what: str, problems: list[str], good: str = "") -> None:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        found.append((not problems, f"{what}: {'; '.join(problems[:3]) + more or good}"))

    document = json.loads(files[names[0]])
    told = document["files"]
    check("number", [] if document["number"] == stem else [f"the JSON file is of {document['number']}"], stem)
    check(
        "PDF", [] if sha256(files[stem + ".pdf"]) == told["pdf_sha256"] else ["its sha256 is not the one in the JSON"]
    )
    check(
        "CSV", [] if sha256(files[stem + ".csv"]) == told["csv_sha256"] else ["its sha256 is not the one in the JSON"]
    )
    check("CSV lines", same_csv(document, files[stem + ".csv"]), f"{len(document['lines'])} lines")
    own = sha256(files[names[0]])
    if checksum:
        check("checksum", [] if own == checksum.lower() else [f"the JSON file has {own}"], own)
    rows, broken = read_calls(files["calls.csv"], stem)
    check("chain", broken, f"{len(rows)} rows")
    same = control(stem, rows, files) == files["control.json"]
    check("control.json", [] if same else ["sums, chain or sha256 of a file are not those of this pack"])
    check("lines", lines_add_up(document, rows), f"each of the {len(document['lines'])} is the sum of its rows")
    check("totals", totals(document), f"total {document['total']} {document['currency']}")
    check("currency", [f"row {row['row']}: {said}" for row in rows for said in [converted(row)] if said])
    wrong: list[str] = []
    without: Counter[str] = Counter()
    for row in rows:
        cannot, said = rerated(row)
        without.update([cannot] if cannot else [])
        wrong += [f"row {row['row']} ({row['source']} {row['call_id']}): {said}"] if said else []
    left = "".join(f"; {count} not ({why})" for why, count in sorted(without.items()))
    check("rated again", wrong, f"{len(rows) - sum(without.values())} of {len(rows)} rows, all to the last digit{left}")
    return found


def main(arguments: list[str]) -> int:
    """Verify the pack that is named, or the folder this file is in; 0 when it holds."""
    checksum = arguments.pop(arguments.index("--checksum") + 1) if "--checksum" in arguments[:-1] else None
    paths = [argument for argument in arguments if argument != "--checksum"]
    at = Path(paths[0]) if paths else Path(__file__).resolve().parent
    if at.is_dir():
        files = {path.name: path.read_bytes() for path in at.iterdir() if path.is_file()}
    else:
        with zipfile.ZipFile(at) as pack:
            files = {name: pack.read(name) for name in pack.namelist()}
    try:
        found = verify(files, checksum)
    except (KeyError, ValueError, ArithmeticError, TypeError, IndexError) as failure:
        found = [(False, f"the pack cannot be read: {type(failure).__name__} {failure}")]
    for good, said in found:
        print("PASS" if good else "FAIL", said)
    good = all(good for good, _ in found)
    print("The pack holds." if good else "THE PACK DOES NOT HOLD.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
