"""What calls that nobody has made yet would cost an account: the questions behind a quote and an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.engine.rating_sql import rate
from orchestration.operations.accounts.unknown import no_account
from orchestration.operations.questions.rated_again import Origin, Step, origin, steps, take_rates
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused

SOURCE = "quote"
# Calls of an account with allowances are asked about by that many copies of it at most: see _copy_account.
COPIES = 400
_FIRST = "0"
# Everything that profiles have covered so far counts, of today too: what is asked about is a further call.
_CONSUMED = """
    select
        profile_id,
        period,
        sum(case rule when 'duration' then covered_s * 1000 else covered_amount * 100000000 end)::HUGEINT as consumed
    from marts.profile_consumption
    group by profile_id, period
"""


@dataclass(frozen=True)
class Call:
    """A call in question: whose it is, the numbers as `source` writes them, the instant (UTC), the carrier."""

    account: str
    number: str
    at: datetime
    carrier: str | None = None
    calling: str | None = None
    source: str = SOURCE


@dataclass(frozen=True)
class Price:
    """What the sell leg of a call in question comes to: `amount` in the table's `currency`; how, in steps."""

    account_id: str
    rate_table_id: str
    prefix: str | None
    destination: str | None
    band: str | None
    rate_per_minute: Decimal | None
    billed_s: Decimal
    amount: Decimal
    currency: str
    account_amount: Decimal
    account_currency: str
    covered_s: Decimal
    covered_amount: Decimal
    blocked: bool
    rate: Origin | None
    steps: list[Step]


@dataclass(frozen=True)
class Funds:
    """What an account has, in its currency. `limited` is False where it may go as deep as it likes."""

    balance: Decimal
    available: Decimal
    currency: str
    limited: bool


