"""A lock on a file that ends with its process, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock until it is closed, or None when another one does.

    A file that was removed meanwhile is no longer the lock of anything. Raises OSError.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(file)
        if path.stat().st_ino == os.fstat(file).st_ino:
            return file
    except (BlockingIOError, PermissionError, FileNotFoundError):
        os.close(file)
        return None
    except OSError:
        os.close(file)
        raise
    os.close(file)
    return None
