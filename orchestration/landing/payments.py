"""What a payment must be, whichever way it comes: in a file that lands, or by `tollbook topup`. As SQL."""

# conditions of the rows of checked.py, never NULL for a row whose cells are good and whose account is known
_KIND = "(case when method in ('refund', 'write_off') then method else 'payment' end)"
# in the account's favour: a customer pays, or is let off, and gets back; a carrier the other way round
_ABOVE = f"((account_kind = 'customer') = ({_KIND} <> 'refund'))"
# what a method that is written another way stands for: it would be booked as a payment
_LETTERS = "array_to_string(regexp_extract_all(lower(method), '[a-z]+'), '')"
_MEANT = f"(case {_LETTERS} when 'refund' then 'refund' when 'writeoff' then 'write_off' end)"
_NOW = "(select now from run.clock)"


def problems() -> list[tuple[str, str, str]]:
    """SQL: condition, reason and detail of all that can be wrong with a payment whose cells are good."""
    side = f"case when {_ABOVE} then 'above' else 'below' end"
    wrong_sign = (
        f"'amount is ' || amount || '; a ' || {_KIND} || ' of a ' || account_kind || ' is ' || {side} || "
        "' 0, in the account''s favour: docs/ledger.md'"
    )
    return [
        (
            f"coalesce(method <> {_MEANT}, false)",
            "'bad_method'",
            f"""'method is "' || method || '"; write ' || {_MEANT}""",
        ),
        ("t_amount = 0", "'bad_amount'", "'amount is 0; write what was paid'"),
        (f"account_kind <> 'both' and (t_amount > 0) <> {_ABOVE}", "'wrong_sign'", wrong_sign),
        (
            f"t_paid_at > {_NOW}",
            "'implausible'",
            f"""'paid_at is "' || paid_at || '", which has not come yet: it is ' || {_NOW} || ' UTC'""",
        ),
    ]


def accepted() -> str:
    """SQL: true where there is none of them, and for lines of the journal from before there were these rules."""
    wrong = " or ".join(condition for condition, _, _ in problems())
    return f"(coalesce((select rules from run.clock), 1) = 1 or not ({wrong}))"
