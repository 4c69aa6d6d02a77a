"""A deck's review as text that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from orchestration.decks.review import CLASSES, PriceChange, Review
from orchestration.decks.traffic import Effect, Traffic

_TITLES = {
    "new": "new, beside what their numbers cost until now",
    "ended": "ended, beside what their numbers cost from then on",
    "cancelled": "later prices that never come into force",
    "not_offered": "not offered, and never were",
}


def text(review: Review, first: int | None) -> str:
    """The whole review; `first` is how many prices of each class it was asked for."""
    return "\n".join(_lines(review, first))


def plain(review: Review) -> dict[str, object]:
    """The review as what JSON knows, its hundreds of thousands of prices by the shortest way."""
    plain_review: dict[str, object] = {f.name: getattr(review, f.name) for f in fields(review)}
    names = [f.name for f in fields(PriceChange)]
    plain_review["prices"] = [dict(zip(names, attrgetter(*names)(price), strict=True)) for price in review.prices]
    return plain_review


def _lines(review: Review, first: int | None) -> Iterator[str]:
    yield f"{review.name} from {review.source}, read with {review.mapping}: deck {review.number} if accepted"
    replaced = (
        "all prices of its tables are replaced" if review.replaces == "full" else "other prefixes stay as they are"
    )
    yield f"  {review.replaces}, effective {_time(review)} UTC; {replaced}"
    yield f"  {_many(review.rows, 'price')}, {review.duplicates:,} of them duplicates"
    if review.unread:
        yield f"  not read: {', '.join(review.unread)}"
    yield ""
    used = [what for what in CLASSES if review.total(what)]
    yield from _columns(
        ["rate_table_id", *(what.replace("_", " ") for what in used)],
        [[t.rate_table_id, *(f"{t.classes[what]:,}" for what in used)] for t in review.tables],
    )
    if review.first_change is not None:
        yield ""
        yield f"the first price changes at {review.first_change.isoformat(sep=' ')} UTC" + (
            f": of {_many(review.closed_days, 'closed day')} become outdated those with calls at such a price"
            if review.closed_days
            else ""
        )
    if review.suspicious:
        yield ""
        yield "suspicious:"
        for suspicion in review.suspicious:
            yield f"  {suspicion.text}: {_many(suspicion.prices, 'price')}"
    if review.traffic is not None:
        yield from _traffic(review.traffic)
    for what, prices in groupby(review.prices, lambda price: price.what):
        if what != "unchanged":
            yield from _prices(what, list(prices), review.total(what), first)


def _traffic(traffic: Traffic) -> Iterator[str]:
    span = f"{traffic.days[0]} to {traffic.days[-1]}"
    yield ""
    if not traffic.calls:
        yield f"no call of {span} was priced by its tables"
        return
    yield f"{traffic.calls:,} calls of {span} that its tables price, without it and as if it had been in force:"
    for who, what, effects in (("carrier", "cost", traffic.carriers), ("customer", "margin", traffic.customers)):
        title = f"{who}'s {what}"
        names = [title, "currency", "calls", "without", "with", "difference", "unrated"]
        rows = [
            [
                effect.account_id,
                effect.currency,
                f"{effect.calls:,}",
                _plain(effect.without),
                _plain(effect.with_deck),
                f"{'+' if effect.difference > 0 else ''}{_plain(effect.difference)}",
                _unrated(effect),
            ]
            for effect in effects
            if effect.difference or effect.unrated_without != effect.unrated_with_deck
        ]
        if rows:
            yield from _columns(names, rows)
        same = len(effects) - len(rows)
        if rows and same:
            yield f"  no difference for {_many(same, f'other {who}')}"
        elif same:
            yield f"  {title}: no difference for {_many(same, who)}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _unrated(effect: Effect) -> str:
    before, after = effect.unrated_without, effect.unrated_with_deck
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"


def _time(review: Review) -> str:
    return review.effective_at.isoformat(sep=" ").removesuffix(" 00:00:00")


def _prices(what: str, prices: Sequence[PriceChange], total: int, first: int | None) -> Iterator[str]:
    yield ""
    shown = f", the first {len(prices)} of {total:,}" if first is not None and len(prices) < total else ""
    yield f"{_TITLES.get(what, what)}{shown}"
    names = ["prefix", "destination", "from", "old", "new", "change", "line", "suspicious"]
    rows = [
        [
            _prefix(price),
            price.destination or "",
            price.changes_at.isoformat(sep=" ").removesuffix(" 00:00:00"),
            *_old_and_new(price),
            "" if price.change_pct is None else f"{price.change_pct:+f} %",
            "" if price.line is None else str(price.line),
            ", ".join(price.reasons),
        ]
        for price in prices
    ]
    tables = {price.rate_table_id for price in prices}
    if len(tables) > 1:
        names = ["rate_table_id", *names]
        rows = [[price.rate_table_id, *row] for price, row in zip(prices, rows, strict=True)]
    kept = [n for n in range(len(names)) if any(row[n] for row in rows)]
    yield from _columns([names[n] for n in kept], [[row[n] for n in kept] for row in rows])


def _prefix(price: PriceChange) -> str:
    parts = [price.prefix or "(any)", price.band, price.jurisdiction]
    if price.calling_prefix:
        parts.append(f"from {price.calling_prefix}")
    return " ".join(filter(None, parts))


def _old_and_new(price: PriceChange) -> tuple[str, str]:
    other = "" if price.other_rate is None else f"({price.other_prefix or 'any'}: {_plain(price.other_rate)})"
    if price.what == "new":
        return other, price.new or ""
    return price.old or "", price.new or other


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(name), *(len(row[n]) for row in rows)) for n, name in enumerate(names)]
    right = [n > 0 and all(row[n][:1] in "0123456789+-" for row in rows if row[n]) for n in range(len(names))]
    for cells in (names, *rows):
        aligned = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True))
        yield "  " + "  ".join(aligned).rstrip()
