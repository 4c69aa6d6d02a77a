"""Messages to people through Apprise: mail, chat, SMS and the like, by URLs that environment variables name."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

# All that messages may take together, in seconds: the writer lock is held meanwhile.
PATIENCE_S = 8.0
_EXAMPLE = "mailtos://user:password@example.com"
_TITLE = "tollbook"


@dataclass
class Message:
    """What one URL, of the environment variable `variable`, is to be told, and what came of it."""

    url: str
    body: str
    variable: str
    took: bool = False
    problem: str = ""

    def __post_init__(self) -> None:
        self.problem = f"{_safe(self.url)} did not answer in time"

    @property
    def key(self) -> str:
        return key(self.url)


def urls(variable: str) -> list[str]:
    """The Apprise URLs that an environment variable names, separated by spaces or commas."""
    setting = os.environ.get(variable, "").strip()
    # a comma may be part of a URL: only one before the next scheme separates
    return [url for url in re.split(r"[\s,]+(?=[a-zA-Z][\w+.-]*://)", setting.strip(", ")) if url]


def deliver(messages: Sequence[Message]) -> None:
    """Send all at once, and wait for none beyond `PATIENCE_S`; each says then whether it was taken.

    Never raises for a message that cannot be delivered.
    """
    threads = [threading.Thread(target=_tell, args=(message,), daemon=True) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S / len(threads))


def _tell(message: Message) -> None:
    try:
        import apprise

        # it says in its own words what we say in one line
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        service = apprise.Apprise.instantiate(message.url)
        if not isinstance(service, apprise.NotifyBase):
            wrong = f"{_safe(message.url)} is no Apprise URL; write one such as {_EXAMPLE}"
            message.problem = f"{message.variable}: {wrong}"
        elif service.notify(body=message.body, title=_TITLE):
            message.took = True
        else:
            message.problem = f"{_safe(message.url)} did not take it"
    except Exception as problem:  # a plugin may fail in any way
        message.problem = f"{_safe(message.url)}: {type(problem).__name__}"


def key(url: str) -> str:
    """A URL's hash: it may hold a password, which no table keeps."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _safe(url: str) -> str:
    """A URL as it may be shown: its scheme and a mark that tells it from others."""
    scheme, found, _ = url.partition("://")
    return f"{scheme + found if found else 'a word without ://'} ({key(url)[:6]})"
