"""The columns that every file is brought to, whatever it looked like: one `Kind` per inbox."""

from dataclasses import dataclass
from enum import Enum, auto


class Type(Enum):
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
class Column:
    """A column of a canonical file and, under the same name, of its `landed` table."""

    name: str
    type: Type = Type.TEXT
    required: bool = False
    what: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    `identity` names what makes two rows versions of the same fact (within a source and
    neighbouring days), `time` the column whose UTC day the row belongs to (for cdrs that is
    the derived `charged_at`), `row_id` the column that names a row to people. `account`:
    the account must be in the configuration, and a `currency` must be the account's.
    """

    name: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    time: str
    row_id: str | None
    account: bool = False

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
    def stored(self) -> tuple[str, ...]:
        """The typed columns of the table: all but the file's own."""
        derived = ("charged_at",) if self.name == "cdrs" else ()
        return ("day", "source", *derived, *self.names, "extra")


CDRS = Kind(
    "cdrs",
    (
        Column("call_id", required=True, what="the switch's name for the call"),
        Column("started_at", Type.TIME, required=True, what="when the call was set up"),
        Column("called_number", required=True, what="as dialled or as routed in"),
        Column("duration_s", Type.SECONDS, required=True, what="answered seconds; 0: unanswered"),
        Column("attempt", Type.ATTEMPT, what="1, 2, ... of the same call (failover); default 1"),
        Column("answered_at", Type.TIME, what="when it was answered"),
        Column("ended_at", Type.TIME, what="when it ended"),
        Column("calling_number", what="who called"),
        Column("routing_number", what="after number portability"),
        Column("ingress_trunk", what="where the call came from"),
        Column("egress_trunk", what="where it was sent; empty: nowhere"),
        Column("disposition", what="the switch's word for how it ended"),
        Column("hangup_cause", what="Q.850 cause or SIP status"),
        Column("pdd_ms", Type.INTEGER, what="post-dial delay, milliseconds"),
        Column("carrier_amount", Type.AMOUNT, what="what the carrier says it charges"),
        Column("carrier_currency", Type.CURRENCY, what="in which currency"),
        Column("carrier_billed_s", Type.SECONDS, what="seconds the carrier says it bills"),
    ),
    identity=("call_id", "attempt"),
    time="charged_at",
    row_id="call_id",
)

USAGE = Kind(
    "usage",
    (
        Column("usage_id", required=True, what="the sender's name for the event"),
        Column("occurred_at", Type.TIME, required=True, what="when"),
        Column("account_id", required=True, what="whose, as in accounts.csv"),
        Column("service", required=True, what="message, number, or any of service_rates.csv"),
        Column("quantity", Type.AMOUNT, required=True, what="how many; not negative"),
    ),
    identity=("usage_id",),
    time="occurred_at",
    row_id="usage_id",
    account=True,
)

PAYMENTS = Kind(
    "payments",
    (
        Column("payment_id", required=True, what="the bank's name for the payment"),
        Column("paid_at", Type.TIME, required=True, what="when; decides the booking day"),
        Column("account_id", required=True, what="whose, as in accounts.csv"),
        Column("amount", Type.SIGNED_AMOUNT, required=True, what="positive: from the account"),
        Column("currency", Type.CURRENCY, required=True, what="must be the account's"),
        Column("method", what="free text"),
        Column("entered_by", what="free text"),
    ),
    identity=("payment_id",),
    time="paid_at",
    row_id="payment_id",
    account=True,
)

RESOURCES = Kind(
    "resources",
    (
        Column("observed_at", Type.TIME, required=True, what="when it was counted"),
        Column("account_id", required=True, what="whose"),
        Column("resource", required=True, what="what was counted"),
        Column("count", Type.AMOUNT, required=True, what="how many; not negative"),
    ),
    # An observation has no name of its own: it is what it says.
    identity=("observed_at", "account_id", "resource", "count", "extra"),
    time="observed_at",
    row_id=None,
)

LANDING = {kind.name: kind for kind in (CDRS, USAGE, PAYMENTS, RESOURCES)}
