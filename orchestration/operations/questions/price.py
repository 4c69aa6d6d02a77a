"""What calls that nobody has made yet would cost an account: the questions behind a quote and an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.engine.rating_sql import rate
from orchestration.operations.questions.company import COPIES, Call, account_of, copy_account, cut_down, refuse_odd
from orchestration.operations.questions.rated_again import Origin, Step, origin, steps, take_rates
from orchestration.operations.questions.unrated import refuse_not_international, why_unrated
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused

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


class Prices:
    """Prices of one call at different lengths, or to different numbers, with the configuration and decks of now."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, call: Call, numbers: Sequence[str] = (), allowances: bool = True
    ) -> None:
        """`con` is `configured`. `numbers`: what else may be called. Without `allowances` nothing is covered.

        Raises `Refused` for an account, carrier or source that there is not, and a caller that is no number.
        """
        self.con = con
        self.call = call
        self.account = account_of(con, call.account, call.at)
        refuse_odd(con, call)
        if not allowances:
            con.execute("delete from config.consumption_profiles")
        cut_down(con, call)
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

    def _copy_account(self) -> None:
        if not self._copies:
            copy_account(self.con, self.call.account)
            self._copies, self._asked_before = COPIES, False

    def _price(self, leg: dict[str, Any], *, explained: bool) -> Price:
        if leg["sell_status"] != "rated" or leg["sell_reason"] not in (None, "blocked"):
            raise Refused(why_unrated(self.con, self.call, leg))
        refuse_not_international(self.con, self.call, leg)
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
