"""`decks/<source>.toml`: read section by section, and checked."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from orchestration import typed
from orchestration.configuration.nearest import suggestion
from orchestration.configuration.problem import Problem
from orchestration.configuration.reading import Unreadable, refuse_no_file
from orchestration.configuration.schema import JURISDICTIONS
from orchestration.decks.columns import BOUNDS, COLUMNS, CONSTANTS, FANNED, MEANINGS, PRICES, SECONDS, WORDS
from orchestration.decks.mapping import CANONICAL, DeckColumn, DeckMapping, Effective, Fan
from orchestration.decks.mapping_keys import Keys
from orchestration.decks.mapping_whole import contradictions
from orchestration.decks.prefixes import PrefixRules
from orchestration.store.files import inside, is_there, what_is
from orchestration.store.warehouse import RULES

_WORDS = (DeckMapping.not_offered, DeckMapping.blocked)


def mapping_of(
    decks: Path, source: str, tables: Mapping[str, str], rules: int = RULES
) -> tuple[DeckMapping, list[Problem]]:
    """The source's mapping and all that is wrong with it; the canonical one where there is no file.

    `tables` are the rate tables there are, with the currency of each; `rules` the version of the rules to judge by. A
    mapping with problems is not to be used.
    """
    path = inside(decks, f"{source}.toml")
    if not is_there(path):
        return replace(CANONICAL, rules=rules), []
    return read(path, tables, rules)


def check(decks: Path, tables: Mapping[str, str]) -> list[Problem]:
    """All that is wrong with the mapping files in `decks`, by file. No directory: no mappings."""
    problems: list[Problem] = []
    if is_there(decks) and not decks.is_dir():
        right = "make it a directory of <source>.toml, or remove it"
        return [Problem(decks.name, None, None, f"it is {what_is(decks)}", right)]
    for path in sorted(decks.iterdir()) if is_there(decks) else []:
        if path.suffix == ".toml":
            problems += read(path, tables)[1]
        elif not path.name.startswith(".") and path.suffix.lower() != ".md":
            shown = f"{decks.name}/{path.name}"
            problems.append(Problem(shown, None, None, "this is no mapping", "name it <source>.toml, or move it away"))
    return problems


def read(path: Path, tables: Mapping[str, str], rules: int = RULES) -> tuple[DeckMapping, list[Problem]]:
    """The mapping in a file, with all that is wrong with it."""
    shown = f"{path.parent.name}/{path.name}"
    try:
        refuse_no_file(path)
        data = path.read_bytes()
        values = tomllib.loads(data.decode("utf-8-sig"))
    except Unreadable as error:
        return CANONICAL, [Problem(shown, error.line, None, error.wrong, error.right)]
    except UnicodeDecodeError:
        return CANONICAL, [Problem(shown, None, None, "the file is not UTF-8", "save it as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        return CANONICAL, [Problem(shown, None, None, f"not TOML: {error}", 'write lines like decimal = ","')]
    keys = Keys(shown, values)
    mapping = _mapping(keys, hashlib.sha256(data).hexdigest(), rules)
    keys.refuse_others()
    for key, wrong, right in contradictions(mapping, tables):
        keys.report(key, wrong, right)
    return mapping, keys.problems


def _mapping(keys: Keys, sha256: str, rules: int) -> DeckMapping:
    text, choice = keys.text, keys.choice
    not_offered, blocked = _words_for_prices(keys, rules)
    return DeckMapping(
        keys.shown,
        sha256,
        rate_table_id=text("rate_table_id"),
        replaces=choice("replaces", ("full", "partial")),
        timezone=keys.judged("timezone", "UTC", _is_zone, "an IANA time zone", "write one like Europe/Berlin"),
        sheet=text("sheet"),
        encoding=keys.judged("encoding", "utf-8", typed.is_encoding, "an encoding", "write one like cp1252 or utf-16"),
        delimiter=keys.judged("delimiter", ",", _is_delimiter, "one character", 'write ";" or "\\t"'),
        header=keys.integer("header", 0),
        ends_before=keys.pattern("ends_before", 0),
        decimal=choice("decimal", (".", ",")) or ".",
        thousands=choice("thousands", (".", ",", "'", " ")) or "",
        scale=keys.number("scale") or Decimal(1),
        decimals=keys.integer("decimals", 0, 8),
        currency=text("currency"),
        date_formats=keys.formats("date_formats"),
        earlier_dates=choice("earlier_dates", ("keep", "effective")) or "keep",
        max_rate=keys.number("max_rate"),
        not_offered=not_offered,
        blocked=blocked,
        prefixes=_prefixes(keys),
        effective=_effective(keys),
        columns=_columns(keys, keys.table("columns"), COLUMNS, "columns"),
        constants=_constants(keys),
        words=_words(keys, rules),
        fans=_fans(keys),
        rules=rules,
    )


def _words_for_prices(keys: Keys, rules: int) -> tuple[frozenset[str], frozenset[str]]:
    """What says `not_offered` and what says `blocked`: a word that the mapping names is not the other's by default."""
    named = [keys.cells(key) for key in ("not_offered", "blocked")]
    not_offered, blocked = (
        cells if cells is not None else default for cells, default in zip(named, _WORDS, strict=True)
    )
    if rules > 4 and named[0] is None:
        not_offered -= blocked
    elif rules > 4 and named[1] is None:
        blocked -= not_offered
    return not_offered, blocked


