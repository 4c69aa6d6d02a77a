"""Names and texts as SQL."""


def quoted(name: str) -> str:
    """A column name, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"
