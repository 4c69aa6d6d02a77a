"""`tollbook rates`: what a deck would change, and its acceptance, all of it or nothing."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.decks import mapping_file, normal, traffic
from orchestration.decks import review as reviewing
from orchestration.decks.normal import Deck
from orchestration.decks.problem import UnreadableDeck
from orchestration.decks.review import Review
from orchestration.landing import dropped
from orchestration.landing.dropped import Dropped
from orchestration.operations.upkeep.configure import configure
from orchestration.store import sql
from orchestration.store.database import transaction
from orchestration.store.files import place, state
from orchestration.store.warehouse import Home, Refused, Writer, now, operator, writer

_COLUMNS = (
    "line, rate_table_id, prefix, destination, band, valid_from, valid_to, rate_per_minute, initial_rate_per_minute,"
    " initial_s, increment_s, initial_charge, increment_charge, connect_charge, markup_pct, blocked, calling_prefix,"
    " jurisdiction, ended, min_charge, max_charge, grace_s, free_s"
)


@dataclass(frozen=True)
class Wanted:
    """How to take the decks: what the person says goes before what the mapping says.

    `effective`: a date or time (None: the deck's own); `replaces`: full or partial; `limit`: rates above it are
    suspicious; `first`: how many prices of each class a review gives, None for all; `traffic`: whether a review
    rates the last days' calls with the deck; `again`: the same file from another source is meant.
    """

    source: str | None = None
    effective: str | None = None
    replaces: str | None = None
    limit: Decimal | None = None
    first: int | None = 10
    traffic: bool = True
    again: bool = False


@dataclass(frozen=True)
class Reviewed:
    """The decks that could be read, and what is wrong with the others."""

    reviews: list[Review]
    problems: list[str]


@dataclass(frozen=True)
class Accepted:
    """A deck that has become prices. `status`: accepted, or already_accepted (a file left in the inbox)."""

    file_id: str
    name: str
    source: str
    status: str
    deck: int
    review: Review | None = None


def review(home: Home, file: Path | None = None, wanted: Wanted = Wanted()) -> Reviewed:
    """What the deck in `file` would change, or each deck that waits in the inbox; changes nothing.

    Raises `Refused` for a request that cannot be carried out; what is wrong with a deck is in the result.
    """
    with writer(home, "rates review") as held:
        found = _decks(home, file, wanted)
        if not found:
            return Reviewed([], [])
        configure(held)
        result = Reviewed([], [])
        for each in found:
            try:
                result.reviews.append(_reviewed(held, each, wanted))
            except UnreadableDeck as unreadable:
                result.problems.extend(unreadable.problems)
        return result


def accept(
    home: Home,
    file: Path | None = None,
    wanted: Wanted = Wanted(),
    *,
    refuse_suspicious: bool = False,
    reason: str | None = None,
) -> list[Accepted]:
    """Make the deck in `file` prices, or each deck that waits in the inbox, by effective date.

    Each deck is accepted in one transaction. Raises `Refused` with all that is wrong when one cannot be (those
    before it are accepted), or with `refuse_suspicious` when its review finds something suspicious. What that was, and
    the `reason`, are kept in the journal.
    """
    with writer(home, "rates accept") as held:
        return accept_held(held, file, wanted, refuse_suspicious=refuse_suspicious, reason=reason)


def accept_held(
    held: Writer,
    file: Path | None = None,
    wanted: Wanted = Wanted(),
    *,
    refuse_suspicious: bool = False,
    reason: str | None = None,
) -> list[Accepted]:
    """`accept` for a caller that holds the writer lock already."""
    home = held.home
    found = _decks(home, file, wanted)
    if not found:
        return []
    configure(held)
    accepted = []
    with held.connect() as con:
        for each in _by_date(con, held, found, wanted):
            known = _known(con, each)
            if known is not None and file is not None:
                _forget(home, each, known[1])
                raise Refused(f"{each.name} was accepted already, {known[0]}; nothing changed")
            if known is not None:
                _forget(home, each, known[1])
                accepted.append(Accepted(known[1], each.name, each.source, "already_accepted", known[2]))
                continue
            try:
                accepted.append(_accept(held, con, each, wanted, refuse_suspicious, reason))
            except UnreadableDeck as unreadable:
                raise Refused(str(unreadable)) from None
    return accepted


def mapping_problems(home: Home) -> list[str]:
    """All that is wrong with the mapping files in decks/, one line each, as the seeds' own tables go."""
    from orchestration.configuration.schema import FILES
    from orchestration.configuration.sheet import read

    tables = read(FILES["rate_tables"], home.seeds).known("rate_table_id")
    return [str(problem) for problem in mapping_file.check(home.decks, tables)]


def _decks(home: Home, file: Path | None, wanted: Wanted) -> list[Dropped]:
    if file is not None:
        return [dropped.deck(home, file, wanted.source)]
    return [d for d in dropped.decks(home) if wanted.source in (None, d.source)]


def _by_date(con: duckdb.DuckDBPyConnection, held: Writer, found: list[Dropped], wanted: Wanted) -> list[Dropped]:
    """Several decks in the order in which they take effect: the later accepted one is the last word."""
    if len(found) < 2:
        return found
    dated, problems = [], []
    for each in found:
        if _known(con, each) is not None:
            dated.append((now(), each))
            continue
        try:
            dated.append((_read(con, held, each, wanted).effective_at, each))
        except UnreadableDeck as unreadable:
            problems += unreadable.problems
    if problems:
        raise Refused("\n".join(problems))
    return [each for _, each in sorted(dated, key=lambda pair: (pair[0], pair[1].source, pair[1].name))]


def _read(con: duckdb.DuckDBPyConnection, held: Writer, each: Dropped, wanted: Wanted) -> Deck:
    tables = [row[0] for row in con.execute("select rate_table_id from config.rate_tables").fetchall()]
    how, problems = mapping_file.mapping_of(held.home.decks, each.source, tables)
    # what was accepted by the first rules was good enough then
    if problems and held.rules > 1:
        raise UnreadableDeck(map(str, problems))
    return normal.load(con, each.path, each.source, how, wanted.effective, wanted.replaces, held.rules)


def _reviewed(held: Writer, each: Dropped, wanted: Wanted) -> Review:
    with tempfile.TemporaryDirectory() as scratch:
        prices = Path(scratch) / "prices.parquet"
        with held.connect() as con:
            known = _known(con, each)
            if known is not None:
                raise UnreadableDeck([f"{each.name} was accepted already, {known[0]}"])
            deck = _read(con, held, each, wanted)
            found = reviewing.review(con, deck, wanted.limit, wanted.first)
            days = traffic.days_with_traffic(con) if wanted.traffic else ()
            if days:
                con.execute(f"copy ({_rows(found.number)}) to {sql.path(prices)} (format parquet)")
        if not days:
            return found
        held.release()
        again = traffic.rated_again(held.home, days, prices, deck.effective_at, deck.replaces_all)
        return replace(found, traffic=again)


def _rows(number: int) -> str:
    """The deck's rows as they land."""
    return f"select {number}::INTEGER as deck, {_COLUMNS} from deck_rows where not copies"


def _accept(
    held: Writer,
    con: duckdb.DuckDBPyConnection,
    each: Dropped,
    wanted: Wanted,
    refuse_suspicious: bool,
    reason: str | None,
) -> Accepted:
    """Everything about the deck, or nothing: archive, journal, commit, out of the inbox."""
    before = state(each.path)
    deck = _read(con, held, each, wanted)
    review = reviewing.review(con, deck, wanted.limit, wanted.first)
    if review.suspicious and refuse_suspicious:
        raise UnreadableDeck(
            [
                f"{each.name} is suspicious, nothing changed: "
                + "; ".join(f"{s.text} ({s.prices:,})" for s in review.suspicious),
                "look at it with tollbook rates review; if it is right, accept it without --refuse-suspicious",
            ]
        )
    if not review.landed:
        raise UnreadableDeck([f"{each.name} has no prices; nothing changed"])
    elsewhere = [found.text for found in review.suspicious if found.reason == "elsewhere"]
    if elsewhere and not wanted.again and held.rules > 1:
        raise UnreadableDeck(
            [f"{each.name} was not accepted: {elsewhere[0]}; if {each.source} did send the same one, add --again"]
        )
    with transaction(con):
        _insert(con, deck, review)
        if state(each.path) != before:
            raise Refused(f"{each.name} changed while it was read; it stays where it is")
        dropped.archive(held.home, each, deck.file_id)
        _archive_mapping(held.home, deck)
        held.journal(
            con,
            "rates accept",
            file_id=deck.file_id,
            source=deck.source,
            name=deck.name,
            mapping=deck.mapping.sha256,
            effective=deck.effective_at.isoformat(),
            replaces=review.replaces,
            deck=review.number,
            suspicious=[found.reason for found in review.suspicious],
            reason=reason,
            again=wanted.again,
        )
    dropped.forget(each)
    return Accepted(deck.file_id, each.name, each.source, "accepted", review.number, review)


def _insert(con: duckdb.DuckDBPyConnection, deck: Deck, review: Review) -> None:
    at, number = now(), review.number
    con.execute(f"insert into landed.rates by name {_rows(number)}")
    con.execute(
        "insert into ops.decks by name select ? as deck, ? as file_id, ? as source, ? as name, ? as accepted_at,"
        " ? as operator, ? as mapping",
        [number, deck.file_id, deck.source, deck.name, at, operator(), deck.mapping.sha256],
    )
    con.execute("create or replace temp table deck_new_tables as from deck_stg_deck_tables where deck = ?", [number])
    con.execute("insert into ops.deck_tables by name select * from deck_new_tables")
    con.execute(
        """
        insert into ops.files by name
        select ? as file_id, 'rates' as kind, ? as source, ? as name, ?::TIMESTAMP as landed_at, ? as rows,
            ? as landed, ? as duplicates, 0 as rejected, 0 as superseded, 0 as dst_repeated, 0 as dst_skipped,
            1 + greatest(
                (select coalesce(max(file_sequence), 0) from ops.files),
                (select coalesce(max(file_sequence), 0) from ops.file_days)
            ) as file_sequence
        """,
        [deck.file_id, deck.source, deck.name, at, review.rows, review.landed, review.duplicates],
    )


def _archive_mapping(home: Home, deck: Deck) -> None:
    if deck.mapping.sha256 is None:
        return
    path = home.decks / f"{deck.source}.toml"
    if hashlib.sha256(path.read_bytes()).hexdigest() != deck.mapping.sha256:
        raise Refused(f"{deck.mapping.shown} changed while the deck was read; try again")
    place(path, home.archive / "rates" / deck.source / f"{deck.mapping.sha256}.toml", link=False)


def _known(con: duckdb.DuckDBPyConnection, each: Dropped) -> tuple[str, str, int] | None:
    """When and by whom these bytes were accepted, their sha256, and as which deck; None when they were not."""
    file_id = hashlib.sha256(each.path.read_bytes()).hexdigest()
    row = con.execute(
        "select deck, accepted_at, operator from ops.decks where file_id = ? and source = ?", [file_id, each.source]
    ).fetchone()
    if row is None:
        return None
    return f"as deck {row[0]} on {row[1]:%Y-%m-%d %H:%M} UTC by {row[2]}", file_id, row[0]


def _forget(home: Home, each: Dropped, file_id: str) -> None:
    """Take a copy of an accepted deck out of the inbox, but never the last one."""
    dropped.archive(home, each, file_id)
    dropped.forget(each)
