"""Why a call in question cannot be rated, in words, or would be by accident."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from orchestration.operations.questions.company import SOURCE, Call
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused


def why_unrated(con: duckdb.DuckDBPyConnection, call: Call, leg: dict[str, Any]) -> str:
    """What is missing for the leg of a call in question to be rated, and what to do."""
    table = leg["sell_rate_table_id"]
    reason, side, account = leg["sell_reason"], "sell", call.account
    tables = dict_rows(con, "select * from config.rate_tables where rate_table_id = ?", [table])
    kind = tables[0]["kind"] if tables else None
    if reason == "no_cost" and kind == "markup":
        if call.carrier is None:
            return f"rate table {table} is a markup on what the carrier charges: say which carrier, --carrier ACCOUNT"
        reason, side, account = leg["buy_reason"] or "no_cost", "buy", call.carrier
        table = leg["buy_rate_table_id"]
    at = f"{call.at:%Y-%m-%d %H:%M} UTC"
    if reason == "bad_number" and tables and tables[0]["number_basis"] == "calling" and call.calling is None:
        return f"rate table {table} goes by the calling number: say it, --calling NUMBER"
    number = _number(call, leg, tables)
    words = {
        "no_rate_table": f"account {account} has no {side} rate table at {at}; see rate_assignments.csv",
        "bad_number": f"{number} is not a telephone number of 1 to 15 digits",
        "no_rate": f"rate table {table} of {account} has no rate for {number} in force at {at}",
        "blocked": f"{number} is blocked in rate table {table} of {account}",
        "no_cost": f"rate table {table} of {account} charges what the carrier says after the call:"
        " there is no price before it",
        "no_fx": f"fx_rates.csv has no rate that turns the currency of rate table {table} into that of {account}",
    }
    return words.get(reason, f"the call cannot be rated: {reason}")


def refuse_not_international(con: duckdb.DuckDBPyConnection, call: Call, leg: dict[str, Any]) -> None:
    """Raise `Refused` for a number, of no source, that no country code begins, where the default route prices it."""
    tables = dict_rows(con, "select * from config.rate_tables where rate_table_id = ?", [leg["sell_rate_table_id"]])
    number = _number(call, leg, tables) or ""
    bare = re.sub(r"[-+ .()]", "", number)
    if leg["source"] == SOURCE and leg["sell_prefix"] == "" and bare.startswith("0"):
        right = f"write {bare[2:]}" if re.fullmatch("00[1-9][0-9]+", bare) else "begin it with its country code"
        raise Refused(f"{number} begins with 0, which no country code does: {right}, or say whose way it is, --source")


def _number(call: Call, leg: dict[str, Any], tables: list[dict[str, Any]]) -> str | None:
    """The number that the leg's rate table looks at."""
    by_caller = bool(tables) and tables[0]["number_basis"] == "calling"
    return call.calling if by_caller else leg["called_number"]
