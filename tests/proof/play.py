"""Play the steps of a world: through the real operations of a deployment, and on the independent ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from orchestration.operations.accounts.topup import topup
from orchestration.operations.billing import billable
from orchestration.operations.billing import invoice as invoices
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.operations.day.waive import waive
from orchestration.operations.upkeep.rates import accept
from orchestration.operations.upkeep.rebuild import rebuild
from orchestration.operations.upkeep.repair import repair
from orchestration.operations.verify.verify import verify
from orchestration.store.warehouse import Home, Refused
from tests.proof import upkeep
from tests.proof.invoicing import Invoicing
from tests.proof.ledger import Ledger
from tests.proof.world import Step

PUBLISHING = ("build", "close", "invoice", "credit_note", "rebuild")


class Deployment:
    """A real deployment in a directory; each step is an operation, done again after a crash as a person would."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home", root / "seeds")
        self.sent = root / "sent"

    def prepare(self, step: Step) -> None:
        """What others do before: files are sent, the configuration is edited."""
        self.home.seeds.mkdir(parents=True, exist_ok=True)
        for name, text in step.seeds.items():
            (self.home.seeds / f"{name}.csv").write_text(text)
        for file in step.files:
            parent = self.home.inbox if step.action in ("land", "accept") else self.sent
            path = parent / file.kind / file.source / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.part")
            part.write_text(file.text)
            os.replace(part, path)

        if step.action == "accept":
            self.home.decks.mkdir(exist_ok=True)
            (self.home.decks / f"{upkeep.SOURCE}.toml").write_text(upkeep.MAPPING)
        if step.action == "repair":
            upkeep.damage(self.home.root)

    def perform(self, step: Step) -> object:
        """Do the step, also when it was done before; what came of it, as far as a ledger can tell beforehand."""
        os.environ |= {
            "TOLLBOOK_NOW": step.at.isoformat(),
            "TOLLBOOK_OPERATOR": "proof",
            "TOLLBOOK_HOME": str(self.home.root),
            "TOLLBOOK_SEEDS": str(self.home.seeds),
        }
        return _DONE[step.action](self, step)

    def _land(self, step: Step) -> object:
        land(self.home)
        return None

    def _supersede(self, step: Step) -> object:
        file = step.files[0]
        path = self.sent / file.kind / file.source / file.name
        land(self.home, [path], kind=file.kind, source=file.source, supersede=True, reason=step.arguments["reason"])
        return None

    def _topup(self, step: Step) -> object:
        said = step.arguments
        with _again("already"):
            topup(self.home, said["account"], Decimal(said["amount"]), reference=said["reference"])
        return None

    def _waive(self, step: Step) -> object:
        said = step.arguments
        with _again("waived already"):
            waive(
                self.home, date.fromisoformat(said["day"]), said["reason"], row=said.get("row"), call=said.get("call")
            )
        return None

    def _close(self, step: Step) -> object:
        # a close that was killed on its way leaves fewer days to a second one: what counts is how they are then
        return {checked.day: checked.status for checked in close(self.home)}

    def _invoice(self, step: Step) -> object:
        invoices.run(self.home)
        return None

    def _credit_note(self, step: Step) -> object:
        said = step.arguments
        account, period = said["account"], date.fromisoformat(said["period"])
        try:
            invoices.invoice(
                self.home,
                billable.DocumentRequest(
                    account, period, credit_note=True, reason=said["reason"], credit=Decimal(said["amount"])
                ),
            )
        except Refused as refusal:
            return "was credited for this reason already" in str(refusal)
        return True

    def _build(self, step: Step) -> object:
        build(self.home)
        return None

    def _rebuild(self, step: Step) -> object:
        rebuild(self.home)
        return None

    def _accept(self, step: Step) -> object:
        accept(self.home)
        return None

    def _repair(self, step: Step) -> object:
        repair(self.home)
        return None

    def _verify(self, step: Step) -> object:
        return [str(fault) for fault in verify(self.home).faults]


class _again:  # noqa: N801
    """Whoever repeats a command after a crash is told that it was done."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, Refused) and self.words in str(error)


_DONE: Mapping[str, Callable[[Deployment, Step], object]] = {
    "configure": lambda deployment, step: None,
    "land": Deployment._land,
    "supersede": Deployment._supersede,
    "topup": Deployment._topup,
    "waive": Deployment._waive,
    "close": Deployment._close,
    "invoice": Deployment._invoice,
    "credit_note": Deployment._credit_note,
    "build": Deployment._build,
    "rebuild": Deployment._rebuild,
    "accept": Deployment._accept,
    "repair": Deployment._repair,
    "verify": Deployment._verify,
}


class Books:
    """The independent ledger and its invoices, told the same steps."""

    def __init__(self, directory: Path) -> None:
        self.ledger = Ledger(directory)
        self.invoicing = Invoicing(self.ledger)
        self.at = datetime.min

    def perform(self, step: Step) -> object:
        """What the step must come to."""
        self.at, said = step.at, step.arguments
        match step.action:
            case "configure":
                self.ledger.configure(step.seeds)
            case "build":
                self.ledger.build(step.at)
            case "land" | "supersede":
                self.ledger.land(step.at, step)
            case "topup":
                self.ledger.topup(step.at, said["account"], said["amount"], said["reference"])
            case "waive":
                self.ledger.waive(said["day"], said.get("row", ""), said.get("call", ""))
            case "close":
                return self.ledger.close(step.at)
            case "invoice":
                self.invoicing.run(step.at)
            case "credit_note":
                period = date.fromisoformat(said["period"])
                return (
                    self.invoicing.credit_note(step.at, said["account"], period, Fraction(said["amount"])) is not None
                )
            case "verify":
                return []
        return None
