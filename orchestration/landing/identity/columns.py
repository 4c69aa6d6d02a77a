"""What varies by the kind of row in the rules of identity: its table and columns, as SQL."""

from orchestration.landing.rows.canonical import Kind
from orchestration.store.sql import quoted

# Whether `r` and `o`, of two sources, are one payment; a bank's value date is often the next day.
_SAME_PAYMENT = " and ".join(
    [*(f"r.{column} = o.{column}" for column in ("payment_id", "account_id", "amount")), "abs(r.day - o.day) <= 1"]
)


def columns_of(kind: Kind) -> dict[str, str]:
    """SQL by the name under which it stands in braces in a rule."""
    rest = tuple(c for c in kind.stored if c not in (*kind.identity, "source"))
    return {
        "table": kind.table,
        "identity": _listed(kind.identity),
        "stored": _listed(kind.stored),
        "same_identity": _same(kind.identity),
        "same_rest": _same(rest),
        "row_id": quoted(kind.row_id) if kind.row_id else "null",
        "attempt": "attempt" if kind.name == "cdrs" else "null",
        "same_payment": _SAME_PAYMENT,
    }


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(c) for c in columns)


def _same(columns: tuple[str, ...]) -> str:
    """SQL: whether `r` and `o` are the same in the columns; null is the same as null."""
    return " and ".join(f"r.{quoted(c)} is not distinct from o.{quoted(c)}" for c in columns)
