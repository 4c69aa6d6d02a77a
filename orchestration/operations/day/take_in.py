"""`tollbook land` as a person gives it: land, publish what waits for no build, and say what a build is left for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Unpack

from orchestration.operations.day.land import Options, command_of, land_files, refuse_options
from orchestration.operations.day.landed import Landed
from orchestration.operations.day.publish import publish_entered, published_until
from orchestration.operations.permitted import writing
from orchestration.store.warehouse import Home, Writer

# Kinds of which every figure follows without a build.
_AT_ONCE = ("payments", "resources")


@dataclass(frozen=True)
class Unbuilt:
    """A day (UTC) with rows of calls or usage that landed after it was built last, and how many."""

    day: date
    rows: int


@dataclass(frozen=True)
class TakenIn:
    """What became of each file, and the days that a build is left for, of these files and of earlier ones."""

    files: list[Landed]
    unbuilt: list[Unbuilt]


def take_in(home: Home, files: Sequence[Path] = (), **options: Unpack[Options]) -> TakenIn:
    """`land`, then publish at once what needs no build: payments, counts of resources, what did not land.

    Raises `Refused` as `land` does, and where only publishing failed.
    """
    refuse_options(files, options)
    with writing(home, command_of(options)) as held:
        landed = land_files(held, files, **options)
        if not options.get("dry_run") and (any(map(_shows_at_once, landed)) or _waits(held)):
            publish_entered(held, "land")
        return TakenIn(landed, _unbuilt(held))


def _shows_at_once(file: Landed) -> bool:
    if file.status == "unreadable":  # noted of the days that it holds; one that cannot be read now is not
        return bool(file.days)
    return file.settled > 0 or (file.status == "landed" and (file.kind in _AT_ONCE or file.rejected > 0))


def _waits(held: Writer) -> bool:
    """Whether files of before show at once and were not published: the command that landed them was killed."""
    if not held.home.serving.exists():
        return False
    with held.connect() as con:
        row = con.execute(
            """
            select exists (
                from ops.journal as l
                left join ops.files as f
                    on
                        json_extract_string(l.arguments, '$.file_id') = f.file_id
                        and json_extract_string(l.arguments, '$.kind') = f.kind
                        and json_extract_string(l.arguments, '$.source') = f.source
                where
                    l.n > $until
                    and (
                        l.action = 'unreadable'
                        or (l.action = 'land' and (list_contains($at_once, f.kind) or f.rejected > 0))
                    )
            )
            """,
            {"until": published_until(held.home), "at_once": list(_AT_ONCE)},
        ).fetchone()
    return row == (True,)


def _unbuilt(held: Writer) -> list[Unbuilt]:
    with held.connect() as con:
        rows = con.execute(
            """
            select f.day, sum(f.rows)::BIGINT
            from ops.file_days as f
            left join ops.builds as b on f.day = b.day
            where
                f.kind in ('cdrs', 'usage')
                and f.rows > 0
                and f.file_sequence > coalesce(b.file_sequence, -1)
            group by f.day
            order by f.day
            """
        ).fetchall()
    return [Unbuilt(*row) for row in rows]
