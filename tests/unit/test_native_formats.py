"""What every format of a switch has to have: `NATIVE` of the registry, in the code, the page and the tests."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.landing.formats import asterisk, known
from orchestration.landing.formats.known import NATIVE
from orchestration.landing.formats.native import NativeFormat, SourceSettings
from orchestration.landing.problem import UnreadableFile
from orchestration.landing.readers.opening import open_file, unpacked
from orchestration.landing.readers.scan import scan
from orchestration.landing.rows.canonical import CDRS, LANDING
from orchestration.store.warehouse import PROJECT
from tests.support.landing_home import SEEDS

every_format = pytest.mark.parametrize("native", NATIVE.values(), ids=list(NATIVE))


@every_format
def test_a_file_of_other_columns_is_refused(native: NativeFormat) -> None:
    settings = SourceSettings(format=native.name)
    right = list(native.columns) if native.has_header else [""] * len(native.columns)
    assert native.header(right, settings) == native.columns
    for first in ([], ["x"], [*right, *"abcdefg"]):
        with pytest.raises(UnreadableFile):
            native.header(first, settings)


@every_format
def test_its_cells_are_those_of_canonical_columns(native: NativeFormat) -> None:
    """Of those that must not be empty all; each other cell is kept, or it is one of them."""
    cells = {name: f'"{name}"' for name in native.columns}
    settings = SourceSettings(format=native.name)
    canonical = native.canonical(cells, settings)
    columns = LANDING[native.kind].columns
    assert canonical.keys() <= {column.name for column in columns}
    assert canonical.keys() >= {column.name for column in columns if column.required}
    said = " ".join([*canonical.values(), *native.extra(cells, settings).values()])
    assert [name for name, cell in cells.items() if cell not in said] == []


@every_format
def test_the_page_has_it_and_tests_land_it(native: NativeFormat) -> None:
    assert f"\n`{native.name}`: " in (PROJECT / "docs" / "landing.md").read_text()
    assert native.name in {row["format"] for row in csv.DictReader(SEEDS["sources.csv"].splitlines())}


@pytest.mark.parametrize("has_header", [True, False])
def test_a_file_without_the_header_that_its_format_has_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_header: bool
) -> None:
    """An empty log of a format without one has no calls."""
    monkeypatch.setattr(known, "NATIVE", {"headed": replace(asterisk.FORMAT, has_header=has_header)})
    empty, scratch = tmp_path / "empty.csv", tmp_path / "scratch"
    empty.touch()
    scratch.mkdir()
    content = unpacked(empty, empty.name, scan(empty), scratch)
    with duckdb.connect() as con:
        if has_header:
            with pytest.raises(UnreadableFile, match="the file is empty; its first line must name the columns"):
                open_file(con, content, CDRS, SourceSettings(format="headed"))
        else:
            open_file(con, content, CDRS, SourceSettings(format="headed"))
