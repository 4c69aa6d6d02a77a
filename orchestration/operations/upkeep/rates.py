"""`tollbook rates accept`: a deck becomes prices, all of it or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.decks import review as reviewing
from orchestration.decks.normal import Deck
from orchestration.decks.problem import UnreadableDeck
from orchestration.decks.review import Review
from orchestration.decks.together import Together
from orchestration.landing import dropped
from orchestration.landing.dropped import Dropped
from orchestration.landing.landed import next_sequence
from orchestration.operations.permitted import writing
from orchestration.operations.upkeep.configure import configure
from orchestration.operations.upkeep.rate_decks import (
    AS_MAPPED,
    DeckOptions,
    Known,
    accepted_as,
    landing_rows,
    read_deck,
    waiting_or_named,
)
from orchestration.store.database import insert, transaction
from orchestration.store.files import inside, is_there, place, state
from orchestration.store.warehouse import Home, Refused, Writer, now, operator


@dataclass(frozen=True)
class Accepted:
    """A deck that has become prices. `status`: accepted, or already_accepted (a file left in the inbox)."""

    file_id: str
    name: str
    source: str
    status: str
    deck: int
    review: Review | None = None


def accept(
    home: Home,
    file: Path | None = None,
    options: DeckOptions = AS_MAPPED,
    *,
    refuse_suspicious: bool = False,
    reason: str | None = None,
) -> list[Accepted]:
    """Make the deck in `file` prices, or each deck that waits in the inbox, by effective date.

    Each deck is accepted in one transaction. Raises `Refused` with all that is wrong when one cannot be (those before
    it, and those of other sources, are accepted), or with `refuse_suspicious` when its review finds something
    suspicious. What that was, and the `reason`, are kept in the journal.
    """
    with writing(home, "rates accept") as held:
        return accept_held(held, file, options, refuse_suspicious=refuse_suspicious, reason=reason)


def accept_held(
    held: Writer,
    file: Path | None = None,
    options: DeckOptions = AS_MAPPED,
    *,
    refuse_suspicious: bool = False,
    reason: str | None = None,
) -> list[Accepted]:
    """`accept` for a caller that holds the writer lock already."""
    home = held.home
    decks = waiting_or_named(held, file, options)
    if not decks:
        return []
    configure(held)
    accepted = []
    with held.connect() as con:
        ordered, problems = _by_date(con, held, decks, options)
        for each in ordered:
            if each.source in problems:
                problems[each.source].append(f"{each.name} waits for it: which deck is the later one counts")
                continue
            try:
                known = None if options.again else accepted_as(con, held, each, options)
                if known is None:
                    accepted.append(_accept(held, con, each, options, refuse_suspicious, reason))
                    continue
                _refuse_other(each, known)
            except UnreadableDeck as unreadable:
                problems[each.source] = [*unreadable.problems]
                continue
            except FileNotFoundError:
                if is_there(each.path):
                    raise
                # as of another deployment with the same inbox; nothing of it has been accepted
                problems[each.source] = [f"{each.name} is gone since it was seen: it was not accepted here"]
                continue
            _forget(home, each, known.file_id)
            if file is not None:
                raise Refused(f"{each.name} was accepted already, {known.said}; nothing changed")
            accepted.append(Accepted(known.file_id, each.name, each.source, "already_accepted", known.deck))
    if problems:
        raise Refused("\n".join(line for lines in problems.values() for line in lines))
    return accepted


def _by_date(
    con: duckdb.DuckDBPyConnection, held: Writer, decks: list[Dropped], options: DeckOptions
) -> tuple[list[Dropped], dict[str, list[str]]]:
    """Several decks in the order in which they take effect: the later accepted one is the last word.

    And what is wrong with others, by source.
    """
    if len(decks) < 2:
        return decks, {}
    dated, problems, together = [], dict[str, list[str]](), Together(con)
    for each in decks:
        try:
            known = None if options.again else accepted_as(con, held, each, options)
            at = now()
            if known is None or known.other is not None:
                deck = read_deck(con, held, each, options)
                at = deck.effective_at
                together.note(deck)
            dated.append((at, each))
        except UnreadableDeck as unreadable:
            problems.setdefault(each.source, []).extend(unreadable.problems)
    contradictions = together.contradictions()
    for (source, name), found in contradictions.items():
        said = [f"{name} was not accepted: {suspicion.text} ({suspicion.prices:,})" for suspicion in found]
        problems.setdefault(source, []).extend(said)
    dated = [(at, each) for at, each in dated if (each.source, each.name) not in contradictions]
    return [each for _, each in sorted(dated, key=lambda pair: (pair[0], pair[1].source, pair[1].name))], problems


def _accept(
    held: Writer,
    con: duckdb.DuckDBPyConnection,
    each: Dropped,
    options: DeckOptions,
    refuse_suspicious: bool,
    reason: str | None,
) -> Accepted:
    """Everything about the deck, or nothing: archive, journal, commit, out of the inbox."""
    before = state(each.path)
    deck = read_deck(con, held, each, options)
    review = reviewing.review(con, deck, options.limit, options.first)
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
    elsewhere = [suspicion.text for suspicion in review.suspicious if suspicion.reason == "elsewhere"]
    if elsewhere and not options.again and held.rules > 1:
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
            suspicious=[suspicion.reason for suspicion in review.suspicious],
            reason=reason,
            again=options.again,
        )
    dropped.forget(each)
    return Accepted(deck.file_id, each.name, each.source, "accepted", review.number, review)


def _refuse_other(each: Dropped, known: Known) -> None:
    """Raise `UnreadableDeck` for an accepted file that would be another deck now: nobody may take it for done."""
    if known.other is not None:
        raise UnreadableDeck(
            [
                f"{each.name} was accepted already, {known.said}, and {known.other}: to have it count again, as another"
                " deck, add --again; otherwise take the file away"
            ]
        )


def _insert(con: duckdb.DuckDBPyConnection, deck: Deck, review: Review) -> None:
    at, number = now(), review.number
    con.execute(f"insert into landed.rates by name {landing_rows(number)}")
    insert(
        con,
        "ops.decks",
        {
            "deck": number,
            "file_id": deck.file_id,
            "source": deck.source,
            "name": deck.name,
            "accepted_at": at,
            "operator": operator(),
            "mapping": deck.mapping.sha256,
        },
    )
    con.execute(
        "insert into ops.deck_tables by name select * from review.rating.deck_tables_after where deck = ?", [number]
    )
    con.execute(
        "delete from ops.files where kind = 'rates' and (file_id, source) = (?, ?)", [deck.file_id, deck.source]
    )
    insert(
        con,
        "ops.files",
        {
            "file_id": deck.file_id,
            "kind": "rates",
            "source": deck.source,
            "name": deck.name,
            "landed_at": at,
            "rows": review.rows,
            "landed": review.landed,
            "duplicates": review.duplicates,
            **dict.fromkeys(("rejected", "superseded", "dst_repeated", "dst_skipped"), 0),
            "file_sequence": next_sequence(con),
        },
    )


def _archive_mapping(home: Home, deck: Deck) -> None:
    if deck.mapping.sha256 is None:
        return
    path = inside(home.decks, f"{deck.source}.toml")
    if hashlib.sha256(path.read_bytes()).hexdigest() != deck.mapping.sha256:
        raise Refused(f"{deck.mapping.shown} changed while the deck was read; try again")
    place(path, inside(home.archive, "rates", deck.source, f"{deck.mapping.sha256}.toml"), link=False)


def _forget(home: Home, each: Dropped, file_id: str) -> None:
    """Take a copy of an accepted deck out of the inbox, but never the last one."""
    dropped.archive(home, each, file_id)
    dropped.forget(each)
