"""The evidence behind an invoice as a zip that its receiver can check without us: the same bytes every time."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from orchestration.documents import verify
from orchestration.documents.cells import plain

# what calls.csv says of a row, in this order; `row` before and `chain` after it are the pack's own
COLUMNS = (
    "line", "kind", "source", "call_id", "attempt", "day", "charged_at", "calling_number", "called_number", "service",
    "destination", "rate_table_id", "rate_kind", "prefix", "band", "rate_per_minute", "initial_rate_per_minute",
    "initial_s", "increment_s", "increment_from", "initial_charge", "increment_charge", "seconds_rounding",
    "amount_decimals", "amount_rounding", "grace_s", "free_s", "connect_charge", "attempt_charge", "min_charge",
    "max_charge", "rate_origin", "quantity", "unit_price", "duration_s", "billed_s", "amount", "currency", "fx_rate",
    "covered_s", "covered_amount", "account_amount", "terms",
)  # fmt: skip
_README = """\
Evidence behind {number}
{underline}

{number}.csv, .json, .pdf   the document itself
calls.csv                  every call and use behind it, in order, with the terms that each was charged by
control.json               counts and sums of calls.csv, by line and in all, and the sha256 of every other file
verify.py                  checks all of it; needs Python 3.10 or newer and nothing else

    python verify.py

in the unpacked folder, or `python verify.py PACK.zip`. It says PASS or FAIL, check by check:

* the files are those that control.json and the document's JSON name by their sha256;
* no row of calls.csv was changed, added, removed or moved: `chain` is the sha256 of the chain before it and of the
  row up to its last comma; the first one follows on the sha256 of the document's number;
* each line of the document is the exact sum of its rows; adjustments and credits are about documents sent before,
  and have none; the lines come to net, tax and total;
* each row whose `terms` are "complete" is rated again, in exact fractions, and comes out the same to the last digit.
  Where `terms` says otherwise, it says why that cannot be done from this row alone.

Somebody who changes all the files together can make a pack that holds. Ask whoever sent it, another way, for the
sha256 of the JSON file (the checksum in their books), and run: python verify.py --checksum THAT

calls.csv: charged_at is UTC; seconds end in _s; rates are per minute and, like `amount`, in `currency`, the rate
table's; `fx_rate` turns it into the document's currency, in which are `covered_amount` (what an allowance took off)
and `account_amount` (what the document charges; below 0 where it is owed to its receiver). {cells}
"""


# how calls.csv has texts that are a formula to a spreadsheet
_PLAIN = "A text that\na spreadsheet would take for a formula has an apostrophe (') before it."
_RAW = "Texts are as they\nare, also those that a spreadsheet takes for a formula: do not open it with one."


def pack(number: str, documents: dict[str, bytes], rows: Iterable[Sequence[str | None]], *, raw: bool = False) -> bytes:
    """The zip of an invoice's evidence. `documents` by file name; `rows` are cells of `COLUMNS`, in order. `raw`: texts
    are as they are, also those that are a formula to a spreadsheet.

    Raises `ValueError`, with what the receiver would read, when the pack does not hold what it proves.
    """
    files = {
        **documents,
        "calls.csv": calls_csv(number, rows, raw=raw),
        "verify.py": Path(verify.__file__).read_bytes(),
        "README.txt": _README.format(
            number=number, underline="=" * (16 + len(number)), cells=_RAW if raw else _PLAIN
        ).encode(),
    }
    read, _ = verify.read_calls(files["calls.csv"], number)
    files["control.json"] = verify.control(number, read, files)
    if failed := [problem for good, problem in verify.verify(files) if not good]:
        raise ValueError("; ".join(failed))
    return zipped(files)


def calls_csv(number: str, rows: Iterable[Sequence[str | None]], *, raw: bool = False) -> bytes:
    """calls.csv: a header, the rows with their chain. Line breaks within cells become blanks: a row is a line."""
    text = io.StringIO(newline="")
    line = csv.writer(text, lineterminator="")
    parts = [",".join(("row", *COLUMNS, "chain"))]
    chain = sha256(number.encode()).hexdigest()
    for n, cells in enumerate(rows, 1):
        text.seek(0)
        text.truncate()
        texts = ((cell or "").replace("\r", " ").replace("\n", " ") for cell in cells)
        line.writerow([n, *(texts if raw else map(plain, texts))])
        row_text = text.getvalue()
        chain = sha256((chain + row_text).encode()).hexdigest()
        parts.append(f"{row_text},{chain}")
    return ("\r\n".join(parts) + "\r\n").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """Files as a zip, sorted, with no time of their own."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return data.getvalue()
