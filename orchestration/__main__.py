"""The `tollbook` command as it is started: who stops it while it still begins is told so, as later on."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command (orchestration/cli.py)."""
    try:
        from orchestration.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
