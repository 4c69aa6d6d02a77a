"""What a native CDR format says about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestration.landing.readable import Cells


@dataclass(frozen=True)
class SourceSettings:
    """What sources.csv says about one source; the defaults are those of a source without a row."""

    format: str = "canonical"
    zone: str = "UTC"
    country_code: str | None = None
    trunk_pattern: str | None = None


@dataclass(frozen=True)
class NativeFormat:
    """One switch's own files, delimited.

    `header` gives the columns' names for the first record's cells; it raises `UnreadableFile`
    for a file that is not this format and says what to change. `canonical` gives SQL for each
    canonical column the format has; `extra` the names of the columns kept as JSON. Stamps
    without an offset are in the source's zone.
    """

    name: str
    kind: str
    what: str
    columns: tuple[str, ...]
    header: Callable[[list[str]], tuple[str, ...]]
    has_header: bool
    canonical: Callable[[Cells, SourceSettings], Mapping[str, str]]
    extra: Callable[[tuple[str, ...]], tuple[str, ...]]
    delimiter: str = ","
