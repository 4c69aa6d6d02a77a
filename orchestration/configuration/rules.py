"""What has to hold between the cells of a row, the rows of a file and the files."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache

import duckdb

from orchestration.configuration.column import Column, Type
from orchestration.configuration.nearest import listed, suggestion
from orchestration.configuration.problem import CellFault, Problem
from orchestration.configuration.schema import CANONICAL, FILES
from orchestration.configuration.sheet import Sheet
from orchestration.configuration.unread import RULES as UNREAD
from orchestration.configuration.values import may_be_true
from orchestration.store.sql import named
from orchestration.store.warehouse import PROJECT
from orchestration.typed import decimals, instant, number

Sheets = Mapping[str, Sheet]
Rule = Callable[[Sheets], Iterator[Problem]]


def duplicate_keys(sheets: Sheets) -> Iterator[Problem]:
    """No two rows of a file have the same key, however it is written."""
    for sheet in sheets.values():
        if not sheet.file.unique or not sheet.whole:
            continue
        keys = sheet.file.keys
        names = ", ".join(column.name for column in keys)
        seen: dict[tuple[object, ...], int] = {}
        rows = zip(*(_comparable(sheet, column) for column in keys), strict=True)
        for row, key in enumerate(rows):
            first = seen.setdefault(key, row)
            # An empty cell that must not be is reported as that, not as equal to another one.
            if first != row and all(cell != "" or not column.required for column, cell in zip(keys, key, strict=True)):
                wrong = f"the same {names} as line {sheet.lines[first]}"
                yield sheet.at(row, keys[0].name, wrong, "delete one of the two, or change its key")


def _comparable(sheet: Sheet, column: Column) -> list[object]:
    """A key column with equal values written in different ways made equal."""
    as_value: Callable[[str], object] = {Type.TIMESTAMP: instant, Type.INTEGER: number}.get(column.type, str)
    values: dict[str, object] = {}
    for cell in set(sheet[column.name]):
        value = as_value(cell)
        values[cell] = cell if value is None else value
    return [values[cell] for cell in sheet[column.name]]


def dangling_references(sheets: Sheets) -> Iterator[Problem]:
    """Every id that names a row of another file finds one there."""
    for sheet in sheets.values():
        for column in sheet.file.columns:
            if column.refers is None or not sheets[column.refers[0]].whole:
                continue
            yield from _dangling(sheet, column, sheets[column.refers[0]], column.refers[1])


def _dangling(sheet: Sheet, column: Column, target: Sheet, named: str) -> Iterator[Problem]:
    known = target.known(named)

    def judge(cell: str) -> list[CellFault]:
        items = cell.split() if column.type is Type.LIST else [cell]
        return [
            CellFault(column.name, f'"{item}" is not in {target.file.csv}', _instead(item, known))
            for item in items
            if item and item not in known
        ]

    yield from sheet.judged_cells(column.name, judge)


def _instead(value: str, known: Collection[str]) -> str:
    return suggestion(value, known, f"add it there, or write one of {listed(known)}" if known else "add it there")


def validity_order(sheets: Sheets) -> Iterator[Problem]:
    """`valid_to` is after `valid_from`."""

    def judge(start: str, end: str) -> list[CellFault]:
        since, until = instant(start), instant(end)
        if since is None or until is None or until > since:
            return []
        wrong = f'"{end}" is not after valid_from ({start})'
        return [CellFault("valid_to", wrong, "write a later time, or nothing for no end")]

    for sheet in sheets.values():
        if {"valid_from", "valid_to"} <= set(sheet.file.names):
            yield from sheet.judged(sheet.columns("valid_from", "valid_to"), judge)


def overlaps(sheets: Sheets) -> Iterator[Problem]:
    """A trunk has one account at a time, an account one rate table a side (adjacent is fine)."""
    yield from _overlaps(sheets["trunks"], "trunk_id", "direction")
    yield from _overlaps(sheets["rate_assignments"], "account_id", "side")


def _overlaps(sheet: Sheet, *key: str) -> Iterator[Problem]:
    spans: dict[tuple[str, ...], list[tuple[datetime, datetime, int]]] = defaultdict(list)
    for row, (start, end, *cells) in enumerate(sheet.columns("valid_from", "valid_to", *key)):
        held = span(start, end)
        if held and all(cells):
            spans[tuple(cells)].append((*held, row))
    for cells_, of_key in spans.items():
        of_key.sort()
        for other, row in _overlapping(of_key):
            other, row = sorted((other, row))
            wrong = f"{' '.join(cells_)} is in force twice: this row overlaps line "
            wrong += f"{sheet.lines[other]} ({_shown_span(sheet, other)})"
            right = "end one (valid_to) when or before the other begins"
            yield sheet.at(row, "valid_from", wrong, right)


def _overlapping(spans: list[tuple[datetime, datetime, int]]) -> Iterator[tuple[int, int]]:
    """Pairs of rows: each span that begins before one that began earlier has ended."""
    latest, owner = datetime.min, -1
    for start, end, row in spans:
        if owner >= 0 and start < latest:
            yield owner, row
        if end > latest:
            latest, owner = end, row


def span(start: str, end: str) -> tuple[datetime, datetime] | None:
    """From when until when two cells say that a row holds; None where they do not."""
    since = instant(start) if start else datetime.min
    until = instant(end) if end else datetime.max
    return (since, until) if since is not None and until is not None and since < until else None


def _shown_span(sheet: Sheet, row: int) -> str:
    start, end = sheet["valid_from"][row], sheet["valid_to"][row]
    return f"{start or 'always'} to {end or 'no end'}"


def one_company(sheets: Sheets) -> Iterator[Problem]:
    """The company has its file, and exactly one row in it."""
    sheet = sheets["company"]
    if not len(sheet) and sheet.whole and not sheet.problems:
        right = f"write a header and one row: {','.join(sheet.file.names)}"
        yield Problem(sheet.shown, None, None, "there is no company", right)
    for row in range(1, len(sheet)):
        yield sheet.at(row, None, "a second company", "keep one row")


def bounds(sheets: Sheets) -> Iterator[Problem]:
    """`min_charge` and `max_charge` are amounts a leg can have, and the right way round."""

    def judge(places: str, low: str, high: str) -> list[CellFault]:
        faults = _too_fine(places, low, high)
        least, most = number(low), number(high)
        if least is not None and most is not None and least > most:
            wrong = f'"{low}" is more than max_charge ({high})'
            faults.append(CellFault("min_charge", wrong, f"write at most {high}"))
        return faults

    sheet = sheets["rate_tables"]
    yield from sheet.judged(sheet.columns("amount_decimals", "min_charge", "max_charge"), judge)


def bounds_of_rates(sheets: Sheets) -> Iterator[Problem]:
    """The same of a rate's own, beside what it inherits from its table; 0 is no bound."""
    tables = sheets["rate_tables"]
    terms = dict(
        zip(tables["rate_table_id"], tables.columns("amount_decimals", "min_charge", "max_charge"), strict=True)
    )

    def judge(table: str, low: str, high: str) -> list[CellFault]:
        if not (low or high) or table not in terms:
            return []
        places, least_of_table, most_of_table = terms[table]
        faults = _too_fine(places, low, high)
        least, most = number(low or least_of_table), number(high or most_of_table)
        # a table with both the wrong way round is told of itself
        if least and most is not None and least > most and (most > 0 or not high):
            own = "min_charge" if low else "max_charge"
            wrong = f"the least amount ({low or f'{least_of_table}, of {table}'}) is more than "
            wrong += f"the highest ({high or f'{most_of_table}, of {table}'})"
            faults.append(CellFault(own, wrong, "write another one, or 0 for none"))
        return faults

    sheet = sheets["rates"]
    yield from sheet.judged(sheet.columns("rate_table_id", "min_charge", "max_charge"), judge)


