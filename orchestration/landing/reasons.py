"""Why a record did not land, by name: what ops.rejected_rows has as its `reason`. What each means: docs/landing.md."""

REASONS = (
    "missing_value",
    "bad_time",
    "bad_duration",
    "bad_amount",
    "bad_integer",
    "bad_currency",
    "bad_row",
    "bad_encoding",
    "unknown_account",
    "wrong_currency",
    "implausible",
    "bad_number",
    "bad_method",
    "bad_text",
    "wrong_sign",
    "conflict",
    "awaits_second",
)
UNREADABLE = "unreadable"
"""The reason of a file of which nothing could be read."""
