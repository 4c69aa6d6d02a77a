"""The rate decks of the inbox, or one that a person names: which, how they are taken, read by their mapping."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.configuration.nearest import nearest
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import read
from orchestration.decks import mapping_file, normal
from orchestration.decks.columns import CANONICAL_COLUMNS
from orchestration.decks.normal import Deck
from orchestration.decks.problem import UnreadableDeck
from orchestration.landing import dropped
from orchestration.landing.dropped import Dropped
from orchestration.store.database import dict_rows
from orchestration.store.failures import first_line, is_interruption, what_failed
from orchestration.store.warehouse import Home, Refused, Writer


@dataclass(frozen=True)
class DeckOptions:
    """How to take the decks: what the person says goes before what the mapping says.

    `effective`: a date or time (None: the deck's own); `replaces`: full or partial; `limit`: rates above it are
    suspicious; `first`: how many prices of each class a review gives, None for all; `traffic`: whether a review
    rates the last days' calls with the deck; `again`: a file is meant that was accepted before, or from another source.
    """

    source: str | None = None
    effective: str | None = None
    replaces: str | None = None
    limit: Decimal | None = None
    first: int | None = 10
    traffic: bool = True
    again: bool = False


AS_MAPPED = DeckOptions()


def waiting_or_named(held: Writer, file: Path | None, options: DeckOptions) -> list[Dropped]:
    """The deck in `file`, or all that wait in the inbox, of the source that is asked for.

    Raises `Refused` where none waits of that, and it is nearly one of which some do, or that is there.
    """
    if file is not None:
        return [dropped.deck(held.home, file, options.source, held.rules)]
    waiting = dropped.decks(held.home)
    own = [deck for deck in waiting if options.source in (None, deck.source)]
    known = _known(held.home)
    if options.source is not None and not own and options.source not in known:
        waits = Counter(deck.source for deck in waiting)
        if meant := nearest(options.source, waits):
            raise Refused(
                f"no deck of {options.source} waits in inbox/rates/; {waits[meant]} of {meant} does: did you mean it?"
            )
        if meant := nearest(options.source, known):
            raise Refused(f"there is no source of decks {options.source}; did you mean {meant}?")
    return own


def _known(home: Home) -> set[str]:
    """The sources of decks that are there, of which the next one may be still to come."""
    folders = {path.name for path in (home.inbox / "rates").glob("*") if path.is_dir()}
    return folders | {path.stem for path in home.decks.glob("*.toml")}


def _unmapped(home: Home, source: str) -> list[str]:
    """What is said beside the faults of a deck whose source has no mapping, where nearly that source has one."""
    mapped = {path.stem for path in home.decks.glob("*.toml")}
    meant = None if source in mapped else nearest(source, mapped)
    return [f"there is no decks/{source}.toml; did you mean the source {meant}, which has one?"] if meant else []


def read_deck(con: duckdb.DuckDBPyConnection, held: Writer, each: Dropped, options: DeckOptions) -> Deck:
    """Read a deck into temp table `deck_rows`, as its mapping says. Raises `UnreadableDeck`."""
    tables = dict(con.execute("select rate_table_id, currency from config.rate_tables").fetchall())
    mapping, problems = mapping_file.mapping_of(held.home.decks, each.source, tables, held.rules)
    # what was accepted by the first rules was good enough then
    if problems and held.rules > 1:
        raise UnreadableDeck(map(str, problems))
    with _own_fault(each):
        try:
            deck = normal.load(con, each.path, each.source, mapping, options.effective, options.replaces)
            return _beside_the_one_before(con, held.home, deck) if deck.unread else deck
        except UnreadableDeck as unreadable:
            raise UnreadableDeck([*unreadable.problems, *_unmapped(held.home, each.source)]) from unreadable


def _beside_the_one_before(con: duckdb.DuckDBPyConnection, home: Home, deck: Deck) -> Deck:
    """Which of the columns that nothing reads the deck of its source before it had not."""
    before = con.execute(
        "select file_id, name from ops.decks where source = ? and file_id <> ? order by deck desc limit 1",
        [deck.source, deck.file_id],
    ).fetchall()
    for file_id, name in before:
        path = dropped.archived(home, Dropped(deck.path.with_name(name), "rates", deck.source, moves=False), file_id)
        with suppress(UnreadableDeck, OSError):  # it was written otherwise, or is not here any more
            had = normal.unread(path, name, deck.mapping)
            return replace(deck, appeared=tuple(c for c in deck.unread if c not in had), before=name)
    return deck


@contextmanager
def _own_fault(each: Dropped) -> Iterator[None]:
    """Whatever fails while a deck is read is that deck's, and keeps no other from being reviewed."""
    try:
        yield
    except (UnreadableDeck, MemoryError):
        raise
    except OSError as failure:
        raise UnreadableDeck([f"{each.name}: it cannot be read now ({what_failed(failure)})"]) from failure
    except Exception as failure:
        if is_interruption(failure) or (
            isinstance(failure, duckdb.Error) and not isinstance(failure, duckdb.DataError)
        ):
            raise
        raise UnreadableDeck(
            [f"{each.name}: the file is damaged ({first_line(failure)}); ask for it again"]
        ) from failure


def landing_rows(number: int) -> str:
    """The deck's rows as they land."""
    return f"select {number}::INTEGER as deck, line, {', '.join(CANONICAL_COLUMNS)} from deck_rows where not copies"


@dataclass(frozen=True)
class Known:
    """The deck that a file was accepted as, last: its number, `said` with when and by whom, and the file's sha256.

    `other`: why it would be another deck now; None where it would change nothing.
    """

    deck: int
    said: str
    file_id: str
    other: str | None


def accepted_as(con: duckdb.DuckDBPyConnection, held: Writer, each: Dropped, options: DeckOptions) -> Known | None:
    """As which deck these bytes were accepted; None when they were not.

    Raises `UnreadableDeck` where the file cannot be read.
    """
    with _own_fault(each):
        file_id = hashlib.sha256(each.path.read_bytes()).hexdigest()
    rows = dict_rows(
        con,
        "select * from ops.decks where file_id = ? and source = ? order by deck desc limit 1",
        [file_id, each.source],
    )
    if not rows:
        return None
    (deck,) = rows
    said = f"as deck {deck['deck']} on {deck['accepted_at']:%Y-%m-%d %H:%M} UTC by {deck['operator']}"
    return Known(deck["deck"], said, file_id, _other(con, held, each, options, deck))


def _other(
    con: duckdb.DuckDBPyConnection, held: Writer, each: Dropped, options: DeckOptions, deck: dict[str, Any]
) -> str | None:
    """Why an accepted file would give other prices now, or those that a later deck has ended; None: it would not."""
    later = con.execute(
        "select deck, name from ops.decks where source = ? and deck > ? order by deck desc limit 1",
        [each.source, deck["deck"]],
    ).fetchall()
    if later:
        return f"deck {later[0][0]} ({later[0][1]}) has come after it"
    if mapping_file.mapping_of(held.home.decks, each.source, {}, held.rules)[0].sha256 != deck["mapping"]:
        return f"decks/{each.source}.toml is not what it was"
    if options.effective is None and options.replaces is None:
        return None
    now = read_deck(con, held, each, options)
    then = dict_rows(con, "select * from ops.deck_tables where deck = ? limit 1", [deck["deck"]])
    if then and (now.effective_at, now.replaces_all) != (then[0]["effective_at"], then[0]["replaces_all"]):
        kinds = {True: "full", False: "partial"}
        return f"it was {kinds[then[0]['replaces_all']]} from {then[0]['effective_at']:%Y-%m-%d %H:%M} UTC"
    return None


def mapping_problems(home: Home) -> list[str]:
    """All that is wrong with the mapping files in decks/, one line each, as the seeds' own tables go."""
    tables = read(FILES["rate_tables"], home.seeds).mapping("rate_table_id", "currency")
    return [str(problem) for problem in mapping_file.check(home.decks, tables)]
