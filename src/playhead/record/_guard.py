"""A block that the application does not notice when it fails: for what records without having been asked each time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.record.recorder import Recorder

REASON = "integration_failed"


class guarded:  # noqa: N801 - reads as the statement that it is: with guarded(recorder):
    """A block whose failure goes no further: the recorder counts it as a drop, in a session where there is one."""

    def __init__(self, recorder: Callable[[], Recorder], session_id: str | None = None) -> None:
        self._recorder = recorder
        self._session_id = session_id

    def __enter__(self) -> None:
        """Enter the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        with contextlib.suppress(Exception):  # there may be no recorder, which is why the block failed
            self._recorder().miss(self._session_id, REASON)
        return True
