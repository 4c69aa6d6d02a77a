"""Small rate decks for tests: a company's tables, deck files written by hand, and what was read of them."""

from __future__ import annotations

import base64
import gzip
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb

from orchestration.configuration.load import load as load_configuration
from orchestration.decks import mapping_file, normal
from orchestration.store.warehouse import RULES

TABLES = (
    "rate_table_id,kind,currency,timezone,timetable_id,initial_s,increment_s\n"
    "az,per_minute,USD,UTC,,1,1\n"
    "premium,per_minute,USD,UTC,,1,1\n"
    "euro,per_minute,EUR,Europe/Berlin,berlin,30,6\n"
    "blocks,block,USD,America/New_York,newyork,30,6\n"
    "plus,markup,USD,UTC,,,\n"
)
TIMETABLES = (
    "timetable_id,priority,band,days,starts_at,ends_at\n"
    "berlin,1,peak,mon-fri,08:00,20:00\n"
    "berlin,2,offpeak,all,00:00,00:00\n"
    "newyork,1,day,mon-fri,08:00,17:00\n"
    "newyork,2,night,all,00:00,00:00\n"
)


def connection(directory: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the company's configuration."""
    seeds = directory / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    (seeds / "rate_tables.csv").write_text(TABLES)
    (seeds / "timetables.csv").write_text(TIMETABLES)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    load_configuration(con, seeds)
    return con


def read(
    directory: Path,
    toml: str | None,
    name: str,
    data: str | bytes,
    effective: str | None = None,
    rules: int = RULES,
) -> tuple[normal.Deck, list[tuple[Any, ...]]]:
    """The deck and its rows, by prefix: text, amounts without trailing zeros, copies left out."""
    con = connection(directory)
    path = directory / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    decks = directory / "decks"
    decks.mkdir(exist_ok=True)
    if toml is not None:
        (decks / "carrier.toml").write_text(toml)
    tables = dict(con.execute("select rate_table_id, currency from config.rate_tables").fetchall())
    how, problems = mapping_file.mapping_of(decks, "carrier", tables, rules)
    assert [str(problem) for problem in problems] == []
    deck = normal.load(con, path, "carrier", how, effective)
    con.execute(
        "select line, rate_table_id, prefix, destination, band, jurisdiction, calling_prefix, valid_from, valid_to,"
        " rate_per_minute, initial_rate_per_minute, initial_charge, increment_charge, connect_charge, markup_pct,"
        " initial_s, increment_s, blocked, ended, min_charge, max_charge, grace_s, free_s"
        " from deck_rows where not copies"
        " order by prefix, band, jurisdiction, calling_prefix, valid_from, line"
    )
    names = [column[0] for column in con.description or []]
    return deck, [{n: _text(v) for n, v in zip(names, row, strict=True)} for row in con.fetchall()]


def short(rows: Sequence[dict[str, str]], *names: str) -> list[str]:
    """The rows as lines of some of their columns."""
    return [" | ".join(row[name] for name in names) for row in rows]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).removesuffix(" 00:00:00")
    return text.rstrip("0").rstrip(".") if "." in text else text


