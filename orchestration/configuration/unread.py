"""Cells that nothing would read: whoever wrote one expects something of it, so that it is refused."""

from collections.abc import Iterator, Mapping

from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.sheet import Sheet

_OF_CALLS = ("country_code", "national_prefix", "international_prefixes")
_OF_NATIVE_FILES = ("timezone", "trunk_pattern")


def source_cells(sheets: Mapping[str, Sheet]) -> Iterator[Problem]:
    """Only calls have numbers, only a native format has a clock of its own and channels; decks have a mapping."""

    def judge(kind: str, form: str, *cells: str) -> list[CellFault]:
        said = dict(zip((*_OF_CALLS, *_OF_NATIVE_FILES, *_OF_FILES), cells, strict=True))
        said = {column: cell for column, cell in said.items() if cell and (column, cell) != ("timezone", "UTC")}
        is_native = form not in ("", "canonical")
        found = []
        if kind == "rates" and is_native:
            wrong = "how a deck is written is said in decks/<source>.toml beside the seeds"
            found.append(CellFault("format", wrong, "describe it there, and write nothing"))
        for column in _OF_CALLS:
            if column in said and kind != "cdrs":
                found.append(CellFault(column, f"files of kind {kind} have no numbers to read by it", "write nothing"))
        if "national_prefix" in said and not said.get("country_code"):
            wrong = "without a country_code no number is national"
            found.append(CellFault("national_prefix", wrong, "write the country code, or nothing"))
        for column in _OF_NATIVE_FILES:
            if column in said and not is_native:
                found.append(CellFault(column, *_CANONICAL[column]))
        for column, (kinds, wrong) in _OF_FILES.items():
            if column in said and kind not in kinds:
                found.append(CellFault(column, f"{wrong} of kind {kind}", "write nothing"))
        return found

    sheet = sheets["sources"]
    names = ("kind", "format", *_OF_CALLS, *_OF_NATIVE_FILES, *_OF_FILES)
    yield from sheet.judged(sheet.columns(*names), judge)


_LANDED = ("cdrs", "usage", "payments", "resources")
_OF_FILES = {
    "expected_every_minutes": (_LANDED, "nothing waits for files"),
    "max_age_days": (_LANDED, "nothing judges the times of files"),
    "max_duration_s": (("cdrs",), "there are no durations in files"),
}
_CANONICAL = {
    "timezone": (
        "the times of canonical files are UTC, or have an offset",
        "write UTC or nothing, and the offset with each time",
    ),
    "trunk_pattern": ("canonical files have the trunk in a column of its own", "write nothing"),
}
