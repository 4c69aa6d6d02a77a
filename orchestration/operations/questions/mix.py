"""Where the calls of a campaign go: to one number, as a file says, or as the account's calls went."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import duckdb

from orchestration import typed
from orchestration.operations.questions.company import SOURCE
from orchestration.operations.questions.history import HISTORY_DAYS, OWN_TRUNKS
from orchestration.store.database import dict_rows
from orchestration.store.warehouse import Refused


@dataclass(frozen=True)
class MixPart:
    """A part of the calls: to what number or prefix, as `source` writes it, and how much of all."""

    number: str
    share: Fraction
    source: str = SOURCE


def mix_of(
    con: duckdb.DuckDBPyConnection, account: str, at: datetime, number: str | None, mix: Path | None
) -> tuple[list[MixPart], str]:
    if number is not None and mix is not None:
        raise Refused("say either --number or --mix, not both")
    if number is not None:
        return [MixPart(number, Fraction(1))], f"calls to {number}"
    if mix is not None:
        shares, words = mix_file(mix), f"as in {mix.name}"
    else:
        shares, words = _mix_of_history(con, account, at), f"as the answered calls of the {HISTORY_DAYS} days before"
    total = sum((part.share for part in shares), Fraction(0))
    return [replace(part, share=part.share / total) for part in shares], words


def mix_file(path: Path) -> list[MixPart]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = reader.fieldnames or []
            if missing := [name for name in ("number", "share") if name not in names]:
                there = f"there are {', '.join(names)}" if names else "the file is empty: begin it with number,share"
                raise Refused(f"{path} line 1: column {' and '.join(missing)} is missing; {there}")
            read = [(reader.line_num, row["number"], row["share"]) for row in reader]
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except (OSError, ValueError, csv.Error) as problem:
        raise Refused(f"{path} cannot be read as CSV with the columns number and share: {problem}") from None
    shares = []
    lines: dict[str, int] = {}
    for line, number, share in read:
        if not number:
            raise Refused(f"{path} line {line}, column number: the cell is empty; write a number, or a prefix")
        if (first := lines.setdefault(number, line)) != line:
            raise Refused(f"{path} line {line}, column number: {number} is on line {first} too; write it once")
        if not share:
            raise Refused(f"{path} line {line}, column share: the cell is empty; write it like 0.35")
        part = typed.number(share)
        if part is None or part < 0:
            raise Refused(f'{path} line {line}, column share: "{share}" is not a share; write it like 0.35')
        shares.append(MixPart(number, Fraction(part)))
    if not any(part.share for part in shares):
        raise Refused(f"{path} has no shares; write a number and a share above 0 on each line")
    return shares


def _mix_of_history(con: duckdb.DuckDBPyConnection, account: str, at: datetime) -> list[MixPart]:
    # a prefix stands for the numbers that it was charged for; the default route has none, so that a number does, as the
    # source of its call wrote it
    rows = dict_rows(
        con,
        f"""
        select
            coalesce(nullif(sell_prefix, ''), min(called_number)) as number,
            case sell_prefix when '' then arg_min(source, (called_number, source)) else '{SOURCE}' end as source,
            count(*) as calls
        from serving.marts.rated_calls
        where sell_account_id = $account and day >= $first and day <= $last and ingress_trunk in {OWN_TRUNKS}
            and answered and sell_status = 'rated' and sell_prefix is not null
        group by sell_prefix
        order by calls desc, number
        """,
        {"account": account, "first": at.date() - timedelta(days=HISTORY_DAYS), "last": at.date()},
    )
    if not rows:
        raise Refused(f"{account} has no answered calls of late to take the numbers from: say --number or --mix")
    return [MixPart(row["number"], Fraction(row["calls"]), row["source"]) for row in rows]