def account_of(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> dict[str, Any]:
    """An account's row of the configuration. Raises `Refused` when there is none, or it has ended at `at` (UTC)."""
    found = dict_rows(con, "select * from config.accounts where account_id = ?", [account])
    if not found:
        raise no_account(con, account, "config.accounts")
    ended = found[0]["valid_to"]
    if ended is not None and at >= ended:
        raise Refused(f"account {account} ended at {ended.isoformat()} UTC (valid_to): it has no calls from then on")
    return found[0]


class Prices:
    """Prices of one call at different lengths, or to different numbers, with the configuration and decks of now."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, call: Call, numbers: Sequence[str] = (), allowances: bool = True
    ) -> None:
        """`con` is `configured`. `numbers`: what else may be called. Without `allowances` nothing is covered.

        Raises `Refused` for an account, carrier or source that there is not.
        """
        self.con = con
        self.call = call
        self.account = account_of(con, call.account, call.at)
        if call.carrier is not None:
            account_of(con, call.carrier, call.at)
        if not allowances:
            con.execute("delete from config.consumption_profiles")
        self._prepare()
        take_rates(con, [call.number, call.calling, *numbers])
        self._copies = 0
        self._asked_before = False

    @property
    def has_allowances(self) -> bool:
        """Whether consumption profiles of the account are in force."""
        return bool(
            dict_rows(
                self.con,
                "select 1 from config.consumption_profiles where account_id = $account"
                " and coalesce(valid_from <= $at, true) and coalesce(valid_to > $at, true)",
                {"account": self.call.account, "at": self.call.at},
            )
        )

    @property
    def splits(self) -> bool:
        """Whether a table of the account or the carrier cuts calls at band edges."""
        return bool(dict_rows(self.con, "select 1 from config.rate_tables where band_policy = 'split'"))

    def price(self, seconds: Decimal, lengths: Sequence[int] = ()) -> tuple[Price, list[Decimal | None]]:
        """The price of a call of so many seconds, with its steps; and the account_amounts of other `lengths`.

        Raises `Refused` with what is missing when it cannot be rated.
        """
        if lengths and self.has_allowances:
            self._copy_account()
        asked = [seconds, *(Decimal(s) for s in lengths)]
        self._ask([self.call.number] * len(asked), asked, explained=f"call_id = '{_FIRST}'")
        leg = dict_rows(self.con, f"select * from rating.rated_calls where call_id = '{_FIRST}'")[0]
        return self._price(leg, explained=True), self._account_amounts()[1:]

    def account_amounts(self, lengths: Sequence[int]) -> list[Decimal | None]:
        """What a call of each length would cost alone, in the account's currency; None where it cannot be rated."""
        if self.has_allowances:
            self._copy_account()
        self._ask([self.call.number] * len(lengths), [Decimal(s) for s in lengths], explained=None)
        return self._account_amounts()

    def prices(self, calls: Sequence[tuple[str, str, Decimal]]) -> list[Price]:
        """The price of each call without its steps: its number, the source that writes it so, its seconds.

        0 seconds are a try that is not answered. Raises `Refused` with what is missing when one cannot be rated.
        """
        numbers, sources, seconds = zip(*calls, strict=True)
        self._ask(numbers, seconds, sources, explained=None)
        legs = dict_rows(self.con, "select * from rating.rated_calls order by call_id::INTEGER")
        return [self._price(leg, explained=False) for leg in legs]

    def _account_amounts(self) -> list[Decimal | None]:
        self.con.execute("select sell_account_u from rating.covered_legs order by call_id::INTEGER")
        return [None if row[0] is None else Decimal(row[0]).scaleb(-8) for row in self.con.fetchall()]

    def funds(self) -> Funds:
        """The account's balance as last published."""
        held = dict_rows(
            self.con,
            "select balance, available from serving.marts.account_balances where account_id = ?",
            [self.call.account],
        )
        account = self.account
        nothing = (account["credit_limit"] or Decimal(0)) - (account["buffer"] or Decimal(0))
        balance, available = (held[0]["balance"], held[0]["available"]) if held else (Decimal("0E-8"), nothing)
        limited = account["payment_model"] == "prepaid" or account["credit_limit"] is not None
        return Funds(balance, available, account["currency"], limited)

    def _prepare(self) -> None:
        """Two trunks, the tables of both accounts and nothing else: a quote should not rate what it does not ask."""
        con, call = self.con, self.call
        if call.source != SOURCE and not dict_rows(con, "select 1 from config.sources where source = ?", [call.source]):
            raise Refused(f"there is no source {call.source} in sources.csv")
        con.execute("delete from config.trunks")
        trunks = [("quote 0", "ingress", call.account)]
        if call.carrier is not None:
            trunks.append(("quote", "egress", call.carrier))
        for trunk in trunks:
            con.execute(
                "insert into config.trunks by name select ? as trunk_id, ? as direction, ? as account_id", trunk
            )
        con.execute(
            "delete from config.rate_assignments where account_id not in (?, ?)", [call.account, call.carrier or ""]
        )
        for table in ("rate_tables", "rates"):
            con.execute(
                f"delete from config.{table}"
                " where rate_table_id not in (select rate_table_id from config.rate_assignments)"
            )
        con.execute(
            "insert into marts.profile_consumption by name"
            " select * from serving.marts.profile_consumption where account_id = ?",
            [call.account],
        )
        con.execute("insert into run.build_days values (?)", [call.at.date()])

    def _ask(
        self,
        numbers: Sequence[str],
        seconds: Sequence[Decimal],
        sources: Sequence[str] | None = None,
        *,
        explained: str | None,
    ) -> None:
        """Rate a call for each number and length, each for another copy of the account where there are copies.

        `sources` write the numbers, where they are not all written as the source of the call does.
        """
        con, call = self.con, self.call
        con.execute("delete from landed.cdrs")
        con.execute(
            """
            insert into landed.cdrs by name
            select
                $at::DATE as day,
                source,
                (nth - 1)::VARCHAR as call_id,
                1 as attempt,
                $at::TIMESTAMP as charged_at,
                $at::TIMESTAMP as started_at,
                duration_s,
                called_number,
                -- the caller is written as the source of the call does
                case when source = $source then $calling else '+' || $calling end as calling_number,
                'quote ' || (case when nth <= $copies then nth - 1 else 0 end) as ingress_trunk,
                case when $carrier then 'quote' end as egress_trunk,
                '' as file_id,
                1 as file_sequence,
            from (
                select
                    unnest($numbers::VARCHAR[]) as called_number,
                    unnest($sources::VARCHAR[]) as source,
                    unnest($seconds::DECIMAL(12, 3)[]) as duration_s,
                    generate_subscripts($numbers::VARCHAR[], 1) as nth,
            )
            """,
            {
                "at": call.at,
                "source": call.source,
                "calling": call.calling,
                "carrier": call.carrier is not None,
                "copies": self._copies,
                "numbers": list(numbers),
                "sources": list(sources or [call.source] * len(numbers)),
                "seconds": list(seconds),
            },
        )
        rate(con, {"profile_kept": _CONSUMED}, explained=explained, again=self._asked_before)
        self._asked_before = True

    def _price(self, leg: dict[str, Any], *, explained: bool) -> Price:
        if leg["sell_status"] != "rated" or leg["sell_reason"] not in (None, "blocked"):
            raise Refused(self._missing(leg))
        key = (self.call.source, leg["call_id"], 1)
        return Price(
            **{
                name: leg[f"sell_{name}"]
                for name in (
                    "account_id", "rate_table_id", "prefix", "destination", "band", "rate_per_minute", "billed_s",
                    "amount", "currency", "account_amount", "covered_s", "covered_amount",
                )
            },
            account_currency=self.account["currency"],
            blocked=leg["sell_reason"] == "blocked",
            rate=origin(self.con, "sell", *key) if explained else None,
            # the trunk is made up
            steps=[s for s in steps(self.con, "sell", *key) if s.what != "trunk"] if explained else [],
        )  # fmt: skip

    def _copy_account(self) -> None:
        """Calls of one account eat from the same allowances, one after the other: here each is to be the next one."""
        if self._copies:
            return
        self._copies, self._asked_before = COPIES, False
        copies = f"cross join range(1, {COPIES}) as c (n) where account_id = ?"
        for table, replaced in (
            ("config.accounts", "account_id || ' ' || n as account_id"),
            ("config.rate_assignments", "account_id || ' ' || n as account_id"),
            (
                "config.consumption_profiles",
                "account_id || ' ' || n as account_id, profile_id || ' ' || n as profile_id",
            ),
            ("marts.profile_consumption", "account_id || ' ' || n as account_id, profile_id || ' ' || n as profile_id"),
            ("config.trunks", "account_id || ' ' || n as account_id, 'quote ' || n as trunk_id"),
        ):
            self.con.execute(
                f"insert into {table} by name select * exclude (n) replace ({replaced}) from {table} {copies}",
                [self.call.account],
            )

    def _missing(self, leg: dict[str, Any]) -> str:
        call, table, called = self.call, leg["sell_rate_table_id"], leg["called_number"]
        reason, side, account = leg["sell_reason"], "sell", call.account
        tables = dict_rows(self.con, "select * from config.rate_tables where rate_table_id = ?", [table])
        kind = tables[0]["kind"] if tables else None
        if reason == "no_cost" and kind == "markup":
            if call.carrier is None:
                return (
                    f"rate table {table} is a markup on what the carrier charges: say which carrier, --carrier ACCOUNT"
                )
            reason, side, account = leg["buy_reason"] or "no_cost", "buy", call.carrier
            table = leg["buy_rate_table_id"]
        at = f"{call.at:%Y-%m-%d %H:%M} UTC"
        if reason == "bad_number" and tables and tables[0]["number_basis"] == "calling" and call.calling is None:
            return f"rate table {table} goes by the calling number: say it, --calling NUMBER"
        number = call.calling if tables and tables[0]["number_basis"] == "calling" else called
        said = {
            "no_rate_table": f"account {account} has no {side} rate table at {at}; see rate_assignments.csv",
            "bad_number": f"{number} is not a telephone number of 1 to 15 digits",
            "no_rate": f"rate table {table} of {account} has no rate for {number} in force at {at}",
            "blocked": f"{number} is blocked in rate table {table} of {account}",
            "no_cost": f"rate table {table} of {account} charges what the carrier says after the call:"
            " there is no price before it",
            "no_fx": f"fx_rates.csv has no rate that turns the currency of rate table {table} into that of {account}",
        }
        return said.get(reason, f"the call cannot be rated: {reason}")
