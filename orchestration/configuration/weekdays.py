"""The grammar of `timetables.days`: `all`, `mon-fri`, `sat,sun`, `fri-mon` (wraps)."""

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(days: str) -> list[int]:
    """The ISO weekdays (1 = Monday to 7 = Sunday, ascending) that `days` names.

    Items are separated by commas; an item is a day, a range with both ends in it, or `all`.
    Raises ValueError with the item that is none of these.
    """
    numbers: set[int] = set()
    for item in days.split(","):
        numbers.update(_item(item.strip()))
    return sorted(numbers)


def _item(item: str) -> list[int]:
    if item == "all":
        return list(range(1, 8))
    first, dash, last = item.partition("-")
    if first not in NAMES or (dash and last not in NAMES):
        raise ValueError(item)
    start = NAMES.index(first)
    length = (NAMES.index(last) - start) % 7 + 1 if dash else 1
    return [(start + step) % 7 + 1 for step in range(length)]