def xlsx(*sheets: tuple[str, Sequence[Sequence[object]]], is_unworked: bool = False) -> bytes:
    """A workbook with these sheets: texts, numbers as they are stored (a float's shortest form), `Cell`, None.

    `is_unworked`: its formulas are left to whoever opens it.
    """
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        parts = range(1, len(sheets) + 1)
        book.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/styles.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType='
                '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                for n in parts
            )
            + "</Types>",
        )
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        relations = "http://schemas.openxmlformats.org/package/2006/relationships"
        book.writestr(
            "_rels/.rels",
            f'<?xml version="1.0"?><Relationships xmlns="{relations}"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            + "".join(
                f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
                for n, (name, _) in zip(parts, sheets, strict=True)
            )
            + "</sheets>"
            + ('<calcPr calcId="124519" fullCalcOnLoad="1"/>' if is_unworked else "")
            + "</workbook>",
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<?xml version="1.0"?><Relationships xmlns="{relations}">'
            + "".join(
                f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in parts
            )
            + f'<Relationship Id="rId99" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        )
        # style 1 is a date
        book.writestr(
            "xl/styles.xml",
            f'<?xml version="1.0"?><styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        )
        for n, (_, rows) in zip(parts, sheets, strict=True):
            book.writestr(f"xl/worksheets/sheet{n}.xml", _worksheet(main, rows))
    return out.getvalue()


# a workbook of Excel 97 with sheets Rates and Hidden. Code, Rate, Inc, Date, Share, Blocked; dates in three formats
XLS = gzip.decompress(
    base64.b64decode(
        "H4sIAAAAAAACA+1YTWwbVRD+3u7aXqf5sfNHE4RlRaVA29ROsBKE1LqUn5ZDq9IeQPyopFlLKYltZHoJh1JoAycQoicQl0r8FaEWOLRQqERvSK3a"
        "Cg4IJKQEJC6ckEBwaGO+mV2bOLhSLdFIRTurnd2ZeW++N/Pm7Xv25UvJ+WOfDC5gGW2GjcVqHNElOsM7XhMSoL1aldfa0+VdDemmorjLiYxG8EXH"
        "hZjMocz3Aix87JwjB37i/SSexc5yqZBeQdqqY5gwMoZNxmHtWXibdycGdFzdyieV9yg/qW2/VL5FNa8q38S28+ZxXMrvXHdPUMePWUNq6yQ3OK19"
        "flDNCPrwtdTxC68bv20E91X2T8yEhhtpSDnteAeswG2FUqEi8iq8K8WY3ZglpZwuvIc2wPMyxWJmliQ93pceQ2uGpFHK6cEHnFB4w8VicXh2Nj01"
        "dW+xmHLacJwoCKQBfIhe4Ik1w7ns+FOetzHN1sW0eJynIcpR/FFNA7/XvnNfpUP9yuoNqP+rUR+7ht5llTTTx1kuzfRttDTTr2ItNdO3s6aa6TtY"
        "VM30nSyvZvou/dA06o9aDnAI1aeN2Oboc7XuthHsnjhQeG6OzspxWSNRbN/veYXSFXhsBA4WYNf7y16BD2lsAw+XJik8QIHFvmdqolLg2tg6U56c"
        "LnjUjGUzY1k2yOXGx9l6JDPC1ZQdyWRzmdHs6JgIo0sE+PtComFf6NAg2sm9IKCkfjMTnIYrx3/7Zse+Xfm9qjmkZwH/xHC7hIkqXpQe7NypFv8c"
        "IV7XaY/1yl9Sr7fq+6DyXqaDz7W7+oKXhw5rmyNqXUucu5W+zd+x5P1Ovs/9+shnqbmf83fx/cS2hed7T3yXP4YhInvsL9dhbDAbzFtvCn2erz1N"
        "sLf8qHzgX/uMayWCsVeDY1EXrsq3iZRU7kuSHVOXrCBXvmRTsuuSQ8mpSxFKkQDHLMM5aLWpLolPxQtzKXF0IxfELR6MYklmz9JiiNODly9bzOQt"
        "ihWxXP3uJgMMq0kslmLEAgzJdx/Wv9L//cU/j+ZlDJZiDNbtNvoxc67/o+1Hftni2x2inZdoiGYpmlE0WyNsjMhWtDcOnn0mitsomSA7cpr0G8aQ"
        "MkiNIiqDsxXcDQK0ea3GawxwAKf3SoAC42iojTCOwpwKBuUoTMyIR6fu0ZdkeuJBetxlngTTVU9nlKd0qqWfq/1kCjdb3TglOeRB5B9aiWVl6vxm"
        "XVbmmstKs4pmWQ0ppJBCCqllMno2ge63ju7N/qYUC/7Xucp7Mfyb5H9Lu1HmdYA/TR5Eic8KZluqn35ETM2Xuc4+tf8LhR4legXT2KfjmG65fnmo"
        "MEvjue6Oif9uCbWKv9jKOG8w/t9azRPpABYAAA=="
    )
)


class Serial(float):
    """A spreadsheet's date: days since 1899-12-30."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is written: what it holds (`<f>1/50</f>`), and its type (`e`, `str`)."""

    inside: str
    kind: str = "n"


def _worksheet(namespace: str, rows: Sequence[Sequence[object]]) -> str:
    written = "".join(
        f'<row r="{r}">' + "".join(_cell(r, c, cell) for c, cell in enumerate(row) if cell is not None) + "</row>"
        for r, row in enumerate(rows, 1)
    )
    return f'<?xml version="1.0"?><worksheet xmlns="{namespace}"><sheetData>{written}</sheetData></worksheet>'


def _cell(row: int, column: int, cell: object) -> str:
    at = f"{chr(ord('A') + column)}{row}"
    if isinstance(cell, Cell):
        return f'<c r="{at}" t="{cell.kind}">{cell.inside}</c>'
    if isinstance(cell, str):
        return f'<c r="{at}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    style = ' s="1"' if isinstance(cell, Serial) else ""
    number = cell if isinstance(cell, int) else repr(float(cell))  # type: ignore[arg-type]
    return f'<c r="{at}"{style}><v>{number}</v></c>'
