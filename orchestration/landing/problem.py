"""What keeps a whole file from being read."""


class UnreadableFile(Exception):
    """The file could not be read at all; the message says why and what would be right."""
