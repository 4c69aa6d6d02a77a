"""What keeps a whole file from landing."""


class UnreadableFile(Exception):
    """The file could not be read at all; the message says why and what would be right."""


class LandedElsewhere(Exception):
    """What is in the file landed from another source; the message says as what, and what to do if it is meant."""