def _prefixes(keys: Keys) -> PrefixRules:
    section = keys.section("prefixes")
    international, separators, ranges = (section.take(k) for k in ("international", "separators", "ranges"))
    rules = PrefixRules()
    if international is not None:
        if isinstance(international, list) and all(
            isinstance(i, str) and re.fullmatch(r"\+?[0-9]*", i) for i in international
        ):
            rules = replace(rules, international=tuple(filter(None, international)))
        else:
            section.report("international", f"{international!r} is not a list of prefixes", 'write ["+", "011"]')
    if separators is not None:
        if isinstance(separators, str) and not re.search(r"[0-9+\-]", separators):
            rules = replace(rules, separators=separators)
        else:
            section.report("separators", f"{separators!r} cannot separate prefixes", 'write the characters, like ",;"')
    if ranges is not None:
        if isinstance(ranges, bool):
            rules = replace(rules, ranges=ranges)
        else:
            section.report("ranges", f"{ranges!r} is not possible", "write true or false")
    keys.close(section)
    return rules


def _effective(keys: Keys) -> Effective:
    section = keys.section("effective")
    text = section.take("cell")
    cell = _cell_reference(text) if isinstance(text, str) else None
    if text is not None and cell is None:
        section.report("cell", f"{text!r} is not a cell", 'write a column letter and a row, like "B3"')
    file_name = section.pattern("file_name", 1)
    effective = Effective(cell, file_name, section.pattern("pattern", 1), section.formats("format"))
    if cell and file_name:
        section.report("file_name", "the date is in a cell already", "keep one of cell and file_name")
    for key, value in (("pattern", effective.pattern), ("format", effective.formats)):
        if value and not (cell or file_name):
            section.report(key, "it is of no date", "say where the date is: cell or file_name")
    keys.close(section)
    return effective


def _columns(
    keys: Keys, values: Mapping[str, Any], known: Collection[str], inside: str
) -> Mapping[str, tuple[DeckColumn, ...]]:
    mapped: dict[str, tuple[DeckColumn, ...]] = {}
    for name, value in values.items():
        key = f"{inside}.{name}"
        columns = tuple(value) if isinstance(value, list) else (value,)
        if name not in known:
            right = suggestion(name, known, f"write some of {', '.join(known)}")
            keys.report(key, "there is no such column", right)
        elif not columns or not all(_is_column(c) for c in columns):
            keys.report(key, f"{value!r} is not a column", "write its name in quotes, or 1 for the first")
        elif len(columns) > 1 and name != "destination":
            keys.report(key, "there are several columns", "name one; only destination may have several")
        else:
            mapped[name] = columns
    return mapped


def _constants(keys: Keys) -> Mapping[str, str]:
    constants: dict[str, str] = {}
    for name, value in keys.table("constants").items():
        key = f"constants.{name}"
        if name not in CONSTANTS:
            right = suggestion(name, CONSTANTS, f"write some of {', '.join(CONSTANTS)}")
            keys.report(key, "there is no such constant", right)
        elif name in ("blocked", "ended"):
            if value is not True:
                keys.report(key, f"{value!r} is not true", f"write {name} = true, or leave it out")
            constants[name] = "true"
        elif isinstance(value, bool) or not isinstance(value, str | int):
            keys.report(key, f"{value!r} is not a text", f'write {name} = "..."')
        else:
            constants[name] = str(value)
            if fault := _constant_fault(name, str(value)):
                keys.report(key, *fault)
    return constants