def _too_fine(places: str, low: str, high: str) -> list[CellFault]:
    """Bounds with more decimals than the amounts of their table have."""
    scale = _or_default(places, "amount_decimals")
    faults = []
    for column, cell in (("min_charge", low), ("max_charge", high)):
        amount = number(cell)
        if scale is not None and amount is not None and decimals(amount) > scale:
            wrong = f'"{cell}" has {decimals(amount)} decimals, amounts of this table {scale}'
            faults.append(CellFault(column, wrong, "write fewer, or raise amount_decimals"))
    return faults


def blocks_have_pulses(sheets: Sheets) -> Iterator[Problem]:
    """A block table charges by the increment: there is one, counted from `initial_s` on."""

    def judge(kind: str, increment: str, counted_from: str) -> list[CellFault]:
        if kind != "block":
            return []
        faults = []
        if _or_default(increment, "increment_s") == 0:
            wrong = f'"{increment}" makes no blocks, and the table charges by them'
            faults.append(CellFault("increment_s", wrong, "write more than 0"))
        if counted_from == "zero":
            wrong = "a block table counts its increments from initial_s on"
            faults.append(CellFault("increment_from", wrong, "write initial, or nothing"))
        return faults

    sheet = sheets["rate_tables"]
    yield from sheet.judged(sheet.columns("kind", "increment_s", "increment_from"), judge)


