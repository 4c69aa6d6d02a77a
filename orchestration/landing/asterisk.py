"""Asterisk's cdr_csv (Master.csv): no header, 18 columns, or 21 with `newcdrcolumns`.

Source: the comment at the top of Asterisk's cdr/cdr_csv.c and configs/samples/cdr.conf.sample.
"""

from collections.abc import Mapping

from orchestration.landing.native import NativeFormat, SourceSettings
from orchestration.landing.problem import UnreadableFile
from orchestration.landing.readable import Cells
from orchestration.store.sql import literal

COLUMNS = (
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
)
_NEW_COLUMNS = ("peeraccount", "linkedid", "sequence")
_USED = {"src", "dst", "start", "answer", "end", "billsec", "disposition"}
# PJSIP/carrier1-0000000a: the trunk is between the technology and the channel's number.
_TRUNK = "^[^/]+/(.*?)(?:-[^-]*)?$"


def header(first: list[str]) -> tuple[str, ...]:
    """The names of the columns of a file whose first record is `first`."""
    for names in (COLUMNS, COLUMNS + _NEW_COLUMNS):
        if len(first) == len(names):
            return names
    raise UnreadableFile(
        f"the first row has {len(first)} cells; Asterisk's cdr_csv has 18 (21 with newcdrcolumns)."
        " Set loguniqueid=yes and loguserfield=yes under [csv] in cdr.conf: without the"
        " uniqueid a call has no name, and a file landed twice could not be told from two calls"
    )


def canonical(cells: Cells, settings: SourceSettings) -> Mapping[str, str]:
    """One uniqueid can have several billable rows (a transfer): the called channel tells them
    apart. `duration` counts ringing too and is often wrong by a second; `billsec` is trusted.
    """
    pattern = literal(settings.trunk_pattern or _TRUNK)
    uniqueid, outward = cells["uniqueid"], cells["dstchannel"]
    return {
        "call_id": f"{uniqueid} || coalesce('/' || {outward}, '')",
        "started_at": cells["start"],
        "answered_at": cells["answer"],
        "ended_at": cells["end"],
        "duration_s": cells["billsec"],
        "calling_number": cells["src"],
        "called_number": cells["dst"],
        "ingress_trunk": f"nullif(regexp_extract({cells['channel']}, {pattern}, 1), '')",
        "egress_trunk": f"nullif(regexp_extract({outward}, {pattern}, 1), '')",
        "disposition": cells["disposition"],
    }


def extra(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in _USED)


FORMAT = NativeFormat(
    name="asterisk",
    kind="cdrs",
    what="Asterisk cdr_csv (Master.csv), no header, stamps in the source's time zone; call_id is"
    " uniqueid/dstchannel, duration_s is billsec, trunks come from the channels' names",
    columns=COLUMNS,
    header=header,
    has_header=False,
    canonical=canonical,
    extra=extra,
)
