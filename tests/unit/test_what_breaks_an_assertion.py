"""Each assertion, made to fail by rows that break it and by no others."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.engine import dbt
from orchestration.operations.day.assertions import assertions
from orchestration.store.warehouse import PROJECT
from tests.support.assertions import DAY, Row, Rows, breaking, models

CALL: Row = {"day": DAY, "source": "sw1", "call_id": "c1", "attempt": 1, "file_sequence": 2}
CLOSED: Rows = {"stg_closings": [{"day": DAY, "ordinal": 1, "file_sequence": 2}]}

# of consumption profiles
COVERED: Row = CALL | {"sell_covered_s": 30, "sell_covered_amount": 0}
TOOK: Row = CALL | {"profile_id": "free", "period": "2026-05-01", "covered_s": 30, "covered_amount": 0}
ALLOWED: Row = {"profile_id": "free", "allowance": 30}

# a leg of a table in cents
CENTS: Row = {
    "rate_table_id": "t", "kind": "per_minute", "amount_decimals": 2, "amount_unit": 1_000_000,
    "grace_ms": 0, "free_ms": 0, "second_ms": 1, "second_offset_ms": 0,
}  # fmt: skip
LEG = {"amount": "1.23", "billed_s": 60, "rate_table_id": "t", "prefix": "44", "status": "rated"}
SOLD: Row = CALL | {"answered": True, "duration_s": 60} | {f"sell_{name}": value for name, value in LEG.items()}
BOUGHT: Row = CALL | {"answered": True, "duration_s": 60} | {f"buy_{name}": value for name, value in LEG.items()}

# a call by the default route
DEFAULT: Row = SOLD | {"sell_prefix": "", "called_number": "810440"}

# an account's booking days
FIRST: Row = {"account_id": "a", "booked_on": DAY, "opening": 0, "debits": -5, "credits": 2, "closing": -3}
SECOND: Row = {"account_id": "a", "booked_on": "2026-05-05", "opening": -3, "debits": 0, "credits": 1, "closing": -2}
ENTRIES: list[Row] = [
    {"account_id": "a", "booked_on": DAY, "amount": -5},
    {"account_id": "a", "booked_on": DAY, "amount": 2},
    {"account_id": "a", "booked_on": "2026-05-05", "amount": 1},
]

# a call and what the breakouts say of its hour and day
RATED: Row = CALL | {
    "charged_at": f"{DAY} 10:10:00", "duration_s": 61, "margin": "0.6", "naive_revenue": 2,
    "sell_status": "rated", "sell_billed_s": 62, "sell_reporting_amount": 1,
    "buy_status": "rated", "buy_billed_s": 63, "buy_reporting_amount": "0.4",
}  # fmt: skip
OF_DAY: Row = {
    "day": DAY, "calls": 1, "attempts": 1, "duration_s": 61, "sell_billed_s": 62, "buy_billed_s": 63, "revenue": 1,
    "cost": "0.4", "margin": "0.6", "naive_revenue": 2, "unrated": 0,
}  # fmt: skip
OF_HOUR: Row = OF_DAY | {"hour": f"{DAY} 10:00:00"}

# what is due of a day
EARNED: Row = CALL | {
    "sell_status": "rated", "sell_account_id": "a", "sell_account_amount": 1,
    "buy_status": "rated", "buy_account_id": "c", "buy_account_amount": "0.4",
}  # fmt: skip
CHARGED_CALL: Row = EARNED | {"sell_reporting_amount": "0.5"}
USED: Row = {"day": DAY, "status": "rated", "account_id": "a", "account_amount": 2}
POSTED: list[Row] = [
    {"day": DAY, "account_id": "a", "amount": -1, "fact": "calls"},
    {"day": DAY, "account_id": "a", "amount": 50, "fact": None},  # a payment
    {"day": DAY, "account_id": "c", "amount": "0.4", "fact": "calls"},
]
DUE: list[Row] = [{"day": DAY, "account_id": "a", "amount": -2}]

# legs and usage without a price
UNSOLD: Row = CALL | {
    "sell_status": "unrated", "sell_reason": "no_rate", "buy_status": "none", "called_number": "44", "duration_s": 60,
}  # fmt: skip
UNUSED: Row = {
    "day": DAY, "source": "pbx", "usage_id": "u1", "service": "sms", "account_id": "a", "status": "unrated",
    "reason": "no_fx",
}  # fmt: skip

BUILT: Row = {"day": DAY, "config": "one", "file_sequence": 2, "deck": 1}

# what a customer owes and a carrier is owed
ACCOUNTS: list[Row] = [{"account_id": "a", "kind": "customer"}, {"account_id": "c", "kind": "carrier"}]
BALANCES: list[Row] = [{"account_id": "a", "balance": -3}, {"account_id": "c", "balance": 5}]
OWED: Row = {"account_id": "a", "net": 3, "unbilled": 2}
UNBILLED: list[Row] = [
    {"account_id": "a", "as_of": "2026-05-03", "unbilled": 9},
    {"account_id": "a", "as_of": DAY, "unbilled": 2},
]
ACCRUED: list[Row] = [
    {"account_id": "c", "as_of": "2026-05-03", "accrued": 9},
    {"account_id": "c", "as_of": DAY, "accrued": 5},
]

# the waterfall: a source's attempts, a currency's money
STEPS: Row = {
    "day": DAY, "source": "sw1", "switch_cdrs": 10, "not_seen_cdrs": 1, "seen_cdrs": 9, "rejected_cdrs": 1,
    "waived_cdrs": 1, "not_landed_cdrs": 2, "landed_cdrs": 7, "not_rated_cdrs": 3, "rated_cdrs": 4,
}  # fmt: skip
MONEY: Row = {
    "day": DAY, "currency": "USD", "rated": 10, "netted": 1, "charged": 9, "not_posted": 2, "posted": 7,
    "not_invoiced": 3, "invoiced": 4, "not_paid": 1, "paid": 3,
}  # fmt: skip
CHARGED: list[Row] = [
    {"day": DAY, "account_id": "a", "currency": "USD", "amount": -9},
    {"day": DAY, "account_id": "c", "currency": "USD", "amount": 4},  # what a carrier charges is no revenue
]
LEDGER: list[Row] = [
    {"day": DAY, "account_id": "a", "currency": "USD", "amount": -7, "fact": "calls"},
    {"day": DAY, "account_id": "a", "currency": "USD", "amount": 50, "fact": None},
]

# a waiver in force
STANDING: Row = {
    "day": DAY, "what": "call", "key": "c1", "waived_on": DAY, "operator": "ann", "reason": "test", "amount": "0.09",
    "settled": 1, "settles": 1, "worth": "0.4", "currency": "USD", "waiver_limit": "0.5", "wants_second": False,
}  # fmt: skip

# what holds, by assertion: nothing is found
HOLDS: dict[str, Rows] = {
    "allowances_hold": {
        "rated_calls": [COVERED], "profile_consumption": [TOOK], "stg_consumption_profiles": [ALLOWED],
    },
    "amounts_are_well_formed": {"rated_calls": [SOLD], "rate_table_terms": [CENTS]},
    "balances_roll_forward": {"balance_ledger_daily": [FIRST, SECOND], "stg_ledger_entries": ENTRIES},
    "breakouts_agree_with_calls": {
        "rated_calls": [RATED], "breakout_hourly": [OF_HOUR], "breakout_daily": [OF_DAY],
    },
    "durations_agree_with_stamps": {},
    "every_landed_cdr_is_rated_once": {"stg_cdrs": [CALL], "rated_calls": [CALL]},
    "expected_files": {},
    "files_add_up": {
        "stg_files": [{"file_id": "f", "kind": "cdrs", "source": "sw1", "name": "a.csv", "rows": 6, "landed": 3,
                       "duplicates": 2, "rejected": 1}],
        "stg_file_days": [{"file_id": "f", "kind": "cdrs", "source": "sw1", "day": DAY}],
    },
    "ledger_agrees_with_calls": {
        "rated_calls": [EARNED], "rated_usage": [USED], "ledger_entries": POSTED, "ledger_due": DUE,
    },
    "no_busy_hour_is_silent": {},
    "nothing_is_left_unrated": {"rated_calls": [RATED], "rated_usage": [USED]},
    "numbers_begin_with_a_country_code": {"rated_calls": [DEFAULT], "rate_table_terms": [{"rate_table_id": "t"}]},
    "rated_with_todays_configuration": {
        "stg_builds": [BUILT], "stg_configuration": [{"version": "one"}], "stg_decks": [{"deck": 1, "name": "d"}],
    },
    "receivables_agree_with_balances": {
        "stg_accounts": ACCOUNTS, "account_balances": BALANCES, "receivables_aging": [OWED],
        "unbilled_revenue": UNBILLED, "carrier_accruals": ACCRUED,
    },
    "rejected_rows_are_settled": {},
    "switch_counts_agree": {"switch_counts": [
        {"day": DAY, "source": "sw1", "observed_at": f"{DAY} 23:00:00", "counted": 10, "landed": 9, "waived": 1},
    ]},
    "unreadable_files_are_settled": {},
    "waivers_are_within_the_limit": {"standing_waivers": [STANDING]},
    "what_was_waived_is_not_charged": {"standing_waivers": [STANDING], "rated_calls": [CHARGED_CALL]},
    "waterfall_adds_up": {
        "revenue_assurance_daily": [STEPS, MONEY], "stg_accounts": ACCOUNTS, "account_charges_daily": CHARGED,
        "ledger_entries": LEDGER,
    },
}  # fmt: skip


def waived(what: str, key: str, in_force: bool = True) -> Rows:
    return {"stg_waivers": [{"day": DAY, "what": what, "key": key, "in_force": in_force}]}


CONTRADICTED: Row = {
    "day": DAY, "source": "sw1", "call_id": "c1", "attempt": 1, "duration_s": 60, "started_at": f"{DAY} 10:00:00",
    "contradiction": "its stamps are 90 s apart",
}  # fmt: skip
REJECTED: Row = {
    "day": DAY, "kind": "cdrs", "source": "sw1", "name": "a.csv", "file_id": "f", "line": 7, "reason": "bad_duration",
    "detail": "-1 is no duration", "identified": True,
}  # fmt: skip
UNREADABLE: Row = {
    "day": DAY, "kind": "cdrs", "source": "sw1", "name": "a.csv", "file_id": "f", "problem": "it has no header",
}  # fmt: skip
GAP: Row = {
    "day": DAY, "kind": "cdrs", "source": "sw1", "from_at": f"{DAY} 01:00:00", "to_at": f"{DAY} 03:00:00",
    "expected_every_minutes": 60,
}  # fmt: skip
HOLE: Row = {
    "day": DAY, "kind": "cdrs", "source": "sw2", "name_before": "1.csv", "name_after": "3.csv", "missing": 1,
}  # fmt: skip
(FILE,) = HOLDS["files_add_up"]["stg_files"]
(COUNTED,) = HOLDS["switch_counts_agree"]["switch_counts"]
MEASURES = [name for name in OF_DAY if name != "day"]
UNSETTLED: Row = STANDING | {"settles": 0, "worth": 0}
OTHER_DAY = {"day": "2026-05-03"}

# what is other than in HOLDS, and the keys of the rows that are found
BROKEN: list[tuple[str, Rows, list[str]]] = [
    ("allowances_hold", {"rated_calls": [COVERED | {"sell_covered_s": 31}]}, ["sw1:c1:1"]),
    ("allowances_hold", {"rated_calls": [COVERED | {"sell_covered_amount": 1}]}, ["sw1:c1:1"]),
    ("allowances_hold", {"rated_calls": []}, ["sw1:c1:1"]),
    ("allowances_hold", {"profile_consumption": []}, ["sw1:c1:1"]),
    ("allowances_hold", {"stg_consumption_profiles": [ALLOWED | {"allowance": 29}]}, ["free 2026-05-01"]),
    # what a closed day took of an allowance that was larger then stays
    ("allowances_hold", CLOSED | {"stg_consumption_profiles": [ALLOWED | {"allowance": 29}]}, []),
    ("amounts_are_well_formed", {"rated_calls": [SOLD | {"sell_amount": "-1.23"}]}, ["sw1:c1:1 sell"]),
    ("amounts_are_well_formed", {"rated_calls": [SOLD | {"sell_amount": "1.235"}]}, ["sw1:c1:1 sell"]),
    ("amounts_are_well_formed", {"rated_calls": [SOLD | {"sell_billed_s": "59.999"}]}, ["sw1:c1:1 sell"]),
    ("amounts_are_well_formed", {"rated_calls": [BOUGHT | {"buy_amount": "1.235"}]}, ["sw1:c1:1 buy"]),
    ("amounts_are_well_formed", CLOSED | {"rated_calls": [SOLD | {"sell_amount": "1.235"}]}, []),
    ("amounts_are_well_formed", CLOSED | {"rated_calls": [SOLD | {"sell_billed_s": 59}]}, []),
    ("amounts_are_well_formed", CLOSED | {"rated_calls": [SOLD | {"sell_amount": -1}]}, ["sw1:c1:1 sell"]),
    (
        "amounts_are_well_formed",
        {
            "rated_calls": [SOLD | {"sell_billed_s": 59}],
            "stg_rates": [{"rate_table_id": "t", "prefix": "44", "free_s": 1}],
        },
        [],
    ),
    ("balances_roll_forward", {"balance_ledger_daily": [FIRST, SECOND | {"credits": 2}]}, ["a 2026-05-05"]),
    (
        "balances_roll_forward",
        {"balance_ledger_daily": [FIRST, SECOND | {"opening": -4, "credits": 2}]},
        ["a 2026-05-05"],
    ),
    ("balances_roll_forward", {"balance_ledger_daily": [FIRST]}, ["a 2026-05-05"]),
    ("balances_roll_forward", {"stg_ledger_entries": ENTRIES[1:]}, ["a 2026-05-04", "a 2026-05-05"]),
    *(
        ("breakouts_agree_with_calls", {table: [row | {measure: 7}]}, [key])
        for measure in MEASURES
        for table, row, key in [
            ("breakout_hourly", OF_HOUR, f"{DAY} 10:00:00"),
            ("breakout_daily", OF_DAY, DAY),
        ]
    ),
    ("breakouts_agree_with_calls", {"breakout_daily": []}, [DAY] * len(MEASURES)),
    ("durations_agree_with_stamps", {"contradicted_durations": [CONTRADICTED]}, ["sw1 c1 1"]),
    ("every_landed_cdr_is_rated_once", {"rated_calls": []}, ["sw1:c1:1"]),
    ("every_landed_cdr_is_rated_once", {"rated_calls": [CALL, CALL]}, ["sw1:c1:1"]),
    ("every_landed_cdr_is_rated_once", {"stg_cdrs": []}, ["sw1:c1:1"]),
    ("every_landed_cdr_is_rated_once", {"stg_cdrs": [CALL | OTHER_DAY]}, ["sw1:c1:1"]),
    # the leg is of a version that another one took the place of
    ("every_landed_cdr_is_rated_once", {"stg_cdrs": [CALL | {"file_sequence": 3}]}, ["sw1:c1:1"] * 2),
    ("expected_files", {"expected_gaps": [GAP]}, [f"cdrs sw1 {DAY} 01:00:00"]),
    ("expected_files", {"file_holes": [HOLE]}, ["cdrs sw2 1.csv"]),
    ("expected_files", {"expected_gaps": [GAP], "file_holes": [HOLE], **waived("gap", "sw1")}, ["cdrs sw2 1.csv"]),
    ("expected_files", {"file_holes": [HOLE], **waived("gap", "sw2", in_force=False)}, ["cdrs sw2 1.csv"]),
    ("files_add_up", {"stg_files": [FILE | {"rows": 7}]}, ["f"]),
    ("files_add_up", {"stg_files": [FILE | {"duplicates": 1}]}, ["f"]),
    ("ledger_agrees_with_calls", {"rated_calls": [EARNED | {"sell_account_amount": "1.00000001"}]}, ["a"]),
    ("ledger_agrees_with_calls", {"rated_calls": [EARNED | {"buy_account_amount": 4}]}, ["c"]),
    ("ledger_agrees_with_calls", {"rated_usage": []}, ["a"]),
    ("ledger_agrees_with_calls", {"ledger_due": []}, ["a"]),
    ("ledger_agrees_with_calls", {"ledger_entries": POSTED[1:]}, ["a"]),
    (
        "no_busy_hour_is_silent",
        {"silent_hours": [{"day": DAY, "source": "sw1", "hour": f"{DAY} 10:00:00", "attempts_before": 12}]},
        [f"sw1 {DAY} 10:00:00"],
    ),
    ("nothing_is_left_unrated", {"rated_calls": [UNSOLD]}, ["sw1:c1:1"]),
    (
        "nothing_is_left_unrated",
        {"rated_calls": [UNSOLD | {"buy_status": "unrated", "buy_reason": "no_cost"}], **waived("reason", "no_rate")},
        ["sw1:c1:1"],
    ),
    ("nothing_is_left_unrated", {"rated_calls": [UNSOLD], **waived("call", "c1")}, []),
    ("nothing_is_left_unrated", {"rated_usage": [UNUSED]}, ["pbx:u1"]),
    ("numbers_begin_with_a_country_code", {"rated_calls": [DEFAULT | {"called_number": "+0044"}]}, ["sw1 t"]),
    (
        "numbers_begin_with_a_country_code",
        {
            "rated_calls": [DEFAULT | {"called_number": "0044"}],
            "source_numbering": [{"source": "sw1", "prefixes": ["00"], "first_digits": "0"}],
        },
        [],
    ),
    (
        "numbers_begin_with_a_country_code",
        {
            "rated_calls": [DEFAULT | {"called_number": "0044"}],
            "rate_table_terms": [{"rate_table_id": "t", "is_by_calling": True}],
        },
        [],
    ),
    ("rated_with_todays_configuration", {"stg_configuration": [{"version": "two"}]}, ["one"]),
    ("rated_with_todays_configuration", {"stg_decks": [{"deck": 2, "name": "d"}]}, ["deck 2"]),
    (
        "rated_with_todays_configuration",
        CLOSED | {"stg_configuration": [{"version": "two"}], "stg_decks": [{"deck": 2, "name": "d"}]},
        [],
    ),
    ("receivables_agree_with_balances", {"receivables_aging": [OWED | {"net": 4}]}, ["a what the account owes"]),
    ("receivables_agree_with_balances", {"receivables_aging": [OWED | {"unbilled": 3}]}, ["a unbilled"]),
    ("receivables_agree_with_balances", {"carrier_accruals": ACCRUED[:1]}, ["c what we owe the carrier"]),
    ("rejected_rows_are_settled", {"unsettled_rows": [REJECTED, REJECTED | OTHER_DAY]}, ["a.csv f:000000000007"]),
    ("switch_counts_agree", {"switch_counts": [COUNTED | {"landed": 8}]}, ["sw1"]),
    ("switch_counts_agree", {"switch_counts": [COUNTED | {"landed": 10}]}, ["sw1"]),
    ("switch_counts_agree", {"switch_counts": [COUNTED | {"landed": 8}], **waived("count", "sw1")}, []),
    ("unreadable_files_are_settled", {"unsettled_files": [UNREADABLE, UNREADABLE | OTHER_DAY]}, ["f cdrs sw1"]),
    ("waterfall_adds_up", {"revenue_assurance_daily": [STEPS | {"not_seen_cdrs": 2}, MONEY]}, ["sw1"]),
    ("waivers_are_within_the_limit", {"standing_waivers": [STANDING | {"wants_second": True}]}, ["call c1"]),
    (
        "waivers_are_within_the_limit",
        {"standing_waivers": [STANDING | {"wants_second": True, "worth": None}]},
        ["call c1"],
    ),
    ("what_was_waived_is_not_charged", {"standing_waivers": [UNSETTLED]}, ["call c1"]),
    ("what_was_waived_is_not_charged", {"standing_waivers": [UNSETTLED | {"settled": None}]}, ["call c1"]),
    ("what_was_waived_is_not_charged", {"standing_waivers": [UNSETTLED | {"settled": 2, "settles": 1}]}, ["call c1"]),
    # the call is not there any more, or is charged nothing
    ("what_was_waived_is_not_charged", {"standing_waivers": [UNSETTLED], "rated_calls": []}, []),
    (
        "what_was_waived_is_not_charged",
        {"standing_waivers": [UNSETTLED], "rated_calls": [CHARGED_CALL | {"sell_reporting_amount": 0}]},
        [],
    ),
    (
        "what_was_waived_is_not_charged",
        {
            "standing_waivers": [UNSETTLED],
            "rated_calls": [],
            "rated_usage": [USED | {"usage_id": "c1", "source": "sms", "service": "sms", "reporting_amount": 2}],
        },
        ["call c1"],
    ),
    (
        "what_was_waived_is_not_charged",
        {"standing_waivers": [UNSETTLED | {"what": "reason", "key": "no_rate"}]},
        ["reason no_rate"],
    ),
    ("what_was_waived_is_not_charged", {"standing_waivers": [UNSETTLED | {"what": "row", "key": "f:7"}]}, []),
    ("waterfall_adds_up", {"revenue_assurance_daily": [STEPS | {"waived_cdrs": 2}, MONEY]}, ["sw1"]),
    ("waterfall_adds_up", {"revenue_assurance_daily": [STEPS | {"rated_cdrs": 5}, MONEY]}, ["sw1"]),
    ("waterfall_adds_up", {"revenue_assurance_daily": [STEPS, MONEY | {"netted": 2}]}, ["USD"]),
    ("waterfall_adds_up", {"revenue_assurance_daily": [STEPS, MONEY | {"paid": 4}]}, ["USD"]),
    ("waterfall_adds_up", {"account_charges_daily": CHARGED[1:]}, ["USD"]),
    ("waterfall_adds_up", {"ledger_entries": LEDGER[1:]}, ["USD"]),
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with models() as made:
        yield made


def test_every_assertion_is_made_to_fail() -> None:
    written = {path.stem for path in (PROJECT / "tests" / "assertions").glob("*.sql")}
    assert written == HOLDS.keys() == {name for name, _, found in BROKEN if found}


@pytest.mark.parametrize("name", sorted(HOLDS))
def test_nothing_is_found_of_what_holds(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert breaking(con, name, HOLDS[name]) == []


@pytest.mark.parametrize(("name", "other", "keys"), BROKEN, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(BROKEN)])
def test_what_is_broken_is_found(con: duckdb.DuckDBPyConnection, name: str, other: Rows, keys: list[str]) -> None:
    found = breaking(con, name, {**HOLDS[name], **other})
    assert [key for _, key, _ in found] == keys
    # what is about the books as a whole is about no day
    assert {day for day, *_ in found} <= {DAY if name != "receivables_agree_with_balances" else None}
    assert all(detail for *_, detail in found)


def test_two_rows_of_one_grain_are_found(con: duckdb.DuckDBPyConnection) -> None:
    """In every model that has a grain."""
    nodes = json.loads(dbt.manifest_json().read_text())["nodes"]
    grains = {
        node["name"]: nodes[node["attached_node"]]
        for node in nodes.values()
        if (node.get("test_metadata") or {}).get("name") == "one_row_for_each"
    }
    asked = [assertion.name for assertion in assertions() if assertion.name in grains]
    assert len(asked) > 40
    for name in asked:
        node = grains[name]
        row: Row = {"day": DAY} if "day" in node["columns"] else {next(iter(node["columns"])): None}
        table = f"{node['schema']}.{node['name']}"
        assert breaking(con, name, {table: [row]}) == [], name
        assert len(breaking(con, name, {table: [row, row]})) == 1, name
