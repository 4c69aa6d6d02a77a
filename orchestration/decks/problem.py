"""What is wrong with a deck: each thing once, with all the lines that have it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestration.configuration.problem import Fault, Problem

_SHOWN = 5


class UnreadableDeck(Exception):
    """A deck that cannot be taken in; `problems` are the lines the person reads."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass
class Problems:
    """Collects what is wrong with the deck called `file`."""

    file: str
    _found: dict[tuple[str | None, str, str], list[int]] = field(default_factory=dict)

    def add(self, lines: Iterable[int], column: str | None, fault: Fault | tuple[str, str]) -> None:
        """`lines` are the deck's own (the first is 1); none: it is about the file."""
        self._found.setdefault((column, *fault), []).extend(lines)

    def stop(self) -> None:
        """Raise `UnreadableDeck` when something was found."""
        if self._found:
            raise UnreadableDeck(self._lines())

    def _lines(self) -> list[str]:
        in_order = sorted(self._found.items(), key=lambda item: min(item[1], default=0))
        return [str(self._problem(key, sorted(set(lines)))) for key, lines in in_order]

    def _problem(self, key: tuple[str | None, str, str], lines: list[int]) -> Problem:
        column, wrong, right = key
        if len(lines) > 1:
            more = ", ".join(map(str, lines[1 : 1 + _SHOWN])) + (", ..." if len(lines) > _SHOWN + 1 else "")
            wrong = f"{wrong} (also on {len(lines) - 1} more lines: {more})"
        return Problem(self.file, lines[0] if lines else None, column, wrong, right)
