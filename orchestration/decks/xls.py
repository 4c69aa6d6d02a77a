"""Sheets of .xls (Excel 97), by xlrd: it is Python, so that a damaged file fails, and does not end the process."""

from __future__ import annotations

import io
from datetime import date, datetime, time

Cell = str | float | bool | date | datetime | time
OLE = b"\xd0\xcf\x11\xe0"  # how an .xls begins


class XlsBook:
    """A workbook: what is wrong with it is raised when it is opened or a sheet is read, as any exception."""

    def __init__(self, data: bytes) -> None:
        import xlrd

        # what it has to say of odd workbooks would go to standard output
        quiet = {"logfile": io.StringIO(), "ignore_workbook_corruption": True}
        self._book = xlrd.open_workbook(file_contents=data, on_demand=True, ragged_rows=True, **quiet)
        self.sheet_names: list[str] = self._book.sheet_names()

    def rows(self, sheet: str, *, errors: bool = True) -> list[list[Cell]]:
        """The cells of a sheet, those of empty rows too. `errors`: as their texts; otherwise they are empty cells."""
        import xlrd

        def value(kind: int, cell: str | float) -> Cell:
            if kind == xlrd.XL_CELL_ERROR:
                return xlrd.error_text_from_code.get(cell, "#ERROR!") if errors else ""
            if kind == xlrd.XL_CELL_BOOLEAN:
                return bool(cell)
            return self._moment(float(cell)) if kind == xlrd.XL_CELL_DATE else cell

        page = self._book.sheet_by_name(sheet)
        return [list(map(value, page.row_types(row), page.row_values(row))) for row in range(page.nrows)]

    def _moment(self, number: float) -> Cell:
        """What is formatted as a date: a day, a time of day, or both; the number where it is too large for one."""
        import xlrd

        try:
            when: datetime = xlrd.xldate.xldate_as_datetime(number, self._book.datemode)
        except (OverflowError, ValueError):
            return number
        if number < 1:
            return when.time()
        return when.date() if number.is_integer() else when
