"""What a person does beside the day's round, none of which changes a figure: decks nobody calls by, verify, repair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.proof.world import File, Step

SOURCE = "atlas"
MAPPING = (
    "rate_table_id = 'retail_usd'\nreplaces = 'partial'\n"
    "[columns]\nprefix = 'prefix'\nrate_per_minute = 'rate'\nvalid_from = 'from'\n"
)


def with_upkeep(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps; before each close a deck is accepted, behind it all is verified, behind the first one repaired too."""
    is_repaired = False
    for number, step in enumerate(steps):
        if step.action != "close":
            yield step
            continue
        deck = f"prefix,rate,from\n88351009{number:04},0.{number + 1},{step.at:%Y-%m-%d}\n"
        yield replace(step, action="accept", files=[File("rates", SOURCE, f"deck-{number}.csv", deck)])
        yield step
        if not is_repaired:
            yield replace(step, action="repair")
        yield replace(step, action="verify")
        is_repaired = True


def damage(root: Path) -> None:
    """Let something befall the first closed day's calls, if there are some."""
    files = sorted(root.glob("tables/marts.rated_calls/day=*/*.parquet"))
    if files:
        content = files[0].read_bytes()
        middle = len(content) // 2
        files[0].write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
