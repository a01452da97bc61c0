"""The command line: one module a command, and the only room that prints."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    try:
        from playhead.cli.app import run
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "playhead":
            raise
        sys.exit(
            f"playhead: {missing.name} is not installed; the command line comes with the server:\n"
            '  pip install "playhead[server]"'
        )
    sys.exit(run())
