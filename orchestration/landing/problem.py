"""What keeps a whole file from landing."""

import duckdb

# What a database says of the machine, or of itself, and never of a file that it reads.
MACHINE = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
)


class UnreadableFile(Exception):
    """The file could not be read at all; the message says why and what would be right."""


class NotNow(Exception):
    """The file could not be read, by no fault of its own; the message says why. It stays where it is."""


class OtherLayout(UnreadableFile):
    """No row could be read as the source's format: its cells are others, and none tells when a call was."""


class LandedElsewhere(Exception):
    """What is in the file landed from another source; the message says as what, and what to do if it is meant."""


class ReplacesNone(Exception):
    """Rows of a file that is to supersede replace none; the message says which, and what was meant or is to be done."""


class ReplacesAnother(ReplacesNone):
    """Rows of a file that is to supersede would replace other calls than their own; the message says which."""


class NotPermitted(Exception):
    """The operator may not land the file; the message says why, and what would be right."""
