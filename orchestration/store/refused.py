"""What a command that is refused says."""


class Refused(Exception):
    """What was asked cannot be done; the message is the one line the person reads."""