def splits_can_split(sheets: Sheets) -> Iterator[Problem]:
    """Only a per_minute table with bands can cut a call at their edges."""

    def judge(policy: str, kind: str, timetable: str) -> list[CellFault]:
        if policy != "split":
            return []
        faults = []
        if kind != "per_minute":
            wrong = f"a {kind} table cannot cut a call at band edges"
            faults.append(CellFault("band_policy", wrong, "write start, or make it per_minute"))
        if not timetable:
            wrong = "without a timetable there are no bands to cut a call at"
            faults.append(CellFault("timetable_id", wrong, "name one, or write band_policy start"))
        return faults

    sheet = sheets["rate_tables"]
    yield from sheet.judged(sheet.columns("band_policy", "kind", "timetable_id"), judge)


def rates_fit_their_table(sheets: Sheets) -> Iterator[Problem]:
    """A rate has the prices its table's kind charges by, unless it only blocks."""
    tables = sheets["rate_tables"]
    kinds = tables.mapping("rate_table_id", "kind")
    policies = tables.mapping("rate_table_id", "band_policy")

    def judge(
        table: str, blocked: str, increment: str, minute: bool, first: bool, start: bool, more: bool
    ) -> list[CellFault]:
        kind = kinds.get(table)
        faults = []
        if policies.get(table) == "split" and first:
            wrong = "a table with band_policy split has no initial rate"
            faults.append(CellFault("initial_rate_per_minute", wrong, "empty it, or use start"))
        if kind == "block" and increment and number(increment) == 0:
            wrong = f'"{increment}" makes no blocks, and {table} is a block table'
            faults.append(CellFault("increment_s", wrong, "write more than 0, or nothing"))
        if may_be_true(blocked):
            return faults
        needed = {
            "per_minute": {"rate_per_minute": minute},
            "block": {"initial_charge": start, "increment_charge": more},
        }.get(kind or "", {})
        for column, given in needed.items():
            if not given:
                wrong = f"the cell is empty, and {table} is a {kind} table"
                faults.append(CellFault(column, wrong, "write a price, or true under blocked"))
        return faults

    sheet = sheets["rates"]
    priced = (
        map(bool, sheet[name])
        for name in (
            "rate_per_minute",
            "initial_rate_per_minute",
            "initial_charge",
            "increment_charge",
        )
    )
    rows = zip(sheet["rate_table_id"], sheet["blocked"], sheet["increment_s"], *priced, strict=True)
    yield from sheet.judged(rows, judge)


def markups_are_sold(sheets: Sheets) -> Iterator[Problem]:
    """A markup table adds to the buy amount, so it cannot be what a call costs."""
    kinds = sheets["rate_tables"].mapping("rate_table_id", "kind")

    def judge(table: str, side: str) -> list[CellFault]:
        if side != "buy" or kinds.get(table) != "markup":
            return []
        wrong = f"{table} is a markup table: it adds to the buy side and cannot be it"
        return [CellFault("rate_table_id", wrong, "write side sell, or a table of another kind")]

    sheet = sheets["rate_assignments"]
    yield from sheet.judged(sheet.columns("rate_table_id", "side"), judge)


def allowances_can_be_used(sheets: Sheets) -> Iterator[Problem]:
    """Durations, and so free seconds, have three decimals."""

    def judge(rule: str, allowance: str) -> list[CellFault]:
        seconds = number(allowance)
        if rule != "duration" or seconds is None or decimals(seconds) <= 3:
            return []
        wrong = f'"{allowance}" has {decimals(seconds)} decimals, seconds have 3'
        return [CellFault("allowance", wrong, "write at most 3")]

    sheet = sheets["consumption_profiles"]
    yield from sheet.judged(sheet.columns("rule", "allowance"), judge)


