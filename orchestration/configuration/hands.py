"""What of a configuration says who may do what: its operators, who they are, the limits, who answers for a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from orchestration.configuration.check import bad_cells
from orchestration.configuration.roles import EVERYTHING
from orchestration.configuration.schema import FILES
from orchestration.configuration.sheet import Sheet, read
from orchestration.store.database import dict_rows

_FILES = ("company", "operators", "sources")


class Operator(NamedTuple):
    """The role of one, and the accounts that he acts for; none: all of them."""

    role: str
    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Hands:
    """Who may do what, by one configuration. Without operators everyone may do everything.

    `trusts_variable`: TOLLBOOK_OPERATOR says who acts. `answering`: who answers for the payments of a source. `where`:
    what is said of where the operators are listed.
    """

    operators: Mapping[str, Operator] = field(default_factory=dict)
    trusts_variable: bool = False
    waiver_limit: Decimal | None = None
    refund_limit: Decimal | None = None
    answering: Mapping[str, str] = field(default_factory=dict)
    where: str = field(default="seeds/operators.csv", compare=False)

    @property
    def admins(self) -> list[str]:
        """Who may do everything."""
        return sorted(name for name, (role, accounts) in self.operators.items() if role == EVERYTHING and not accounts)


def loaded(con: duckdb.DuckDBPyConnection) -> Hands:
    """By the configuration that a warehouse holds; that of an earlier release may lack columns."""
    if not con.execute("select 1 from ops.configuration").fetchall():
        return Hands()
    return _hands(*(dict_rows(con, f"from config.{name}") for name in _FILES))


def written(directory: Path) -> Hands | None:
    """By the CSV files in a directory; None where they cannot be read as such."""
    sheets = {name: read(FILES[name], directory) for name in _FILES}
    if any(sheet.problems or any(True for _ in bad_cells(sheet)) for sheet in sheets.values()):
        return None
    company = [
        {
            **row,
            "trust_operator_variable": row["trust_operator_variable"].lower() == "true",
            **{limit: Decimal(row[limit]) if row[limit] else None for limit in ("waiver_limit", "refund_limit")},
        }
        for row in _rows(sheets["company"])
    ]
    operators = [{**row, "accounts": row["accounts"].split()} for row in _rows(sheets["operators"])]
    return _hands(company, operators, list(_rows(sheets["sources"])))


def _rows(sheet: Sheet) -> list[dict[str, Any]]:
    return [dict(zip(sheet.file.names, row, strict=True)) for row in sheet.columns(*sheet.file.names)]


def _hands(
    company: Sequence[Mapping[str, Any]], operators: Sequence[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]]
) -> Hands:
    terms = company[0] if company else {}
    return Hands(
        {row["operator"]: Operator(row["role"], tuple(sorted(row["accounts"] or ()))) for row in operators},
        bool(terms.get("trust_operator_variable")),
        terms.get("waiver_limit"),
        terms.get("refund_limit"),
        {row["source"]: row["operator"] for row in sources if row["kind"] == "payments" and row.get("operator")},
    )
