"""What spreadsheet programs make of cells: dates of what looks like one, and of dates the number of a day."""

import re
from datetime import date, timedelta

_FIRST = date(1899, 12, 30)
_NUMBER = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_NAMES = "(?:jan|feb|mar|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*"
_DATE = re.compile(
    rf"{_YEAR}([-/.]){_MONTH}\1{_DAY}(?:[ T][0-9:.]+)?"
    rf"|(?:{_DAY}([-/.]){_MONTH}\2|{_MONTH}([-/.]){_DAY}\3){_YEAR}"
    rf"|[0-9]{{1,2}}[-. ]+{_NAMES}(?:[-. ]+[0-9]{{2,4}})?|{_NAMES}[-. ]+[0-9]{{2,4}}",
    re.IGNORECASE,
)
MADE_A_DATE = "a spreadsheet has made a date of it: format the column as text"


def is_date(cell: str) -> bool:
    """Whether it looks like what becomes of 1-4 or 1/4: 2026-01-04, 04.01.2026, 1/4/2026, 04-Jan, Jan-26."""
    return _DATE.fullmatch(cell) is not None


def day_of(cell: str) -> date | None:
    """The day from 1990 to 2100 whose number it is: 46357 is 1 December 2026."""
    match = _NUMBER.fullmatch(cell)
    day = _FIRST + timedelta(days=int(match[1])) if match else None
    return day if day and 1990 <= day.year <= 2100 else None


def separator(line: str) -> str | None:
    """What Excel, and nothing else, takes for a word on how cells are separated: the line `sep=,`."""
    return line.strip() if re.fullmatch(r'\s*"?sep=[,;|\t]?"?,*\s*', line, re.IGNORECASE) else None
