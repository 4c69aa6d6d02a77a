"""What a check warns of about the two sides of calls: whose trunk wants which rate table, and what a kind implies.

The ingress account is sold to, the egress account bought from; a call that a carrier delivers to a customer swaps them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from orchestration.configuration.in_force import ALWAYS, Held, Span, common, in_force, joined, without
from orchestration.configuration.problem import Problem
from orchestration.configuration.rules import Sheets
from orchestration.typed import instant

_SIDES = {"ingress": "sell", "egress": "buy"}
_OTHER = {"sell": "buy", "buy": "sell", "ingress": "egress", "egress": "ingress"}
# who delivers, by which direction, and to whom at the other end
_DELIVERED = {("ingress", "carrier"): "customer", ("egress", "customer"): "carrier"}
_OF_ITS_KIND = {"customer": "sell", "carrier": "buy"}

Trunks = Mapping[tuple[str, str], list[Span]]
"""While when there are trunks of a direction whose account is of a kind."""


def odd_sides(sheets: Sheets, now: datetime) -> Iterator[Problem]:
    """Trunks whose account lacks the table of their side, kinds that do not fit, and all trunks the wrong way round."""
    tables: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for held, (account, side) in in_force(sheets["rate_assignments"], now, "account_id", "side"):
        tables[account, side].append(held.span)
    trunks = list(trunks_in_force(sheets, now))
    told = set()
    for account, problem in _without_tables(sheets, now, trunks, tables):
        told.add(account)
        yield problem
    if not told:
        yield from _only_delivered(sheets, trunks)
    yield from _odd_kinds(sheets, tables, told)


def trunks_in_force(sheets: Sheets, now: datetime) -> Iterator[tuple[Held, str, str, str]]:
    """The trunks in force with their account and direction; that of an account that has ended is nobody's."""
    ends = sheets["accounts"].mapping("account_id", "valid_to")
    for held, (account, direction, trunk) in in_force(sheets["trunks"], now, "account_id", "direction", "trunk_id"):
        end = min(held.end, instant(ends.get(account, "")) or datetime.max)
        if held.start < end:
            yield held._replace(end=end), account, direction, trunk


def _without_tables(
    sheets: Sheets,
    now: datetime,
    trunks: list[tuple[Held, str, str, str]],
    tables: Mapping[tuple[str, str], list[Span]],
) -> Iterator[tuple[str, Problem]]:
    """Accounts with trunks and, at some time, no table on the side that calls by them have: `no_rate_table`."""
    sheet, kinds = sheets["trunks"], sheets["accounts"].mapping("account_id", "kind")
    spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for held, account, direction, _ in trunks:
        spans[direction, kinds.get(account, "")].append(held.span)
    by_kind = {key: joined(of_key) for key, of_key in spans.items()}
    told = set()
    for held, account, direction, trunk in trunks:
        kind = kinds.get(account, "")
        when = _when(direction, kind, by_kind)
        rated = [span for side, of_side in when.items() for span in common(tables.get((account, side), []), of_side)]
        lacking = without([held.span], rated)
        if not lacking:
            continue
        start, end = min(lacking)
        side = _wanted(kind, {side: common([(start, end)], of_side) for side, of_side in when.items()})
        if (account, side) in told:
            continue
        told.add((account, side))
        since = f" from {start} on" if start > now else ""
        since += f" until {end}" if end < held.end else ""
        wrong = f"{account} ({kind}) has {direction} trunks and no {side} table{since}: answered calls by {trunk} "
        right = "give it one in rate_assignments.csv"
        if common(tables.get((account, _OTHER[side]), []), lacking):
            right += f", or correct what is {_OTHER[side]} there, the trunk's direction, or the kind in accounts.csv"
        yield account, sheet.at(held.row, "account_id", wrong + "would be unrated (no_rate_table)", right)


def _when(direction: str, kind: str, trunks: Trunks) -> Mapping[str, list[Span]]:
    """While when a call by a trunk of this direction and kind of account can be on a side."""
    side = _SIDES[direction]
    far = _DELIVERED.get((direction, kind))
    if far is None:
        return {side: ALWAYS}
    delivered = trunks.get((_OTHER[direction], far), [])
    others = [span for (way, of), spans in trunks.items() if way == _OTHER[direction] and of != far for span in spans]
    return {side: without(ALWAYS, without(delivered, others)), _OTHER[side]: delivered}


def _wanted(kind: str, possible: Mapping[str, list[Span]]) -> str:
    """The side to name: that of the kind, where calls can be on it."""
    sides = [side for side, spans in possible.items() if spans]
    own = _OF_ITS_KIND.get(kind, "")
    return own if own in sides else sides[0]


def _only_delivered(sheets: Sheets, trunks: list[tuple[Held, str, str, str]]) -> Iterator[Problem]:
    """Calls come in from carriers alone and go out to customers alone: more likely the directions are swapped."""
    sheet, kinds = sheets["trunks"], sheets["accounts"].mapping("account_id", "kind")
    found = {(direction, kinds.get(account)) for _, account, direction, _ in trunks}
    if found == set(_DELIVERED):
        wrong = "no customer has an ingress trunk and no carrier an egress trunk: only calls that carriers deliver to "
        right = "if customers make calls too, write their trunks as ingress, and those that take them as egress"
        yield Problem(sheet.shown, None, "direction", wrong + "customers would be rated", right)


def _odd_kinds(sheets: Sheets, tables: Mapping[tuple[str, str], list[Span]], told: set[str]) -> Iterator[Problem]:
    """A carrier that is only sold to, a customer that is only bought from."""
    sheet = sheets["accounts"]
    why = {"customer": "what it charges is no carrier's", "carrier": "carriers are sent no invoice"}
    for row, (account, kind) in enumerate(sheet.columns("account_id", "kind")):
        side = _OF_ITS_KIND.get(kind)
        if side and account not in told and tables.get((account, _OTHER[side])) and not tables.get((account, side)):
            other = next(name for name in _OF_ITS_KIND if name != kind)
            wrong = f"{account} is a {kind} and has only a {_OTHER[side]} table: {why[kind]}"
            right = f"write {other} or both, or correct its side in rate_assignments.csv"
            yield sheet.at(row, "kind", wrong, right)
