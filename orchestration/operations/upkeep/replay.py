"""Do again what the journal says was done: each line through the operation that wrote it, by its clock and operator."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.landing import dropped
from orchestration.landing.unreadable import SetAside
from orchestration.operations.billing import billable, invoice
from orchestration.operations.day import waivers
from orchestration.operations.day.build import build_days
from orchestration.operations.day.close import close_again
from orchestration.operations.day.confirm_payment import confirm_held
from orchestration.operations.day.land import land_files
from orchestration.operations.day.set_aside import note_unreadable
from orchestration.operations.day.withdraw import withdraw_held
from orchestration.operations.upkeep.configure import configure
from orchestration.operations.upkeep.rate_decks import DeckOptions
from orchestration.operations.upkeep.rates import accept_held
from orchestration.store import journal
from orchestration.store.database import transaction
from orchestration.store.files import checksum, inside
from orchestration.store.warehouse import Home, Refused, Writer, environment

Line = journal.Line


@dataclass
class Replay:
    """A replay into an empty deployment `held` of what the deployment `kept` has archived.

    `differences`: where what was done again came out otherwise than the journal says, one line each.
    """

    held: Writer
    kept: Home
    differences: list[str] = field(default_factory=list)
    _built_at: str | None = None
    _modelled: bool = False

    def line(self, line: Line) -> None:
        """Do one line again. Raises `Refused` when the archive lacks what it needs."""
        action = str(line["action"])
        does = ACTIONS.get(action)
        if does is None:
            raise Refused(f"journal line {line['n']}: nothing is known of '{action}'; is this an older tollbook?")
        rules = int(line.get("rules", 1))
        with _as_it_was(line):
            if rules != self.held.rules:
                self._upgrade(rules)
            if action not in _AFTER_BUILDING:
                self._built_at = None
            try:
                does(self, line)
            except Refused as refusal:
                raise Refused(f"journal line {line['n']} ({action}, {line['at']}): {refusal}") from refusal

    def _upgrade(self, rules: int) -> None:
        """What the first command of a release did: the configuration is read by its rules, open days are built anew."""
        self.held.rules, self._built_at = rules, None
        if self._modelled:
            configure(self.held, again=True)

    def differs(self, line: Line, what: str, before: object, after: object) -> None:
        if before != after:
            self.differences.append(
                f"journal line {line['n']} ({line['action']}, {line['at']}): {what} was {before} and is now {after}"
            )

    def configure(self, line: Line) -> None:
        version = str(line["version"])
        kept = self.kept.archive / "config" / version
        if not kept.is_dir():
            raise Refused(f"the configuration {version} is not in the archive, {kept}")
        seeds = self.held.home.seeds
        shutil.rmtree(seeds, ignore_errors=True)
        shutil.copytree(kept, seeds)
        self.differs(line, "the configuration", version, configure(self.held, again=True))
        if not self._modelled:
            build_days(self.held)  # from now on payments post as they land
            self._modelled = True

    def land(self, line: Line) -> None:
        path = self._file(line)
        landed = land_files(
            self.held, [path], supersede=bool(line["supersede"]), reason=line["reason"], again=bool(line.get("again")),
            corrects=line.get("corrects"),
        )[0]  # fmt: skip
        # the same bytes under another name change nothing but the names that are known
        if landed.status != ("already_landed" if line["action"] == "land again" else "landed"):
            raise Refused(f"{line['name']} did not land: {landed.problem or landed.status}")
        self.differs(line, "the file", line["file_id"], landed.file_id)

    def unreadable(self, line: Line) -> None:
        """Not read again: a later version might, and the days would not have waited for it."""
        days = tuple(date.fromisoformat(day) for day in line["days"])
        file = SetAside(line["file_id"], line["kind"], line["source"], line["name"], days, line["problem"])
        with self.held.connect() as con, transaction(con):
            note_unreadable(self.held, con, file)

    def withdraw(self, line: Line) -> None:
        done = withdraw_held(self.held, line["file_id"], line["reason"], kind=line["kind"], source=line["source"])
        counts = {"rows": done.rows, "restored": done.restored, "again": sum(other.landed for other in done.again)}
        for what, count in counts.items():
            self.differs(line, f"{what} of {line['name']}", line[what], count)

    def confirm_payment(self, line: Line) -> None:
        done = confirm_held(self.held, line["file_id"], line["line"], line["source"])
        self.differs(line, "the file", line["file_id"], done.file_id)

    def accept(self, line: Line) -> None:
        if line["mapping"]:
            mapping = inside(self.kept.archive, "rates", str(line["source"]), f"{line['mapping']}.toml")
            target = inside(self.held.home.decks, f"{line['source']}.toml")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(mapping, target)
        again = bool(line.get("again"))
        options = DeckOptions(effective=line["effective"], replaces=line["replaces"], first=0, again=again)
        accepted = accept_held(self.held, self._file(line), options, reason=line["reason"])[0]
        self.differs(line, "the deck", line["deck"], accepted.deck)

    def nothing(self, line: Line) -> None:
        """What is built anew has the tables of this release, and no file of it is damaged."""

    def close(self, line: Line) -> None:
        self._build(line)
        day = date.fromisoformat(line["day"])
        posted, digest = close_again(self.held, day)
        self.differs(line, "the number of postings", line["posted"], posted)
        if "entries" in line:  # the first releases counted them only
            self.differs(line, "the postings", line["entries"], digest)

    def waive(self, line: Line) -> None:
        waiver = waivers.Waiver(
            **asdict(_which(line)),
            reason=line["reason"],
            amount=Decimal(line["amount"]) if line.get("amount") else None,
            currency=line.get("currency") or "",
            awaits_second=bool(line.get("awaits_second")),
            settled=line.get("settled"),
        )
        with self.held.connect() as con, transaction(con):
            waivers.record(con, self.held, waiver)

    def confirm(self, line: Line) -> None:
        with self.held.connect() as con, transaction(con):
            waivers.record_confirmation(con, self.held, _which(line))

    def invoice(self, line: Line) -> None:
        self._build(line)
        request = billable.DocumentRequest(
            line["account"],
            date.fromisoformat(line["period"]),
            credit_note=line["action"] == "credit note",
            reason=line["reason"],
            credit=None if line["credit"] is None else Decimal(line["credit"]),
            calls=line["calls"],
            as_posted=line["as_posted"],
            raw=line.get("raw", False),
        )
        logo = inside(self.kept.archive, "branding", line["logo"]).read_bytes() if line["logo"] else None
        before = invoice.Before(line["checksum"], self.kept.archive / "invoices")
        done = invoice.issue(self.held, request, logo, before)
        self.differs(line, "the number", line["invoice_number"], done.invoice_number)
        self.differs(line, f"the total of {line['invoice_number']}", Decimal(line["total"]), done.total)
        self.differs(line, f"the checksum of {line['invoice_number']}", line["checksum"], done.checksum)

    def _build(self, line: Line) -> None:
        """Build what a command built before it wrote lines of one instant; time makes subscriptions due."""
        if line["at"] != self._built_at:
            build_days(self.held)
            self._built_at = line["at"]

    def _file(self, line: Line) -> Path:
        """The archived file in the new deployment's inbox, under the name that it had."""
        kind, source, name = str(line.get("kind", "rates")), str(line["source"]), str(line["name"])
        kept = dropped.archived(self.kept, dropped.Dropped(Path(name), kind, source, False), line["file_id"])
        if not kept.exists():
            raise Refused(f"{kept} is not in the archive; {name} landed from it")
        if checksum(kept) != line["file_id"]:
            raise Refused(f"{kept} is damaged, its bytes are not those of {name}: bring it back from a backup")
        path = inside(self.held.home.inbox, kind, source, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, path)
        return path


