"""`python -m tests.proof`: the month without a kill, then with kills; both come to the same, to the last digit."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.proof import killing, world
from tests.proof.upkeep import with_upkeep
from tests.proof.world import Step


def main() -> int:
    """0 when nothing differs, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--size", choices=("full", "small", "tiny"), default="full")
    parser.add_argument("--accounts", type=int, help="how many (full: 50)")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs in the second run (100)")
    parser.add_argument("--directory", type=Path, help="keep the two deployments here")
    parser.add_argument("--no-rebuild", action="store_true", help="do not rebuild the second one from its archive")
    asked = parser.parse_args()
    make = {"full": world.full, "small": world.small, "tiny": world.tiny}[asked.size]
    given = {"seed": asked.seed, "accounts": asked.accounts}
    size = make(**{name: value for name, value in given.items() if value is not None})
    with tempfile.TemporaryDirectory(prefix="tollbook-proof-") as scratch:
        return prove(size, asked.kills, not asked.no_rebuild, (asked.directory or Path(scratch)).absolute())


def prove(size: world.Size, kills: int, rebuilt: bool, root: Path) -> int:
    """Play it twice in `root`, rebuild the second from its archive, and say what came of it."""
    killing.warm()
    steps = list(with_upkeep(world.steps(size)))
    # what landed last is built and closed in both: a rebuild builds
    steps.append(Step(steps[-1].at, "close"))
    differences = []
    runs = []
    killer = first = None
    for name in ("whole", "killed"):
        directory = root / name
        directory.mkdir(parents=True)
        begin = time.monotonic()
        deployment, played = killing.play(directory, steps, _say, killer, first)
        first = first or played
        # a kill of the rebuilding has a test of its own
        seconds = played.seconds
        killer = killing.Killer(kills, [*seconds[:-1], *([0.0] * rebuilt), seconds[-1]], size.seed)
        if rebuilt:
            steps.insert(-1, Step(steps[-1].at, "rebuild"))
            rebuilt = False
        runs.append(killing.started(lambda home=deployment.home: killing.fingerprint(home), directory / "log").result())  # type: ignore[misc]
        differences += played.differences
        _say(f"{name}: {len(steps)} steps in {time.monotonic() - begin:.0f} s, {sum(played.kills.values())} kills "
             f"({', '.join(f'{n} in {what}' for what, n in played.kills.most_common())})")  # fmt: skip
    differences += killing.unlike(*runs)
    for line in differences:
        _say(line)
    _say("both runs and the independent ledger: "
         + ", ".join(f"{len(found)} x {name}" for name, found in runs[0].items()))  # fmt: skip
    _say("no difference" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
