"""A day of millions of calls in one file, and a company big enough to rate them.

Both are for measuring: nothing goes wrong in them, and every call can be rated on both legs.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from demo.plan import COUNTRIES, breakouts
from orchestration.store import sql

CARRIERS = 4
OPENED = "2025-01-01"
MEAN_TALK_MS = 165_000
FAILOVER_EVERY = 20
FIRST_TRY_FAILS_SO_REST_ANSWERS = 0.58  # 0.55 over all rows, as 5 % of them are refused

# The contract's configuration files, in its order of columns.
HEADERS: Mapping[str, str] = {
    "company": "name,legal_name,address,tax_id,reporting_currency",
    "accounts": (
        "account_id,name,kind,currency,timezone,billing_model,payment_model,plan_tier,"
        "credit_limit,buffer,low_balance_threshold,billing_cycle,payment_terms_days,tax_pct,"
        "department,legal_name,address,tax_id,customer_id"
    ),
    "trunks": "trunk_id,direction,account_id,valid_from,valid_to",
    "rate_tables": (
        "rate_table_id,name,kind,currency,timezone,timetable_id,band_policy,number_basis,"
        "initial_s,increment_s,increment_from,seconds_rounding,amount_decimals,amount_rounding,"
        "grace_s,free_s,connect_charge,attempt_charge,min_charge,max_charge,markup_pct"
    ),
    "rates": (
        "rate_table_id,prefix,destination,band,valid_from,valid_to,rate_per_minute,"
        "initial_rate_per_minute,initial_s,increment_s,initial_charge,increment_charge,"
        "connect_charge,markup_pct,blocked"
    ),
    "rate_assignments": "account_id,side,rate_table_id,valid_from,valid_to,notice_days",
    "prefix_regions": "prefix,region",
    "timetables": "timetable_id,priority,band,days,starts_at,ends_at",
    "holidays": "timetable_id,date,band",
    "consumption_profiles": ("profile_id,account_id,rule,allowance,period,prefixes,priority,valid_from,valid_to"),
    "service_rates": ("service,account_id,unit_price,currency,amount_decimals,amount_rounding,valid_from,valid_to"),
    "subscriptions": ("subscription_id,account_id,service,quantity,charge,prorate,valid_from,valid_to"),
    "plan_tiers": "plan_tier,resource,limit",
    "budgets": "department,month,amount,currency",
    "fx_rates": "from_currency,to_currency,valid_from,rate",
    "sources": ("source,kind,format,timezone,country_code,international_prefixes,expected_every_minutes"),
    "operators": "operator,role,accounts",
}


def bulk_company(directory: Path, tables: int = 20, prefixes: int = 20_000, seed: int = 1) -> None:
    """Write a configuration of `tables` accounts, each with a price list of `prefixes` rows.

    The last four accounts are carriers. All lists have the same prefixes, countries' own among
    them, each a destination of its own; prices, increments and currencies differ.
    """
    if tables <= CARRIERS:
        raise ValueError(f"{CARRIERS} of the tables are the carriers': {tables} are too few")
    randomness = random.Random(seed)
    names = _destinations(prefixes)
    ids = [f"t{n:02d}" for n in range(1, tables + 1)]
    carriers = set(ids[-CARRIERS:])
    currency = {table: ("USD", "EUR")[n % 2] for n, table in enumerate(ids)}
    increments = ((1, 1), (60, 60), (30, 6), (6, 6), (60, 1), (1, 0))
    files: dict[str, Iterable[str]] = {
        "company": ["Bulk Voice,,,,USD"],
        "accounts": [
            f"a-{t},Account {t},{'carrier' if t in carriers else 'customer'},{currency[t]}"
            ",UTC,per_minute,postpaid,,,0,,monthly,30,0,,,,,"
            for t in ids
        ],
        "trunks": [f"{t},{'egress' if t in carriers else 'ingress'},a-{t},{OPENED}," for t in ids],
        "rate_tables": [
            f"{t},Table {t},per_minute,{currency[t]},UTC,,start,called,{first},{then},initial,"
            f"none,{4 + n % 3},half_up,0,0,0,0,,,"
            for n, t in enumerate(ids)
            for first, then in [increments[n % len(increments)]]
        ],
        "rates": _rates(randomness, ids, carriers, names),
        "rate_assignments": [f"a-{t},{'buy' if t in carriers else 'sell'},{t},{OPENED},," for t in ids],
        "fx_rates": ["EUR,USD,2025-01-01,1.1622", "USD,EUR,2025-01-01,0.8604371"],
        "sources": ["bulk,cdrs,,UTC,,,"],
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, header in HEADERS.items():
        text = "\n".join([header, *files.get(name, ()), ""])
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")


def generate_bulk(path: Path, calls: int, day: date, seed: int, company: Path) -> None:
    """Write `calls` rows of one UTC day, in order of time, as one canonical CSV.

    Trunks are `company`'s (customers' ingress, carriers' egress, in force on `day`); numbers begin
    with prefixes that all of its price lists have, so both legs of each call can be rated. 55 % of
    the rows are answered, each twentieth is the second attempt of the row before. The same
    arguments give the same bytes as long as DuckDB's `hash` stays the same.
    Raises `ValueError` when the company has no such trunk or prefix.
    """
    with duckdb.connect() as con:
        con.execute("set preserve_insertion_order = true")
        for name in ("accounts", "trunks", "rates"):
            read = sql.reader("read_csv", [company / f"{name}.csv"], "header = true, all_varchar = true")
            con.execute(f"create temp view {name} as select * from {read}")
        counts = [_number_off(con, table, query, day) for table, query in _CHOICES.items()]
        if not all(counts):
            raise ValueError(f"{company} has no trunk in force or no prefix that all tables have")
        path.parent.mkdir(parents=True, exist_ok=True)
        con.execute(
            f"copy ({_select(calls, day, seed, *counts)}) to {sql.path(path)}"
            " (format csv, header, timestampformat '%Y-%m-%dT%H:%M:%S.%g')"
        )


_IN_FORCE = """
    join accounts using (account_id)
    where coalesce(valid_from, '') <= $day and coalesce(valid_to, '9') > $day
