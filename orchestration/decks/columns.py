"""The columns that a rate deck may have, by name, and the words of some."""

PRICES = (
    "rate_per_minute",
    "initial_rate_per_minute",
    "initial_charge",
    "increment_charge",
    "connect_charge",
    "markup_pct",
    "min_charge",
    "max_charge",
)
BOUNDS = ("min_charge", "max_charge")
"""The amounts that are no price but hold one."""
INCREMENTS = ("initial_s", "increment_s")
SECONDS = (*INCREMENTS, "grace_s", "free_s")
FANNED = (*PRICES, *SECONDS, "increments")
"""What a fan-out may give each of its rows."""
PLAIN = (
    "rate_table",
    "prefix",
    "country_code",
    "calling_prefix",
    "destination",
    "band",
    "jurisdiction",
    "valid_from",
    "valid_to",
    "action",
    "blocked",
    "ended",
    "currency",
)
COLUMNS = (*PLAIN, *FANNED)
CONSTANTS = (
    *("country_code", "calling_prefix", "destination", "band", "jurisdiction", "valid_to", "blocked", "ended"),
    *("currency", *PRICES, *SECONDS),
)
WORDS = ("rate_table", "band", "jurisdiction", "action")
MEANINGS = ("price", "end", "block")
ACTIONS = {
    **dict.fromkeys(
        ("", "new", "increase", "increased", "decrease", "decreased", "change", "changed", "no change", "unchanged",
         "current", "same", "open", "active", "add", "added", "update", "updated", "price change"),
        "price",
    ),
    **dict.fromkeys(
        ("delete", "deleted", "remove", "removed", "close", "closed", "end", "ended", "discontinued", "withdrawn",
         "expired", "not offered"),
        "end",
    ),
    **dict.fromkeys(("block", "blocked", "barred", "suspended"), "block"),
}  # fmt: skip
SAID = {
    **dict.fromkeys(("increase", "increased"), "increased"),
    **dict.fromkeys(("decrease", "decreased"), "decreased"),
    **dict.fromkeys(("no change", "unchanged", "same"), "unchanged"),
}
"""What those words say of a price beside the one before: a class of the review."""
CANONICAL_COLUMNS = (
    *("rate_table_id", "prefix", "destination", "band", "valid_from", "valid_to", *PRICES, *SECONDS),
    *("blocked", "calling_prefix", "jurisdiction", "ended"),
)
