"""What varies by the kind of row in the rules of identity: its table and columns, as SQL."""

from orchestration.landing.rows.canonical import CanonicalColumn, CanonicalType, Kind
from orchestration.store.sql import literal, quoted

# Whether CDRs `r` and `o` are two calls, not two versions of one: begun more than a minute apart, to numbers that end
# otherwise. A switch's clock may have been wrong, or how it writes numbers, and hardly both at once.
ANOTHER_CALL = (
    "abs(epoch_us(r.started_at) - epoch_us(o.started_at)) > 60000000"
    r" and right(regexp_replace(r.called_number, '\D', '', 'g'), 6)"
    r" <> right(regexp_replace(o.called_number, '\D', '', 'g'), 6)"
)

# Whether `r` and `o`, of two sources, are one payment; a bank's value date is often the next day.
_SAME_PAYMENT = " and ".join(
    [*(f"r.{column} = o.{column}" for column in ("payment_id", "account_id", "amount")), "abs(r.day - o.day) <= 1"]
)

# What a spreadsheet makes of a long id of digits (a pattern); ids of hexadecimal digits have no point.
SPOILT = "[0-9][.,][0-9]+E[+][0-9]+"

_MAP = """'"MAP(VARCHAR, VARCHAR)"'"""
# What the file has in columns of other names, and the row that landed otherwise: which of them.
_IN_EXTRA = f"""
    case
        when r.extra is distinct from o.extra
            then 'extra (' || array_to_string(
                list_sort(
                    list_filter(
                        list_distinct(list_concat(coalesce(json_keys(r.extra), []), coalesce(json_keys(o.extra), []))),
                        lambda k: json_transform(r.extra, {_MAP})[k] is distinct from json_transform(o.extra, {_MAP})[k]
                    )
                )[:3],
                ', '
            ) || ')'
    end
"""


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
        "identity_words": " and ".join(kind.identity),
        "differences": ", ".join([*map(_difference, kind.columns), _IN_EXTRA]),
        "remedy": _remedy(kind),
        "spoilt": SPOILT,
    }


def _difference(column: CanonicalColumn) -> str:
    """SQL: what `r` has in a column and `o` has otherwise, in words; null where they are the same."""
    name = quoted(column.name)
    is_decimal = column.type in (CanonicalType.SECONDS, CanonicalType.AMOUNT, CanonicalType.SIGNED_AMOUNT)

    def shown(row: str) -> str:
        text = f"{row}.{name}::VARCHAR"
        text = f"rtrim(rtrim({text}, '0'), '.')" if is_decimal else f"left({text}, 50)"
        return f"coalesce({text}, 'empty')"

    said = f"{literal(column.name + ' is ')} || {shown('r')} || ' (landed: ' || {shown('o')} || ')'"
    return f"case when r.{name} is distinct from o.{name} then {said} end"


def _remedy(kind: Kind) -> str:
    """SQL: what helps where `r` is in conflict with `o`."""
    own = "an id of its own, such as its day before it, and land it with that: tollbook land FILE --corrects FILE_ID"
    if kind.name == "cdrs":
        call = "strftime(o.started_at, '%Y-%m-%d %H:%M:%S') || ' UTC to ' || o.called_number"
        used = f"'; that is another call, of ' || {call} || ': ids are used again. Give each call {own}'"
        return (
            f"case when {ANOTHER_CALL} then {used}"
            " else '; to replace it: tollbook land --supersede FILE --reason TEXT' end"
        )
    wrong = (
        "where that is the wrong one, withdraw its file (tollbook withdraw FILE_ID --reason TEXT), then this one counts"
    )
    if kind.name == "payments":
        right = (
            "case when abs(r.day - o.day) > 1 then ', on days that are no neighbours: tollbook land FILE --again'"
            f" else ', give each payment {own}' end"
        )
        return f"'; {wrong}; where both are right' || {right}"
    return f"'; {wrong}'"


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(c) for c in columns)


def _same(columns: tuple[str, ...]) -> str:
    """SQL: whether `r` and `o` are the same in the columns; null is the same as null."""
    return " and ".join(f"r.{quoted(c)} is not distinct from o.{quoted(c)}" for c in columns)
