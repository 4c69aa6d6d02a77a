"""The trends page: one HTML file with its style and pictures in it; nothing is fetched, nothing runs."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path

from orchestration.documents.figures import decimals_needed, grouped
from orchestration.pages import svg
from orchestration.pages.month import Balance, Budget, Owed, PublishedMonth, Waterfall

_STYLE = Path(__file__).with_name("page.css")
_MOST = 200
_AGES = ("not due", "1 to 30 days late", "31 to 60", "61 to 90", "over 90")
_WORDS = {
    "within": "within the budget",
    "forecast_over": "▲ heading over the budget",
    "over": "✕ over the budget",
    "unknown": "? not known",
    "low": "▲ low",
    "exhausted": "✕ exhausted",
    "medium": "▲ medium",
    "high": "✕ high",
}


def page(month: PublishedMonth) -> str:
    """The page of a month. Everything that comes from data is escaped; amounts are shown to the last digit."""
    title = f"{calendar.month_name[month.month.month]} {month.month.year}"
    sections = {
        "waterfall": ("Where calls and money got lost", _waterfalls(month)),
        "budgets": ("Spending against budget", _budgets(month, title)),
        "anomalies": ("Out of the ordinary", _anomalies(month, title)),
        "balances": ("Balances that are low or exhausted", _balances(month)),
        "receivables": ("Who owes us, and since when", _receivables(month)),
    }
    published = f"{month.published_at:%Y-%m-%d %H:%M}"
    links = "".join(f'<a href="#{name}">{heading}</a>' for name, (heading, _) in sections.items())
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{heading}</h2>\n{text}</section>\n'
        for name, (heading, text) in sections.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        # a promise that the browser keeps: nothing is loaded, nothing runs
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Trends, {title}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head><body>\n"
        f"<header><h1>Trends, {title}</h1>"
        f'<p class="soft">As published on {published} UTC. Days are UTC days. Every amount is exact.</p>'
        f'<nav aria-label="Sections">{links}</nav></header>\n<main>\n{body}</main>\n'
        '<footer class="soft"><p>Behind every figure: <code>marts.revenue_assurance_daily</code>, '
        "<code>budget_burndown</code>, <code>anomalies</code>, <code>account_balances</code>, "
        "<code>receivables_aging</code> in the serving file, by day and to their calls.</p></footer>\n</body></html>\n"
    )


def percent(part: Decimal, whole: Decimal) -> str:
    """A share, rounded half up to a tenth, by whole numbers: 1, 3 -> 33.3 %. Only nothing is 0 %, only all 100 %."""
    places = decimals_needed([part, whole])
    a, b = int(abs(part).scaleb(places)), int(abs(whole).scaleb(places))
    if not b:
        return ""
    tenths = (2000 * a + b) // (2 * b)
    minus = "\N{MINUS SIGN}" if (part < 0) != (whole < 0) and a else ""
    if a and not tenths:
        return f"{minus}under 0.1 %"
    if tenths == 1000 and a != b:
        return f"{minus}{'over 99.9' if a < b else 'over 100.0'} %"
    return f"{minus}{tenths // 10:,}.{tenths % 10} %"


def _waterfalls(month: PublishedMonth) -> str:
    cards = [_waterfall(fall) for fall in ([month.cdrs] if month.cdrs else []) + list(month.money)]
    if not cards:
        return "<p>No calls have come of this month, and nothing was sold in it.</p>"
    empty = "" if month.money else "<p>Nothing was sold in this month.</p>"
    empty += "" if month.cdrs else "<p>No CDRs have come of this month; what is below is usage and charges.</p>"
    key = _key(("step", "what was there"), ("loss", "lost or still missing after it"), ("gain", "more than before"))
    return (
        "<p>From the switch to the payment: each line is what was there, and under it what went missing before the "
        f"next.</p>{_days(month)}{empty}{key}"
        f'<div class="cards falls">{"".join(cards)}</div>{_sources(month)}'
    )


def _days(month: PublishedMonth) -> str:
    if not month.days:
        return ""
    counts = ", ".join(f"{count} {escape(status)}" for status, count in month.days)
    unfinished = "".join(
        f"<li>{day.day} is {escape(day.status)}"
        + (f": {escape(day.failed_checks)}" if day.failed_checks else "")
        + "</li>"
        for day in month.unfinished
    )
    waiting = (
        f"<details><summary>The days that are not closed; what is on them is not posted</summary>"
        f"<ul>{unfinished}</ul></details>"
    )
    return f"<p>Its days: {counts}.</p>" + (waiting if unfinished else "")


def _waterfall(fall: Waterfall) -> str:
    decimals = decimals_needed((row.amount for row in fall.rows), 0 if fall.unit == "CDRs" else 2)
    with_items = any(row.items is not None for row in fall.rows)
    first, last = fall.rows[0], fall.rows[-1]
    share = percent(last.amount, first.amount)
    rows = []
    for row, bar in zip(fall.rows, svg.waterfall(fall.rows), strict=True):
        some = "" if not row.lost or not row.amount else " less" if row.amount > 0 else " more"
        # a loss is written as what it takes off, a gain as what it adds
        amount = ("+" if some == " more" else "") + _amount(-row.amount if row.lost else row.amount, decimals)
        why = f"<small>{escape(row.why)}</small>" if some and row.why else ""
        items = (
            f'<td class="n">{"" if row.items is None else grouped(-row.items if row.lost else row.items)}</td>'
            if with_items
            else ""
        )
        rows.append(
            f'<tr class="{"lost" if row.lost else "step"}"><th scope="row">{escape(row.name)}{why}{bar}</th>'
            f'<td class="n{some}">{amount}</td>{items}</tr>'
        )
    head = '<th scope="col">Step</th><th scope="col" class="n">' + ("CDRs" if fall.unit == "CDRs" else "Amount")
    head += '</th><th scope="col" class="n">Items</th>' if with_items else "</th>"
    caption = f"“{escape(last.name)}” is {share} of “{escape(first.name)}”." if share else "Nothing to begin with."
    return (
        f'<div class="card fall"><h3>{escape(fall.unit)}</h3><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def _sources(month: PublishedMonth) -> str:
    if not month.sources:
        return ""
    all_of_it = month.switch_count
    counted = "No switch has said how many CDRs it wrote."
    if all_of_it and all_of_it.switch_cdrs is not None:
        counted = (
            f"The switches' own counts are there for {grouped(all_of_it.counted_days)} of {grouped(all_of_it.days)} "
            f"days of a source: {grouped(all_of_it.switch_cdrs)} CDRs, "
            f"{grouped(all_of_it.not_seen_cdrs or 0)} of which did not come."
        )
    names = ("Source", "Switch's count", "Not seen", "Came", "Rejected", "Waived", "Landed", "Not rated", "Rated")
    rows = [
        _row(
            escape(of.source),
            *map(_whole, (of.switch_cdrs, of.not_seen_cdrs, of.seen_cdrs, of.rejected_cdrs, of.waived_cdrs)),
            *map(_whole, (of.landed_cdrs, of.not_rated_cdrs, of.rated_cdrs)),
        )
        for of in month.sources
    ]
    return f"<h3>CDRs by source</h3><p>{counted}</p>" + _table("CDRs by source", names, rows)


def _budgets(month: PublishedMonth, title: str) -> str:
    if not month.budgets:
        return f"<p>No department has a budget for {title}. A line in <code>seeds/budgets.csv</code> gives it one.</p>"
    end = month.month.replace(day=calendar.monthrange(month.month.year, month.month.month)[1])
    key = (
        '<p class="key" aria-hidden="true">'
        + "".join(
            f'<span><svg viewBox="0 0 29 11"><line class="{kind}" x1="0" y1="5" x2="29" y2="5"/></svg>{text}</span>'
            for kind, text in (("left", "left"), ("forecast", "where it is heading"), ("pace", "spent evenly"))
        )
        + "</p>"
    )
    month_name = calendar.month_name[month.month.month]
    cards = []
    for number, budget in enumerate(month.budgets):
        last = budget.days[-1]
        decimals = decimals_needed((budget.amount, last.cumulative, last.remaining, last.forecast), 2)
        daily = decimals_needed((amount for day in budget.days for amount in (day.spent, day.remaining)), 2)
        figures = [
            ("budget", _amount(budget.amount, decimals), ""),
            (
                f"spent by {last.day.day} {month_name}",
                _amount(last.cumulative, decimals),
                _share(last.cumulative, budget),
            ),
            ("left", _amount(last.remaining, decimals), _share(last.remaining, budget)),
            (f"forecast, {end.day} {month_name}", _amount(last.forecast, decimals), _share(last.forecast, budget)),
        ]
        words = "; ".join(f"{name} {amount} {budget.currency}" for name, amount, _ in figures)
        rows = "".join(
            f'<tr><th scope="row">{name}</th><td class="n">{amount}</td><td class="n soft">{share}</td></tr>'
            for name, amount, share in figures
        )
        reason = f"<p>{escape(last.reason)}</p>" if last.reason else ""
        by_day = _table(
            f"{budget.department} by day",
            ("Day", "Spent", "Left"),
            [_row(str(d.day), _amount(d.spent, daily), _amount(d.remaining, daily)) for d in budget.days],
        )
        cards.append(
            f'<div class="card"><h3>{escape(budget.department)}{_status(last.status)}</h3>'
            f"{svg.burn_down(budget, end, f'budget{number}', words)}{reason}<table>"
            f"<caption>In {escape(budget.currency)}</caption><tbody>{rows}</tbody></table>"
            f"<details><summary>Day by day</summary>{by_day}</details></div>\n"
        )
    return (
        "<p>What is left of each department's budget. The forecast goes on as the days so far did; the day that is not "
        f'over counts as a whole one.</p>{key}<div class="cards">{"".join(cards)}</div>'
    )


def _anomalies(month: PublishedMonth, title: str) -> str:
    if not month.anomalies:
        return (
            f"<p>Nothing was out of the ordinary in {title}. The rules that compare with the weeks before begin once "
            "there are two weeks of an account's calls; bursts of dear calls are seen from the first day.</p>"
        )
    shown = month.anomalies[:_MOST]
    more = len(month.anomalies) - len(shown)
    high = sum(anomaly.severity == "high" for anomaly in month.anomalies)
    rows = [
        f'<tr><th scope="row">{anomaly.hour:%Y-%m-%d %H:%M}</th><td>{_status(anomaly.severity)}</td>'
        f"<td>{escape(anomaly.rule.replace('_', ' '))}</td>"
        f"<td>{_named(anomaly.account_id, anomaly.account)}</td><td>{escape(anomaly.detail)}</td></tr>"
        for anomaly in shown
    ]
    left_out = f"<p>And {grouped(more)} more: <code>tollbook anomalies</code> lists them all.</p>" if more else ""
    return (
        f"<p>{grouped(len(month.anomalies))} found, {grouped(high)} of them high; those first, then the latest.</p>"
        + _table("Out of the ordinary", ("Hour (UTC)", "Severity", "Rule", "Account", "What"), rows, "list", numbers=5)
        + left_out
    )


def _balances(month: PublishedMonth) -> str:
    when = f"Now, as of {month.published_at:%Y-%m-%d %H:%M} UTC, not at the month's end."
    if not month.balances:
        return f"<p>Every balance is all right. {when}</p>" if month.accounts else "<p>There are no accounts yet.</p>"
    rows = [_balance(of) for of in month.balances]
    names = ("Account", "Status", "Currency", "Balance", "Available", "Credit limit", "Low below")
    return (
        f"<p>{grouped(len(month.balances))} of {grouped(month.accounts)} accounts. {when} A balance is what we owe the "
        "account; calls go through while something is available. The line in a bar is where low begins.</p>"
        + _table("Balances that are low or exhausted", names, rows, numbers=3)
    )


def _balance(of: Balance) -> str:
    amounts = (of.balance, of.available, of.credit_limit, of.low_balance_threshold)
    decimals = decimals_needed(amounts, 2)
    bar = svg.level(of.balance, of.low_balance_threshold, "exhausted" if of.status == "exhausted" else "low")
    cells = "".join(f'<td class="n">{_amount(amount, decimals)}</td>' for amount in amounts)
    return (
        f'<tr><th scope="row">{_named(of.account_id, of.account)}{bar}</th><td>{_status(of.status)}</td>'
        f"<td>{escape(of.currency)}</td>{cells}</tr>"
    )


def _receivables(month: PublishedMonth) -> str:
    when = f"as of {month.published_at:%Y-%m-%d}, not at the month's end"
    if not month.receivables:
        return f"<p>Nobody owes anything, {when}.</p>"
    cards = []
    for total in (owed for owed in month.receivables if owed.account_id is None):
        of_it = [owed for owed in month.receivables if owed.currency == total.currency]
        decimals = decimals_needed((amount for owed in of_it for amount in _owed(owed)), 2)
        rows = [
            _row(
                "all" if owed is total else _named(owed.account_id or "", owed.account),
                *(_amount(amount, decimals) for amount in _owed(owed)),
                kind=' class="total"' if owed is total else "",
            )
            for owed in of_it
        ]
        names = ("Account", *(age.capitalize() for age in _AGES), "Open", "Unbilled", "Unallocated", "Net")
        bar = svg.stacked(_owed(total)[:5]) if total.open else ""
        none = "" if total.open else "<p>No invoice is open.</p>"
        cards.append(
            f'<div class="card"><h3>{escape(total.currency)}</h3>{none}{bar}'
            + _table(f"Receivables in {total.currency}", names, rows, card="")
            + "</div>\n"
        )
    key = _key(*((f"part{n}", age) for n, age in enumerate(_AGES)))
    return (
        f"<p>Open invoices by how late they are, {when}. <em>Unbilled</em> is used and on no invoice yet, "
        "<em>unallocated</em> is paid and on no invoice either; net = open + unbilled \N{MINUS SIGN} unallocated, and "
        f"below 0 we owe it.</p>{key}{''.join(cards)}"
    )


def _owed(of: Owed) -> tuple[Decimal, ...]:
    ages = (of.current, of.days_1_30, of.days_31_60, of.days_61_90, of.over_90)
    return (*ages, of.open, of.unbilled, of.unallocated, of.net)


def _table(
    label: str, names: Sequence[str], rows: Iterable[str], kind: str = "", *, card: str = "card", numbers: int = 1
) -> str:
    """A table that scrolls by itself where the page is narrow; columns from `numbers` on stand to the right."""
    right = [' class="n"' if numbers <= n else "" for n in range(len(names))]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for kind, name in zip(right, names, strict=True))
    return (
        f'<div class="{" ".join(filter(None, (card, "wide", kind)))}" role="region" tabindex="0" '
        f'aria-label="{escape(label)}"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _row(first: str, *cells: str, kind: str = "") -> str:
    return f'<tr{kind}><th scope="row">{first}</th>' + "".join(f'<td class="n">{cell}</td>' for cell in cells) + "</tr>"


def _key(*entries: tuple[str, str]) -> str:
    swatches = "".join(
        f'<span><svg viewBox="0 0 29 11"><rect class="{kind}" width="29" height="11" rx="2"/></svg>{text}</span>'
        for kind, text in entries
    )
    return f'<p class="key">{swatches}</p>'


def _status(status: str) -> str:
    return f'<span class="status {escape(status)}">{escape(_WORDS.get(status, status))}</span>'


def _named(account_id: str, name: str | None) -> str:
    return escape(account_id) + (f"<small>{escape(name)}</small>" if name and name != account_id else "")


def _amount(amount: Decimal | None, decimals: int) -> str:
    """Exact, with so many decimals; nothing is a plain 0, the unknown a dash."""
    return "\N{EN DASH}" if amount is None else grouped(amount, decimals if amount else 0)


def _whole(count: int | None) -> str:
    return "\N{EN DASH}" if count is None else grouped(count)


def _share(amount: Decimal | None, budget: Budget) -> str:
    return "" if amount is None else percent(amount, budget.amount)
