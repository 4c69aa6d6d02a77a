"""Run a command as a person would, at a terminal, and say what it took."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STEP = re.compile(r"^\s*(?P<name>\w+) \((?P<seconds>[0-9.]+) s\)$")
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Measured:
    """What a command took: wall and CPU seconds, and the peak memory (MiB) of its largest process.

    `steps`: wall seconds of what it reported as done on its way, models and checks.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    steps: Mapping[str, float]


class CommandFailed(Exception):
    """A measured command ended with another status than 0; the message has what it printed."""


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run one command with `environment` added to this process's own. Raises `CommandFailed`.

    Standard error is a terminal, since that is when commands report their steps. The peak would include
    this process's own memory at the start of the other: whatever is big runs in a child.
    """
    heard: list[bytes] = []
    with tempfile.TemporaryFile() as printed:
        master, slave = os.openpty()
        began = time.monotonic()
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=printed, stderr=slave
        )
        os.close(slave)
        listener = threading.Thread(target=_listen, args=(master, heard))
        listener.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        listener.join()
        os.close(master)
        output = b"".join(heard).decode("utf-8", "replace")
        if process.returncode != 0:
            printed.seek(0)
            all_output = output + printed.read().decode("utf-8", "replace")
            raise CommandFailed(f"{' '.join(command)} ended with {process.returncode}\n{all_output[-4000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, steps(output))


def steps(output: str) -> dict[str, float]:
    """The steps in what a command said, `name (1.2 s)` a line each, with their seconds."""
    matches = (_STEP.match(line.strip("\r")) for line in output.split("\n"))
    return {step["name"]: float(step["seconds"]) for step in matches if step}


def _listen(terminal: int, heard: list[bytes]) -> None:
    while True:
        try:
            block = os.read(terminal, _BLOCK)
        except OSError:  # the other end was closed
            return
        if not block:
            return
        heard.append(block)
