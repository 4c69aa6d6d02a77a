"""What a configuration file is made of: its columns, and how the cells of each are written."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Type(Enum):
    """How a cell is written, and (the value) the DuckDB type it is loaded as."""

    ID = ("id", "VARCHAR")
    NAME = ("name", "VARCHAR")
    SOURCE = ("folder's name", "VARCHAR")
    TEXT = ("text", "VARCHAR")
    ENUM = ("enum", "VARCHAR")
    ZONE = ("IANA time zone", "VARCHAR")
    CURRENCY = ("currency", "VARCHAR")
    PREFIX = ("prefix", "VARCHAR")
    DIGITS = ("digits", "VARCHAR")
    DIALLED = ("dialled digits", "VARCHAR")
    DAYS = ("weekdays", "VARCHAR")
    MONTH = ("month", "VARCHAR")
    PATTERN = ("regular expression", "VARCHAR")
    ENCODING = ("encoding", "VARCHAR")
    TIMESTAMP = ("timestamp", "TIMESTAMP")
    DATE = ("date", "DATE")
    TIME = ("time of day", "TIME")
    INTEGER = ("integer", "INTEGER")
    DECIMAL = ("decimal", "DECIMAL(20,8)")
    SECONDS = ("seconds", "DECIMAL(12,3)")
    BOOLEAN = ("boolean", "BOOLEAN")
    LIST = ("list", "VARCHAR[]")

    @property
    def label(self) -> str:
        """The type's name for people."""
        return self.value[0]

    @property
    def sql(self) -> str:
        """The DuckDB type of the loaded column."""
        return self.value[1]

    @property
    def scale(self) -> int:
        """Decimals a cell may carry (8 for money, rates and percent, 3 for seconds, else 0)."""
        return {Type.DECIMAL: 8, Type.SECONDS: 3}.get(self, 0)

    @property
    def whole_digits(self) -> int:
        """Digits that fit before the decimal point of a number."""
        return {Type.DECIMAL: 12, Type.SECONDS: 9}.get(self, 0)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a configuration file.

    `default` is what an empty cell means, as text ("" = nothing). Bounds are inclusive except
    `above`. `refers` is the `(file, column)` whose values a non-empty cell (each item of a list)
    must be one of. `blank` columns load an empty cell as '' where others load NULL. `ends_day`
    lets a time of day be 24:00. `item` is the pattern every item of a list must match.
    """

    name: str
    type: Type
    key: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above: Decimal | None = None
    refers: tuple[str, str] | None = None
    default: str = ""
    blank: bool = False
    ends_day: bool = False
    item: str = ""

    @property
    def must_be_present(self) -> bool:
        """Whether the file's header has to name the column."""
        return self.key or self.required


@dataclass(frozen=True, slots=True)
class File:
    """One configuration file: `name` without `.csv`, and its columns in order.

    `unique` says that no two rows may have the same key. It is off where another rule decides:
    overlaps of validity (trunks, rate_assignments), or the later line winning (rates).
    """

    name: str
    columns: tuple[Column, ...]
    unique: bool = True

    @property
    def csv(self) -> str:
        """The file's name in the configuration directory."""
        return f"{self.name}.csv"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def keys(self) -> tuple[Column, ...]:
        """The columns that identify a row."""
        return tuple(column for column in self.columns if column.key)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.csv} has no column {name}")
