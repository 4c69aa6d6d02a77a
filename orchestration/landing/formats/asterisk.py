"""Asterisk's cdr_csv (Master.csv): no header, 18 columns, or 21 with `newcdrcolumns`.

Source: the comment at the top of Asterisk's cdr/cdr_csv.c and configs/samples/cdr.conf.sample.
"""

import re
from collections.abc import Mapping

from orchestration.landing.formats.native import NativeFormat, SourceSettings
from orchestration.landing.problem import OtherLayout, UnreadableFile
from orchestration.landing.readers.readable import Cells, json_object
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
_USED = {"src", "dst", "start", "end", "disposition"}
# Until November 2026 (rules 1) an unanswered call's seconds were charged, and two records of a channel had one name.
_USED_BEFORE = _USED | {"answer", "billsec"}
# SQL: the landed row is of then.
_BEFORE = """contains(extra, '"uniqueid":') and not contains(extra, '"billsec":')"""
_DISPOSITIONS = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL"}
# PJSIP/carrier1-0000000a: the trunk is between the technology and the channel's number.
_TRUNK = "^[^/]+/(.*?)(?:-[^-]*)?$"


def header(first: list[str], settings: SourceSettings) -> tuple[str, ...]:
    """The names of the columns of a file whose first record is `first`."""
    for names in (COLUMNS, COLUMNS + _NEW_COLUMNS):
        if len(first) == len(names):
            if settings.rules > 1:
                _refuse_other_layouts(dict(zip(names, first, strict=True)))
            return names
    unnamed = (
        ". Set loguniqueid=yes and loguserfield=yes under [csv] in cdr.conf: without the"
        " uniqueid a call has no name, and a file landed twice could not be told from two calls"
    )
    advice = unnamed if len(first) in (16, 17) else ""
    raise UnreadableFile(
        f"the first row has {len(first)} cells; Asterisk's cdr_csv has 18 (21 with newcdrcolumns){advice}"
    )


def _refuse_other_layouts(first: Mapping[str, str]) -> None:
    """Of as many columns as Asterisk's: their calls would be unanswered, or unreadable, without exception."""
    right = "land Asterisk's own Master.csv, or a file with the canonical columns (tollbook formats)"
    if re.fullmatch("[A-Z]+(_[A-Z]+)+", first["disposition"]):
        raise OtherLayout(
            f'column 15 of the first row is "{first["disposition"]}", a hangup cause: this is FreeSWITCH\'s template'
            f" asterisk, whose columns mean other things; {right}"
        )
    if first["billsec"] in _DISPOSITIONS:
        raise OtherLayout(
            f'column 14 of the first row is "{first["billsec"]}" and not seconds: the columns are in the order of'
            f" cdr_custom's sample (clid first), not in cdr_csv's; {right}"
        )


def canonical(cells: Cells, settings: SourceSettings) -> Mapping[str, str]:
    """`duration` counts ringing too and is often wrong by a second; `billsec` is trusted, of a call that was ANSWERED:

    else it counts from the answer of the caller's own channel (an IVR, say), and the called side never answered.
    """
    pattern = literal(settings.trunk_pattern or _TRUNK)
    outward, billsec, answer = cells["dstchannel"], cells["billsec"], cells["answer"]
    answered, number = _answered(cells["disposition"]), f"regexp_full_match({billsec}, '[0-9]+([.][0-9]+)?')"
    before = settings.rules == 1
    return {
        "call_id": _channels(cells) if before else f"{_channels(cells)} || {_record(cells)}",
        "started_at": cells["start"],
        "answered_at": answer if before else f"case when {answered} then {answer} end",
        "ended_at": cells["end"],
        "duration_s": billsec if before else f"case when {number} and not {answered} then '0' else {billsec} end",
        "calling_number": cells["src"],
        "called_number": cells["dst"],
        "ingress_trunk": f"nullif(regexp_extract({cells['channel']}, {pattern}, 1), '')",
        "egress_trunk": f"nullif(regexp_extract({outward}, {pattern}, 1), '')",
        "disposition": cells["disposition"],
    }


def _answered(disposition: str) -> str:
    return f"coalesce(upper({disposition}) = 'ANSWERED', false)"


def _channels(cells: Cells) -> str:
    """One uniqueid can have several billable rows (a transfer): the called channel tells them apart."""
    return f"{cells['uniqueid']} || coalesce('/' || {cells['dstchannel']}, '')"


def _record(cells: Cells) -> str:
    """What tells two records of the same channels apart (Dial, then a conference; ForkCDR).

    Each record has it, the first one too: which comes first is not known before all have landed.
    """
    start = f"'@' || replace({cells['start']}, ' ', 'T')"
    return f"coalesce('#' || {cells['sequence']}, {start}, '')" if "sequence" in cells else f"coalesce({start}, '')"


def extra(cells: Cells, settings: SourceSettings) -> Mapping[str, str]:
    if settings.rules == 1:
        return {name: cell for name, cell in cells.items() if name not in _USED_BEFORE}
    answer = f"case when not {_answered(cells['disposition'])} then {cells['answer']} end"
    return {name: cell for name, cell in cells.items() if name not in _USED} | {"answer": answer}


def renewed(settings: SourceSettings) -> Mapping[str, str]:
    """A row that landed by rules 1, its `billsec` not kept, as the same record is read today."""
    local = f"at time zone 'UTC' at time zone {literal(settings.zone)}, '%Y-%m-%d %H:%M:%S'"
    kept = [name for name in COLUMNS + _NEW_COLUMNS if name not in _USED_BEFORE]
    cells = {name: f"json_extract_string(extra, '/{name}')" for name in kept}
    cells |= {
        "start": f"strftime(started_at {local})",
        "answer": f"strftime(answered_at {local})",
        "billsec": "rtrim(rtrim(cast(duration_s as VARCHAR), '0'), '.')",
        "disposition": "disposition",
    }
    unanswered = f"not {_answered('disposition')}"
    today = {
        "call_id": f"call_id || {_record(cells)}",
        "day": f"if({unanswered}, cast(started_at as DATE), day)",
        "charged_at": f"if({unanswered}, started_at, charged_at)",
        "answered_at": f"if({unanswered}, null, answered_at)",
        "duration_s": f"if({unanswered}, cast(0 as DECIMAL(12, 3)), duration_s)",
        "extra": json_object(dict(extra(cells, settings))),
    }
    return {column: f"if({_BEFORE}, {sql}, {column})" for column, sql in today.items()}


FORMAT = NativeFormat(
    name="asterisk",
    kind="cdrs",
    what="Asterisk cdr_csv (Master.csv), no header, stamps in the source's time zone; call_id is"
    " uniqueid/dstchannel#sequence (@start where there is no sequence), duration_s is billsec where the disposition"
    " is ANSWERED, else 0, trunks come from the channels' names",
    columns=COLUMNS,
    header=header,
    has_header=False,
    canonical=canonical,
    extra=extra,
    renewed=renewed,
)
