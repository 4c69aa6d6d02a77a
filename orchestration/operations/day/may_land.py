"""Which files an operator may land, and of which accounts: payments also where another answers for their source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from orchestration.configuration.hands import Hands
from orchestration.configuration.roles import LANDS, PAY, TOP_UPS
from orchestration.landing.problem import NotPermitted
from orchestration.landing.rows.canonical import PAYMENTS
from orchestration.operations.permitted import acting, deciding, lacking
from orchestration.store.warehouse import Writer


@dataclass(frozen=True)
class Landers:
    """Who lands files, by what the configuration says. `decides`: he says himself that what conflicts counts, too."""

    decided: Hands
    who: str
    decides: bool

    @classmethod
    def of(cls, held: Writer, decides: bool) -> Landers:
        """Whoever gives the command."""
        decided = deciding(held)
        return cls(decided, acting(decided), decides)

    def refuse(self, con: duckdb.DuckDBPyConnection, kind: str, source: str, file_id: str) -> None:
        """Raise `NotPermitted` for a file that the operator may not land, nor who answers for its source."""
        if (kind, source) == (PAYMENTS.name, TOP_UPS) and not _was_entered(con, file_id):
            raise NotPermitted(
                f"the source {TOP_UPS} is that of tollbook topup alone: enter it by that, or let the folder be named as"
                " what sent the file"
            )
        if any(lacking(self.decided, each, LANDS[kind]) is None for each in self._answering(kind, source)):
            return
        said = str(lacking(self.decided, self.who, LANDS[kind]))
        if kind == PAYMENTS.name and not self.decides:
            said += f", or sources.csv names an operator who answers for the payments of {source}"
        raise NotPermitted(said)

    def refuse_accounts(self, con: duckdb.DuckDBPyConnection, sequence: int, source: str) -> None:
        """Raise `NotPermitted` where payments of the landed file are of accounts that none of these acts for."""
        if (own := self._accounts(source)) is None:
            return
        others = con.execute(
            """
            select distinct account_id
            from landed.payments
            where file_sequence = ? and not list_contains(?, account_id)
            order by account_id
            """,
            [sequence, list(own)],
        ).fetchall()
        if others:
            raise NotPermitted(
                f"{self.who} acts for {', '.join(own)} in {self.decided.where}; it has payments of"
                f" {', '.join(account for (account,) in others[:5])}"
            )

    def _answering(self, kind: str, source: str) -> list[str]:
        """The operator and, of payments that nobody has to decide about, who answers for their source."""
        answers = self.decided.answering.get(source) if kind == PAYMENTS.name and not self.decides else None
        return [self.who, *([answers] if answers else [])]

    def _accounts(self, source: str) -> Collection[str] | None:
        """The accounts of which payments may land; None: of all."""
        operators = self.decided.operators
        may = [each for each in self._answering(PAYMENTS.name, source) if lacking(self.decided, each, PAY) is None]
        if not operators or any(not operators[each].accounts for each in may):
            return None
        return sorted({account for each in may for account in operators[each].accounts})


def _was_entered(con: duckdb.DuckDBPyConnection, file_id: str) -> bool:
    """Whether the bytes landed from there once, and were taken back: landing them again undoes that."""
    asked = "select 1 from ops.withdrawals where (file_id, kind, source) = (?, ?, ?)"
    return bool(con.execute(asked, [file_id, PAYMENTS.name, TOP_UPS]).fetchall())