# these lines leave nothing to build
_AFTER_BUILDING = ("close", "invoice", "credit note")
ACTIONS: Mapping[str, Callable[[Replay, Line], None]] = {
    "configure": Replay.configure,
    "land": Replay.land,
    "land again": Replay.land,
    "unreadable": Replay.unreadable,
    "withdraw": Replay.withdraw,
    "rates accept": Replay.accept,
    "upgrade": Replay.nothing,
    "repair": Replay.nothing,
    "close": Replay.close,
    "waive": Replay.waive,
    "confirm_waiver": Replay.confirm,
    "confirm_payment": Replay.confirm_payment,
    "invoice": Replay.invoice,
    "credit note": Replay.invoice,
}
"""How a line is done again, by what it says was done: every action there has been."""


def _which(line: Line) -> waivers.Which:
    """What a line waives, or confirms the waiver of; one of an earlier release says no kind and source: of all."""
    day = date.fromisoformat(line["day"])
    return waivers.Which(day, line["what"], line["key"], line.get("kind"), line.get("source"))


def _as_it_was(line: Line) -> AbstractContextManager[None]:
    """The clock and the operator of a line; nobody is alerted of what is long past."""
    return environment(TOLLBOOK_NOW=str(line["at"]), TOLLBOOK_OPERATOR=str(line["operator"]), TOLLBOOK_ALERTS="")
