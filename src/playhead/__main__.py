"""``python -m playhead``: the command line."""

from __future__ import annotations

from playhead.cli import main

if __name__ == "__main__":
    main()