"""

# What is drawn from, each numbered from 0 in `n`.
_CHOICES: Mapping[str, str] = {
    "ingress": f"""
        select distinct trunk_id as value from trunks {_IN_FORCE}
        and direction = 'ingress' and kind = 'customer'
    """,
    "egress": f"""
        select distinct trunk_id as value from trunks {_IN_FORCE}
        and direction = 'egress' and kind = 'carrier'
    """,
    "prefixes": """
        select prefix as value from rates where rate_per_minute is not null and $day <> ''
        group by prefix
        having count(distinct rate_table_id) = (select count(distinct rate_table_id) from rates)
    """,
}


def _number_off(con: duckdb.DuckDBPyConnection, table: str, query: str, day: date) -> int:
    con.execute(
        f"create temp table {table} as"
        f" select value, row_number() over (order by hash(value), value) - 1 as n from ({query})",
        {"day": day.isoformat()},
    )
    count = con.execute(f"select count(*) from {table}").fetchone()
    return int(count[0]) if count else 0


def _drawn(calls: int, seed: int, ingress: int, egress: int, prefixes: int) -> str:
    """What chance says of each row. `c` is the call, `i` the row: a failed-over call has two rows, the same `c`."""

    def draw(of: str, purpose: int) -> str:
        return f"hash({of} * 64 + {purpose}, {seed})"

    def share(of: str, purpose: int) -> str:
        return f"(({draw(of, purpose)} >> 11)::double / 9007199254740992.0)"

    second = f"i % {FAILOVER_EVERY} = 1"
    return f"""
        select *,
            -- Calls come in order; the sine makes noon four times as busy as midnight.
            (c + {share("c", 1)}) / {calls} as x,
            not is_first and {share("i", 2)} < {FIRST_TRY_FAILS_SO_REST_ANSWERS} as answered,
            400 + ({draw("i", 3)} % 4000)::bigint as pdd_ms,
            1000 + ({draw("i", 4)} % 20000)::bigint as ring_ms,
            1 + (-ln(1 - {share("i", 5)}) * {MEAN_TALK_MS})::bigint as talk_ms,
            ({draw("c", 7)} % {ingress})::bigint as n_ingress,
            ({draw("i", 8)} % {egress})::bigint as n_egress,
            -- Squared: some prefixes and numbers are called far more often than others.
            (pow({share("c", 9)}, 2) * {prefixes})::bigint % {prefixes} as n_prefix,
            (pow({share("c", 10)}, 2) * 50000)::bigint as subscriber,
            {draw("c", 11)} % 100000 as caller,
            {draw("i", 12)} % 10 as h_outcome
        from (
            select i, i - ({second})::bigint as c, {second} as is_second,
                i % {FAILOVER_EVERY} = 0 and i + 1 < {calls} as is_first
            from range({calls}) as r(i)
        )
    """


def _select(calls: int, day: date, seed: int, ingress: int, egress: int, prefixes: int) -> str:
    """The rows, as a switch writes them."""
    return f"""
        with drawn as ({_drawn(calls, seed, ingress, egress, prefixes)}),
        timed as (
            select *,
                '{day.isoformat()}'::timestamp + to_milliseconds(
                    ((x + 0.0955 * sin(2 * pi() * x)) * 86200000)::bigint
                    + if(is_second, 3000, 0)
                ) as began
            from drawn
        )
        select
            -- An odd factor modulo a power of two: scattered like a switch's ids, and none twice
            -- on this day or its neighbours.
            printf('%012x', ((c + {day.toordinal() * 10**8})::hugeint * 679891637639
                % 281474976710656)::bigint) as call_id,
            if(is_second, 2, 1) as attempt,
            began as started_at,
            if(answered, began + to_milliseconds(pdd_ms + ring_ms), null) as answered_at,
            began + to_milliseconds(
                if(is_first, 2500, pdd_ms + ring_ms + if(answered, talk_ms, 0))
            ) as ended_at,
            '4420' || lpad((79000000 + caller)::varchar, 8, '0') as calling_number,
            p.value || lpad(
                (subscriber * 7919 % pow(10, greatest(11 - length(p.value), 3))::bigint)::varchar,
                greatest(11 - length(p.value), 3)::integer, '0'
            ) as called_number,
            null as routing_number,
            g.value as ingress_trunk,
            e.value as egress_trunk,
            case when answered then 'ANSWERED' when is_first then 'FAILED'
                when h_outcome < 6 then 'NO ANSWER' when h_outcome < 8 then 'BUSY'
                else 'FAILED' end as disposition,
            case when answered then 16 when is_first then 34
                when h_outcome < 6 then 19 when h_outcome < 8 then 17 else 1 end as hangup_cause,
            pdd_ms,
            (if(answered, talk_ms, 0)::decimal(18, 0) / 1000)::decimal(12, 3) as duration_s,
            null as carrier_amount,
            null as carrier_currency,
            null as carrier_billed_s
        from timed
        join ingress as g on g.n = n_ingress
        join egress as e on e.n = n_egress
        join prefixes as p on p.n = n_prefix
    """


def _destinations(prefixes: int) -> dict[str, str]:
    """Prefix to a name of its own: the checked-in breakouts, then what begins with them."""
    rows = sorted(breakouts(), key=lambda row: (row.kind == "satellite", row.prefix))
    known = {row.prefix for row in rows}
    # Countries with traffic first: a small company still has lists that go somewhere.
    first = [row for row in rows if row.destination == row.country and row.country in COUNTRIES]
    ordered = list(dict.fromkeys([*first, *rows]))
    names = {row.prefix: f"{row.destination} {row.prefix}" for row in ordered[:prefixes]}
    digit = 0
    parents = [row for row in rows if len(row.prefix) < 8]
    while len(names) < prefixes:
        for row in parents:
            prefix = f"{row.prefix}{digit:02d}"
            if prefix not in known and len(names) < prefixes:
                names.setdefault(prefix, f"{row.destination} {prefix}")
        digit += 1
        if digit > 99:
            raise ValueError(f"no {prefixes} prefixes can be made")
    return dict(sorted(names.items()))


def _rates(randomness: random.Random, ids: list[str], carriers: set[str], names: Mapping[str, str]) -> Iterable[str]:
    base = {prefix: 400 + randomness.randrange(9_600) for prefix in names}
    for table in ids:
        low = 9 if table in carriers else 11
        for prefix, name in names.items():
            millionths = base[prefix] * (low + randomness.randrange(3)) // 2
            yield f"{table},{prefix},{name},,{OPENED},,0.{millionths:06d},,,,,,,,"
