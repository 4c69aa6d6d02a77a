"""Cells that nothing would read: whoever wrote one expects something of it, so that it is refused."""

from collections.abc import Iterator, Mapping

from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.schema import CANONICAL
from orchestration.configuration.sheet import Sheet
from orchestration.configuration.values import may_be_true

Sheets = Mapping[str, Sheet]

NOT_READ: Mapping[str, tuple[str, ...]] = {
    "per_minute": ("initial_charge", "increment_charge", "markup_pct"),
    "block": ("rate_per_minute", "initial_rate_per_minute", "markup_pct"),
    "given": (
        *("rate_per_minute", "initial_rate_per_minute", "initial_charge", "increment_charge", "markup_pct"),
        *("initial_s", "increment_s", "connect_charge", "free_s"),
    ),
    "markup": (
        *("rate_per_minute", "initial_rate_per_minute", "initial_charge", "increment_charge"),
        *("initial_s", "increment_s", "connect_charge", "grace_s", "free_s"),
    ),
}
"""Columns of a rate that say nothing in a table of a kind."""

_OF_CALLS = ("country_code", "national_prefix", "international_prefixes")
_OF_NATIVE_FILES = ("timezone", "trunk_pattern")


def source_cells(sheets: Sheets) -> Iterator[Problem]:
    """Only calls have numbers, only a native format has a clock of its own and channels; decks have a mapping."""

    def judge(kind: str, form: str, *cells: str) -> list[CellFault]:
        given = dict(zip((*_OF_CALLS, *_OF_NATIVE_FILES, *_OF_FILES), cells, strict=True))
        given = {column: cell for column, cell in given.items() if cell and (column, cell) != ("timezone", "UTC")}
        is_native = form not in ("", CANONICAL)
        faults = []
        if kind == "rates" and is_native:
            wrong = "how a deck is written is said in decks/<source>.toml beside the seeds"
            faults.append(CellFault("format", wrong, "describe it there, and write nothing"))
        for column in _OF_CALLS:
            if column in given and kind != "cdrs":
                faults.append(CellFault(column, f"files of kind {kind} have no numbers to read by it", "write nothing"))
        if "national_prefix" in given and not given.get("country_code"):
            wrong = "without a country_code no number is national"
            faults.append(CellFault("national_prefix", wrong, "write the country code, or nothing"))
        for column in _OF_NATIVE_FILES:
            if column in given and not is_native:
                faults.append(CellFault(column, *_CANONICAL[column]))
        for column, (kinds, wrong) in _OF_FILES.items():
            if column in given and kind not in kinds:
                faults.append(CellFault(column, f"{wrong} of kind {kind}", "write nothing"))
        return faults

    sheet = sheets["sources"]
    names = ("kind", "format", *_OF_CALLS, *_OF_NATIVE_FILES, *_OF_FILES)
    yield from sheet.judged(sheet.columns(*names), judge)


_LANDED = ("cdrs", "usage", "payments", "resources")
_OF_FILES = {
    "expected_every_minutes": (_LANDED, "nothing waits for files"),
    "encoding": (_LANDED, "nothing reads the text of files"),
    "max_age_days": (_LANDED, "nothing judges the times of files"),
    "max_duration_s": (("cdrs",), "there are no durations in files"),
    "not_numbers": (("cdrs",), "there are no called numbers in files"),
    "operator": (("payments",), "nobody answers for files"),
}


def rate_cells(sheets: Sheets) -> Iterator[Problem]:
    """A rate says what tables of its kind charge by, and nothing else."""
    kinds = sheets["rate_tables"].mapping("rate_table_id", "kind")
    names = sorted({column for columns in NOT_READ.values() for column in columns})

    def judge(table: str, *given: bool) -> list[CellFault]:
        kind = kinds.get(table, "")
        columns_given = {column for column, is_given in zip(names, given, strict=True) if is_given}
        wrong = f"{table} is a {kind} table: no call of it is charged by this"
        return [
            CellFault(column, wrong, "write nothing") for column in NOT_READ.get(kind, ()) if column in columns_given
        ]

    sheet = sheets["rates"]
    yield from sheet.judged(
        zip(sheet["rate_table_id"], *(map(bool, sheet[name]) for name in names), strict=True), judge
    )


def markups_of_tables(sheets: Sheets) -> Iterator[Problem]:
    """Only a markup table has a markup."""

    def judge(kind: str, markup: str) -> list[CellFault]:
        if not markup or kind in ("", "markup"):
            return []
        return [CellFault("markup_pct", f"a {kind} table adds no markup", "write nothing, or make it a markup table")]

    sheet = sheets["rate_tables"]
    yield from sheet.judged(sheet.columns("kind", "markup_pct"), judge)


def channel_billing(sheets: Sheets) -> Iterator[Problem]:
    """Nobody is billed by the channel yet."""

    def judge(model: str) -> list[CellFault]:
        wrong = "channel billing comes later"
        return [CellFault("billing_model", wrong, "write per_minute, or nothing")] if model == "per_channel" else []

    yield from sheets["accounts"].judged_cells("billing_model", judge)


def parts_of_what_is_due_once(sheets: Sheets) -> Iterator[Problem]:
    """Only a month can be charged in part."""

    def judge(charge: str, prorate: str) -> list[CellFault]:
        if charge != "once" or not prorate or not may_be_true(prorate):
            return []
        return [CellFault("prorate", "what is charged once is charged in full", "write nothing, or charge it monthly")]

    sheet = sheets["subscriptions"]
    yield from sheet.judged(sheet.columns("charge", "prorate"), judge)


RULES = (source_cells, rate_cells, markups_of_tables, channel_billing, parts_of_what_is_due_once)

_CANONICAL = {
    "timezone": (
        "the times of canonical files are UTC, or have an offset",
        "write UTC or nothing, and the offset with each time",
    ),
    "trunk_pattern": ("canonical files have the trunk in a column of its own", "write nothing"),
}
