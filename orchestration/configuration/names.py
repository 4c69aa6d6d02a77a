"""What a check warns of about names that are free: no row has to have them, and yet another row is meant by them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from orchestration.configuration.nearest import listed, nearest, respelled, suggestion
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import Sheet, read
from orchestration.typed import month

# names by which rows are brought together, each with the columns within which it is one name
_ALIKE = (
    ("accounts", "department", ()),
    ("accounts", "customer_id", ()),
    ("prefix_regions", "region", ()),
    ("timetables", "band", ("timetable_id",)),
    ("service_rates", "service", ()),
    ("plan_tiers", "plan_tier", ()),
    ("plan_tiers", "resource", ()),
)


def spelt_two_ways(sheet: Sheet, column: str, within: tuple[str, ...] = ()) -> Iterator[Problem]:
    """A name that is there with other capitals or marks, too: they are two, and rows of them do not meet."""
    first: dict[tuple[str, ...], int] = {}
    told: set[tuple[str, ...]] = set()
    for row, (name, *scope) in enumerate(sheet.columns(column, *within)):
        if not name:
            continue
        earlier = first.setdefault((_folded(name), *scope), row)
        other = sheet[column][earlier]
        if name != other and (name, *scope) not in told:
            told.add((name, *scope))
            wrong = f'"{name}" is "{other}" on line {sheet.lines[earlier]}: they count as two'
            yield sheet.at(row, column, wrong, "write it one way")


def _folded(name: str) -> str:
    """Without capitals and what cannot be seen, with one mark between words; `pro+` stays another tier than `pro`."""
    return "".join(c for c in re.sub(r"[\s_-]+", " ", name.casefold()) if c.isprintable())


def odd_names(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Plan tiers, a budget's department and a holiday's band that lead nowhere; names that are written two ways."""
    yield from _tiers(sheets)
    for file, column, within in _ALIKE:
        yield from spelt_two_ways(sheets[file], column, within)
    yield from _holidays(sheets)
    yield from _departments(sheets, now)


def _tiers(sheets: Sheets) -> Iterator[Problem]:
    """A plan tier that has no row where others have: nothing is limited by it. The one that an empty cell means may."""
    sheet, known = sheets["accounts"], sheets["plan_tiers"].known("plan_tier")
    default = FILES["accounts"].column("plan_tier").default
    told: set[str] = set()
    for row, cell in enumerate(sheet["plan_tier"]):
        tier = cell or default
        if not known or tier in known or tier in told or not (cell or nearest(tier, known)):
            continue
        told.add(tier)
        means = f'"{tier}"' if cell else f'an empty cell is "{tier}", which'
        right = suggestion(tier, known, f"write one of {listed(known)}, or give it a row there")
        yield sheet.at(row, "plan_tier", f"{means} is not in plan_tiers.csv: nothing is limited by it", right)


def uncounted(tiers: Sheet, resources: Collection[str], kept: Iterable[Path]) -> Iterator[Problem]:
    """Resources that files counted and no plan tier has, but one that is written nearly so, or that one had before; so
    is a switch's count. `kept`: the directories of the configurations that were loaded.
    """
    known = tiers.known("resource")
    missing = sorted(set(resources) - known)
    before = {name for at in (kept if missing else ()) for name in read(FILES["plan_tiers"], at).known("resource")}
    for resource in missing:
        meant = nearest(resource, known) or respelled(resource, ("cdrs",))
        if meant or resource in before:
            wrong = f'files count "{resource}", which no plan tier has: nothing is limited by it'
            right = (
                f"did you mean {meant}?" if meant else "put its row back; one without a limit says that there is none"
            )
            yield Problem(tiers.shown, None, "resource", wrong, right)


def nobodys(trunks: Sheet, calls: Collection[tuple[str, str]]) -> Iterator[Problem]:
    """Trunks, with their direction, that calls came by and no row has, but one in other capitals or marks."""
    ids: dict[str, dict[str, int]] = defaultdict(dict)
    for row, (direction, trunk) in enumerate(trunks.columns("direction", "trunk_id")):
        ids[direction].setdefault(trunk, row)
    for direction, trunk in sorted(calls):
        meant = None if trunk in ids[direction] else respelled(trunk, ids[direction])
        if meant:
            wrong = (
                f"answered calls have the {direction} trunk {trunk!r}, which no row has and so is nobody's (no_account)"
            )
            yield trunks.at(ids[direction][meant], "trunk_id", wrong, f"is it {meant!r}? Write it as CDRs do")


def _departments(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """A department with a budget, of this month or a later one, which no account has."""
    sheet, known = sheets["budgets"], sheets["accounts"].known("department")
    told: set[str] = set()
    for row, department, _ in current_budgets(sheet, now):
        if department not in known and department not in told:
            told.add(department)
            right = suggestion(department, known, "give it to accounts in accounts.csv, or delete the row")
            yield sheet.at(row, "department", f'no account is of department "{department}": nothing is spent', right)


def current_budgets(sheet: Sheet, now: datetime) -> Iterator[tuple[int, str, date]]:
    """The rows of budgets.csv that are of this month or a later one: department, first day."""
    for row, (department, cell) in enumerate(sheet.columns("department", "month")):
        first = month(cell)
        if department and first and first >= now.date().replace(day=1):
            yield row, department, first


def _holidays(sheets: Sheets) -> Iterator[Problem]:
    """A holiday's band that is nearly one of its timetable, and that no rate has."""
    bands: dict[str, set[str]] = defaultdict(set)
    for timetable, band in sheets["timetables"].columns("timetable_id", "band"):
        bands[timetable].add(band)
    priced, sheet = sheets["rates"].known("band"), sheets["holidays"]
    told: set[tuple[str, str]] = set()
    for row, (timetable, band) in enumerate(sheet.columns("timetable_id", "band")):
        meant = None if band in bands[timetable] or band in priced else nearest(band, bands[timetable])
        if meant and (timetable, band) not in told:
            told.add((timetable, band))
            wrong = f'"{band}" is no band of timetable {timetable} and no rate has it'
            yield sheet.at(row, "band", wrong, f"did you mean {meant}?")
