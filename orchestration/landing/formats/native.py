"""What a native CDR format says about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestration.configuration.schema import CANONICAL
from orchestration.landing.readers.readable import Cells
from orchestration.store.warehouse import RULES


@dataclass(frozen=True)
class SourceSettings:
    """What sources.csv says about one source; the defaults are those of a source without a row.

    `rules`: the version of the rules that its files are read by (`RULES`).
    """

    format: str = CANONICAL
    zone: str = "UTC"
    trunk_pattern: str | None = None
    encoding: str = "utf-8"
    rules: int = RULES


@dataclass(frozen=True)
class NativeFormat:
    """One switch's own files, delimited.

    `header` gives the columns' names for the first record's cells; it raises `UnreadableFile`
    for a file that is not this format and says what to change. `canonical` gives SQL for each
    canonical column the format has; `extra` that of each cell that is kept as JSON, by its name. Stamps
    without an offset are in the source's zone. `renewed` gives, for each column of a landed row that was read
    otherwise by older rules, SQL over such a row of what it would be today: its record may come again.
    """

    name: str
    kind: str
    what: str
    columns: tuple[str, ...]
    header: Callable[[list[str], SourceSettings], tuple[str, ...]]
    has_header: bool
    canonical: Callable[[Cells, SourceSettings], Mapping[str, str]]
    extra: Callable[[Cells, SourceSettings], Mapping[str, str]]
    renewed: Callable[[SourceSettings], Mapping[str, str]]
    delimiter: str = ","
