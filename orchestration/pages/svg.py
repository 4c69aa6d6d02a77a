"""The pictures, as inline SVG. Coordinates are binary floats; a figure that is read is exact text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from html import escape

from orchestration.pages.month import Budget, WaterfallRow

# a sliver of a bar that is not 0 is still seen
_LEAST = 0.8


def scale(low: Decimal, high: Decimal, size: float) -> Callable[[Decimal], float]:
    """From `low` to `high` as 0 to `size`; all of it at 0 when they are the same."""
    span = high - low
    return lambda value: float((value - low) / span) * size if span else 0.0


def spans(rows: Sequence[WaterfallRow]) -> list[tuple[Decimal, Decimal]]:
    """Where each bar of a waterfall begins and ends: a step from 0, a loss from what was there before it."""
    bars: list[tuple[Decimal, Decimal]] = []
    at = Decimal(0)
    for row in rows:
        if row.lost:
            bars.append((min(at - row.amount, at), max(at - row.amount, at)))
            at -= row.amount
        else:
            bars.append((min(row.amount, Decimal(0)), max(row.amount, Decimal(0))))
            at = row.amount
    return bars


def waterfall(rows: Sequence[WaterfallRow]) -> list[str]:
    """A bar for each row, all on the same scale, to stand one under the other beside their figures."""
    places = spans(rows)
    ends = [Decimal(0), *(end for place in places for end in place)]
    to_x = scale(min(ends), max(ends), 100)
    kinds = [("gain" if row.amount < 0 else "loss") if row.lost else "step" for row in rows]
    return [_bar(_part(to_x(a), to_x(b), kind)) for (a, b), kind in zip(places, kinds, strict=True)]


def stacked(parts: Sequence[Decimal]) -> str:
    """Parts of a whole beside each other, each of the class `part0`, `part1`, ...; what is below 0 has no bar."""
    drawn = [max(part, Decimal(0)) for part in parts]
    to_x = scale(Decimal(0), sum(drawn, Decimal(0)), 100)
    return _bar(
        "".join(
            _part(to_x(sum(drawn[:n], Decimal(0))), to_x(sum(drawn[: n + 1], Decimal(0))), f"part{n}")
            for n, part in enumerate(drawn)
            if part
        )
    )


def level(value: Decimal, mark: Decimal | None, kind: str) -> str:
    """A value as a bar from 0, below 0 to the left, and a line at `mark`."""
    ends = [Decimal(0), value, *([] if mark is None else [mark])]
    to_x = scale(min(ends), max(ends), 98)
    lines = [("zero", Decimal(0)), *([] if mark is None else [("mark", mark)])]
    low, high = sorted((to_x(value), to_x(Decimal(0))))
    return _bar(
        (_part(low + 1, high + 1, kind) if value else "")
        + "".join(f'<rect class="{name}" x="{to_x(at) + 0.7:.2f}" width="0.6" height="8"/>' for name, at in lines)
    )


def burn_down(budget: Budget, month_end: date, name: str, words: str) -> str:
    """What is left of a budget, day by day, and the straight line to what the forecast leaves at the month's end.

    `name` is unique on the page; `words` say the same to who cannot see it.
    """
    width, height, count = 384.0, 150.0, month_end.day
    known = [(day.day.day, day.remaining) for day in budget.days if day.remaining is not None]
    left = [remaining for _, remaining in known]
    forecast = budget.days[-1].forecast if budget.days else None
    at_end = None if forecast is None else budget.amount - forecast
    # a wild forecast leaves the picture rather than flattening what was really spent
    shown_end = [] if at_end is None else [max(at_end, -abs(budget.amount))]
    ends = [Decimal(0), budget.amount, *left, *shown_end]
    to_up = scale(min(ends), max(ends), height - 12)

    def x(day: int) -> float:
        return width * day / count

    def y(amount: Decimal) -> float:
        return height - 6 - to_up(amount)

    line = " ".join(f"{x(day):.1f},{y(amount):.1f}" for day, amount in [(0, budget.amount), *known])
    drawn = [
        f'<line class="axis" x1="0" y1="{y(Decimal(0)):.1f}" x2="{width:.0f}" y2="{y(Decimal(0)):.1f}"/>',
        f'<line class="pace" x1="0" y1="{y(budget.amount):.1f}" x2="{width:.0f}" y2="{y(Decimal(0)):.1f}"/>',
        f'<polyline class="left" points="{line}"/>',
    ]
    if known:
        day, amount = known[-1]
        if at_end is not None and day < count:
            drawn.append(
                f'<line class="forecast" x1="{x(day):.1f}" y1="{y(amount):.1f}" x2="{width:.0f}" y2="{y(at_end):.1f}"/>'
            )
        drawn.append(f'<circle class="now" cx="{x(day):.1f}" cy="{y(amount):.1f}" r="3.5"/>')
    return (
        f'<svg class="chart" viewBox="0 0 400 178" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(budget.department)}: what is left of the budget</title>'
        f'<desc id="{name}-d">{escape(words)}</desc>'
        f'<svg x="8" y="4" width="{width:.0f}" height="{height:.0f}">{"".join(drawn)}</svg>'
        + "".join(
            f'<text x="{8 + x(day):.1f}" y="174" text-anchor="middle">{day}</text>' for day in (1, 8, 15, 22, count)
        )
        + f'<text x="10" y="{y(Decimal(0)):.1f}">0</text></svg>'
    )


def _part(low: float, high: float, kind: str) -> str:
    wide = max(high - low, _LEAST) if high != low else 0.0
    return f'<rect class="{kind}" x="{max(min(low, 100 - wide), 0):.2f}" width="{wide:.2f}" height="8"/>'


def _bar(drawn: str) -> str:
    """Beside figures that say the same, so it is no picture to who hears the page."""
    return (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/>{drawn}</svg>'
    )
