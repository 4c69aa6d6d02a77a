"""Let a day close although something of it is left open, and keep who decided so, why, and what it is worth."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TypedDict, Unpack

from orchestration.operations.day.publish import publishing
from orchestration.operations.day.waivable import Waived, in_full, more_than_one, wants_second, weigh, weigh_again
from orchestration.operations.day.waivers import (
    Waiver,
    Which,
    record,
    record_confirmation,
    refuse_waived,
    standing,
    standing_alike,
)
from orchestration.operations.upkeep.configure import configure
from orchestration.store.database import transaction
from orchestration.store.warehouse import Home, Refused

# What can be waived, and how its key is called on the command line.
OPTIONS = {"call": "--call ID", "row": "--row FILE_ID:LINE", "reason": "--reason-code R", "gap": "--gap SOURCE",
           "count": "--count SOURCE", "file": "--file FILE_ID"}  # fmt: skip


class WaiverKey(TypedDict, total=False):
    """What is waived, by exactly one of these: a call's unrated legs, a rejected row (FILE_ID:LINE), all legs with a
    reason code, a source's gaps and missing files, its difference to the switch's own count, or a file on all the days
    it holds: one that could not be read, or what is left of the rejected rows of one that landed.

    FILE_ID may be shortened to what is unique. `kind` and `source` say whose it is, where more than one has the id;
    of a reason code, whose legs alone are waived.
    """

    call: str | None
    row: str | None
    reason_code: str | None
    gap: str | None
    count: str | None
    file: str | None
    kind: str | None
    source: str | None


def waive(home: Home, day: date, reason: str, **keys: Unpack[WaiverKey]) -> Waived:
    """Waive what is named of a day.

    What is worth more than `waiver_limit` of company.csv, or where nobody can say what it is worth, awaits `confirm` by
    a second operator. Raises `Refused` when there is nothing of the kind on that day, when not exactly one is named, or
    the operator may not: that takes a rater, finance or admin.
    """
    which = _chosen(day, keys)
    if not reason.strip():
        raise Refused("--reason must say why")
    with publishing(home, "waive") as held:
        configure(held)
        with held.connect() as con, transaction(con):
            waived = weigh(con, home, which)
            waiver = Waiver(
                day,
                waived.what,
                waived.key,
                waived.kind,
                waived.source,
                reason=reason,
                amount=waived.amount,
                currency=waived.currency,
                awaits_second=not waived.in_force,
                settled=waived.settles,
            )
            refuse_waived(con, waiver)
            record(con, held, waiver)
    return waived


def confirm(home: Home, day: date, **keys: Unpack[WaiverKey]) -> Waived:
    """Put a waiver in force that awaits a second operator, or that is by now worth more than one of them may waive.

    Raises `Refused` to the first one, to who is not finance or admin, and where none waits.
    """
    which = _chosen(day, keys)
    with publishing(home, "waive --confirm") as held:
        configure(held)
        with held.connect() as con, transaction(con):
            which = in_full(con, which)
            if len(alike := standing_alike(con, which)) > 1:
                raise more_than_one(which, alike)
            which = alike[0] if alike else which
            weigh_again(con, [day])
            waiver = standing(con, which)
            if waiver and not waiver["awaits_second"] and not wants_second(con, which):
                raise Refused(f"the waiver of {which} is in force already; it wants no second operator")
            waiver = record_confirmation(con, held, which)
    amount = waiver["worth"] if waiver["weighed_at"] else waiver["amount"]
    return Waived(**asdict(which), settles=1, amount=amount, currency=waiver["currency"] or "", in_force=True)


def _chosen(day: date, keys: WaiverKey) -> Which:
    of = ("kind", "source")
    named = [("reason" if what == "reason_code" else what, key) for what, key in keys.items() if key and what not in of]
    if len(named) != 1:
        options = list(OPTIONS.values())
        raise Refused(f"name one of {', '.join(options[:-1])} and {options[-1]}")
    what, key = named[0]
    kind, source = keys.get("kind"), keys.get("source")
    if what in ("gap", "count") and source:
        raise Refused(f"--{what} names the source itself: leave out --source")
    if what == "count" and kind:
        raise Refused("--count is of cdrs: leave out --kind")
    return Which(day, what, str(key), kind, source)