def _words(keys: Keys, rules: int) -> Mapping[str, Mapping[str, str]]:
    section = keys.section("values")
    by_column: dict[str, Mapping[str, str]] = {}
    for name in WORDS:
        words = section.table(name)
        if all(isinstance(meaning, str) for meaning in words.values()):
            by_column[name] = {word.strip().casefold(): meaning for word, meaning in words.items()}
            for word, meaning in words.items() if rules > 4 else ():
                if meaning != by_column[name][word.strip().casefold()]:
                    section.report(f'{name}."{word}"', "it is there twice, in other letters", "keep one of the two")
        else:
            section.report(name, "not every value is a text", '"their word" = "our value"')
    for word, meaning in by_column.get("action", {}).items():
        if meaning not in MEANINGS:
            section.report(f'action."{word}"', f'"{meaning}" is no action', f"write {', '.join(MEANINGS)}")
    for word, meaning in by_column.get("jurisdiction", {}).items():
        if meaning not in ("", *JURISDICTIONS):
            right = f"write {', '.join(JURISDICTIONS)}"
            section.report(f'jurisdiction."{word}"', f'"{meaning}" is no jurisdiction', right)
    keys.close(section)
    return by_column


def _fans(keys: Keys) -> tuple[Fan, ...]:
    entries = keys.take("prices")
    if entries is None:
        return (Fan(),)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        keys.report("prices", "it is not a list of sections", "write [[prices]] once for each row that a line gives")
        return (Fan(),)
    fans = [_fan(keys, Keys(keys.shown, entry, f"prices {number}")) for number, entry in enumerate(entries, 1)]
    pairs = [(fan.band, fan.jurisdiction) for fan in fans]
    for number, pair in enumerate(pairs, 1):
        if pair in pairs[: number - 1]:
            keys.report(f"prices {number}", "an entry before has the same band and jurisdiction", "change one")
    return tuple(fans) or (Fan(),)


def _fan(keys: Keys, section: Keys) -> Fan:
    band = section.text("band") or ""
    jurisdiction = section.choice("jurisdiction", JURISDICTIONS) or ""
    columns = _columns(section, section.take_all(FANNED), FANNED, "")
    if not columns.keys() & {*PRICES} - {*BOUNDS}:
        section.report(None, "it has no price", 'add one like rate_per_minute = "Peak rate"')
    keys.close(section)
    return Fan(band, jurisdiction, columns)


def _constant_fault(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a constant, which is written as in rates.csv, and what would be right."""
    if name in (*PRICES, *SECONDS):
        amount, scale = typed.number(value), 8 if name in PRICES else 3
        least = Decimal(-100) if name == "markup_pct" else Decimal(0)
        if amount is None or not least <= amount <= 999_999_999 or typed.decimals(amount) > scale:
            return f"{value!r} is not a number of at most {scale} decimals", f'write {name} = "0.05", not scaled'
    if name == "jurisdiction" and value not in JURISDICTIONS:
        return f"{value!r} is no jurisdiction", f"write {', '.join(JURISDICTIONS)}"
    if name == "calling_prefix" and not re.fullmatch("[0-9]{1,15}", value):
        return f"{value!r} is not a prefix", 'write digits only, like "33"'
    if name == "country_code" and not re.fullmatch("[1-9][0-9]{0,3}", value):
        return f"{value!r} is not a country code", 'write digits only, like "1"'
    if name == "currency" and not re.fullmatch("[A-Z]{3}", value):
        return f"{value!r} is not a currency", 'write three capital letters, like "EUR"'
    if name == "valid_to" and typed.instant(value) is None:
        return f"{value!r} is not a time", 'write it like "2026-12-31"'
    return None


def _is_column(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value >= 1) or (isinstance(value, str) and bool(value.strip()))


def _is_zone(name: str) -> bool:
    return name in available_timezones()


def _is_delimiter(text: str) -> bool:
    return len(text) == 1 and text not in '"\n\r'


def _cell_reference(text: str) -> tuple[int, int] | None:
    """`B3` as (row, column), from 1."""
    reference = re.fullmatch(r"([A-Z]{1,2})([1-9][0-9]{0,5})", text)
    if not reference:
        return None
    column = 0
    for letter in reference[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[2]), column
