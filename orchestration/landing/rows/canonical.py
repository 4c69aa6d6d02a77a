"""The columns that every file is brought to, whatever it looked like: one `Kind` per inbox."""

from dataclasses import dataclass
from enum import Enum, auto


class CanonicalType(Enum):
    """What a cell must hold; values.py says how it is read."""

    TEXT = auto()
    TIME = auto()
    SECONDS = auto()
    AMOUNT = auto()
    SIGNED_AMOUNT = auto()
    ATTEMPT = auto()
    INTEGER = auto()
    CURRENCY = auto()


@dataclass(frozen=True)
class CanonicalColumn:
    """A column of a canonical file and, under the same name, of its `landed` table.

    `is_id`: it names something, and blanks around it are none of the name.
    """

    name: str
    type: CanonicalType = CanonicalType.TEXT
    required: bool = False
    what: str = ""
    is_id: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    `identity` names what makes two rows versions of the same fact (within a source; on
    neighbouring days, but for payments), `time` the column whose UTC day the row belongs to (for cdrs that is
    the derived `charged_at`), `row_id` the column that names a row to people. `account`:
    the account must be in the configuration, and a `currency` must be the account's. `of_none`:
    SQL, true for a row that is about no account all the same.
    """

    name: str
    columns: tuple[CanonicalColumn, ...]
    identity: tuple[str, ...]
    time: str
    row_id: str | None
    account: bool = False
    of_none: str = "false"

    @property
    def table(self) -> str:
        return f"landed.{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.type is CanonicalType.TEXT)

    @property
    def stored(self) -> tuple[str, ...]:
        """The typed columns of the table: all but the file's own."""
        derived = ("charged_at",) if self.name == "cdrs" else ()
        return ("day", "source", *derived, *self.names, "extra")


CDRS = Kind(
    "cdrs",
    (
        CanonicalColumn("call_id", required=True, what="the switch's name for the call", is_id=True),
        CanonicalColumn("started_at", CanonicalType.TIME, required=True, what="when the call was set up"),
        CanonicalColumn("called_number", required=True, what="as dialled or as routed in"),
        CanonicalColumn("duration_s", CanonicalType.SECONDS, required=True, what="answered seconds; 0: unanswered"),
        CanonicalColumn("attempt", CanonicalType.ATTEMPT, what="1, 2, ... of the same call (failover); default 1"),
        CanonicalColumn("answered_at", CanonicalType.TIME, what="when it was answered"),
        CanonicalColumn("ended_at", CanonicalType.TIME, what="when it ended"),
        CanonicalColumn("calling_number", what="who called"),
        CanonicalColumn("routing_number", what="after number portability"),
        CanonicalColumn("ingress_trunk", what="where the call came from", is_id=True),
        CanonicalColumn("egress_trunk", what="where it was sent; empty: nowhere", is_id=True),
        CanonicalColumn("disposition", what="the switch's word for how it ended"),
        CanonicalColumn("hangup_cause", what="Q.850 cause or SIP status"),
        CanonicalColumn("pdd_ms", CanonicalType.INTEGER, what="post-dial delay, milliseconds"),
        CanonicalColumn("carrier_amount", CanonicalType.AMOUNT, what="what the carrier says it charges"),
        CanonicalColumn("carrier_currency", CanonicalType.CURRENCY, what="in which currency"),
        CanonicalColumn("carrier_billed_s", CanonicalType.SECONDS, what="seconds the carrier says it bills"),
    ),
    identity=("call_id", "attempt"),
    time="charged_at",
    row_id="call_id",
)

USAGE = Kind(
    "usage",
    (
        CanonicalColumn("usage_id", required=True, what="the sender's name for the event", is_id=True),
        CanonicalColumn("occurred_at", CanonicalType.TIME, required=True, what="when"),
        CanonicalColumn("account_id", required=True, what="whose, as in accounts.csv", is_id=True),
        CanonicalColumn("service", required=True, what="message, number, or any of service_rates.csv", is_id=True),
        CanonicalColumn("quantity", CanonicalType.AMOUNT, required=True, what="how many; not negative"),
    ),
    identity=("usage_id",),
    time="occurred_at",
    row_id="usage_id",
    account=True,
)

PAYMENTS = Kind(
    "payments",
    (
        CanonicalColumn("payment_id", required=True, what="the bank's name for the payment", is_id=True),
        CanonicalColumn("paid_at", CanonicalType.TIME, required=True, what="when; decides the booking day"),
        CanonicalColumn("account_id", required=True, what="whose, as in accounts.csv", is_id=True),
        CanonicalColumn("amount", CanonicalType.SIGNED_AMOUNT, required=True, what="positive: from the account"),
        CanonicalColumn("currency", CanonicalType.CURRENCY, required=True, what="must be the account's"),
        CanonicalColumn("method", what="free text"),
        CanonicalColumn("entered_by", what="free text"),
    ),
    identity=("payment_id",),
    time="paid_at",
    row_id="payment_id",
    account=True,
)

RESOURCES = Kind(
    "resources",
    (
        CanonicalColumn("observed_at", CanonicalType.TIME, required=True, what="when it was counted"),
        CanonicalColumn("account_id", required=True, what="whose, as in accounts.csv; of cdrs a source", is_id=True),
        CanonicalColumn("resource", required=True, what="what was counted", is_id=True),
        CanonicalColumn("count", CanonicalType.AMOUNT, required=True, what="how many; not negative"),
    ),
    # An observation has no name of its own: it is what it says.
    identity=("observed_at", "account_id", "resource", "count", "extra"),
    time="observed_at",
    row_id=None,
    account=True,
    # a switch's count of its calls names the switch; before rules 3 the count of an unknown account landed
    of_none="t_resource = 'cdrs' or coalesce((select rules from run.clock), 1) < 3",
)

LANDING = {kind.name: kind for kind in (CDRS, USAGE, PAYMENTS, RESOURCES)}