def bands_can_happen(sheets: Sheets) -> Iterator[Problem]:
    """A rate's band is one that its table's timetable or holidays can give."""
    if not (sheets["timetables"].whole and sheets["holidays"].whole):
        return
    bands: dict[str, set[str]] = defaultdict(set)
    for name in ("timetables", "holidays"):
        for timetable, band in sheets[name].columns("timetable_id", "band"):
            bands[timetable].add(band)
    timetables = sheets["rate_tables"].mapping("rate_table_id", "timetable_id")

    def judge(table: str, band: str) -> list[CellFault]:
        timetable = timetables.get(table)
        if not band or timetable is None:
            return []
        if not timetable:
            wrong = f'"{band}" never comes: {table} has no timetable'
            return [CellFault("band", wrong, "empty it, or give the table a timetable_id")]
        if timetable not in bands or band in bands[timetable]:
            return []
        wrong = f'"{band}" is no band of timetable {timetable}'
        return [CellFault("band", wrong, f"write one of {listed(bands[timetable])}, or nothing")]

    sheet = sheets["rates"]
    yield from sheet.judged(sheet.columns("rate_table_id", "band"), judge)


def exchanges_of_two(sheets: Sheets) -> Iterator[Problem]:
    """A rate is of one currency to another."""

    def judge(currency: str, to: str) -> list[CellFault]:
        if not currency or currency != to:
            return []
        return [CellFault("to_currency", f"{to} is from_currency too", "delete the row: it converts nothing")]

    sheet = sheets["fx_rates"]
    yield from sheet.judged(sheet.columns("from_currency", "to_currency"), judge)


def dialled_abroad(sheets: Sheets) -> Iterator[Problem]:
    """What is dialled before a country code is neither one's own code nor what is dialled before national numbers."""

    def judge(country: str, national: str, dialled: str) -> list[CellFault]:
        own = national or _national_prefixes().get(country)
        faults = []
        for prefix in dialled.split() if country else []:
            if prefix == country:
                wrong = f'"{prefix}" is the country code itself: without it, its own numbers are other countries\''
            elif prefix == own:
                wrong = f'"{prefix}" is dialled before national numbers: they would be other countries\''
            else:
                continue
            right = "write what is dialled before a country code, like 00"
            faults.append(CellFault("international_prefixes", wrong, right))
        return faults

    sheet = sheets["sources"]
    yield from sheet.judged(sheet.columns("country_code", "national_prefix", "international_prefixes"), judge)


@cache
def _national_prefixes() -> dict[str, str]:
    """What is dialled before national numbers where a source does not say it, by country code: as rating has it."""
    with duckdb.connect() as con:
        return dict(con.execute(named(PROJECT / "models" / "rating" / "lookups" / "national_prefixes.sql")).fetchall())


def known_formats(sheets: Sheets, formats: Mapping[str, str]) -> Iterator[Problem]:
    """A source's format is canonical or one that can be landed, of its kind: `formats` has the kind of each."""

    def judge(kind: str, name: str) -> list[CellFault]:
        of_kind = {CANONICAL, *(known for known, of in formats.items() if of == kind)}
        if not name or name in of_kind:
            return []
        if name in formats:
            wrong = f'"{name}" is a format of {formats[name]}, not of {kind}'
            return [CellFault("format", wrong, f"write {listed(of_kind)}, or nothing")]
        right = suggestion(name, of_kind, f"write one of {listed(of_kind)}")
        return [CellFault("format", f'"{name}" is not a known format', right)]

    sheet = sheets["sources"]
    yield from sheet.judged(sheet.columns("kind", "format"), judge)


def _or_default(cell: str, column: str) -> Decimal | None:
    """The number of a rate table's cell, what it means when it is empty, None when it is no number."""
    (default,) = (known.default for known in FILES["rate_tables"].columns if known.name == column)
    return number(cell or default)


RULES: tuple[Rule, ...] = (
    one_company,
    duplicate_keys,
    dangling_references,
    validity_order,
    overlaps,
    bounds,
    bounds_of_rates,
    blocks_have_pulses,
    splits_can_split,
    rates_fit_their_table,
    markups_are_sold,
    bands_can_happen,
    allowances_can_be_used,
    exchanges_of_two,
    dialled_abroad,
    *UNREAD,
)
"""Every rule that looks at the sheets alone."""
