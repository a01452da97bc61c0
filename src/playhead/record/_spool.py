"""What waits for the server, in order: frames on disk, or in memory where the disk cannot take them.

Older than everything on disk is ``_lent``, newer is ``_waiting``; what is in memory counts for the queue's bound.
At first use, and now and then, the segments of dead processes that recorded for the same server are taken over.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from playhead.record._frames import Frame, cut
from playhead.record._segments import UNBORN, Batch, Place, Segments

log = logging.getLogger("playhead")

Handful = tuple[int, tuple[Frame, ...]]
"""Frames that were taken over together, under a number."""


class Spool:
    """Frames between the thread that writes them and the one that sends them.

    Args:
        directory: Where segments of this destination live; None keeps everything in memory.
        max_bytes: What may be on disk.
    """

    def __init__(self, directory: Path | None, max_bytes: int) -> None:
        self.directory = directory
        self.trouble: str | None = None
        self.torn = 0
        self.adopted_total = 0
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._own: Segments | None = None
        self._adopted: list[Segments] = []
        self._hopeless: set[Path] = set()
        self._lent: tuple[Frame, ...] = ()
        self._waiting: tuple[Handful, ...] = ()
        self._serial = 0
        self._left_count = 0
        self.taken = 0

    @property
    def count(self) -> int:
        """Events that are not settled."""
        with self._lock:
            memory = sum(frame.count for frame in self._in_memory())
            return memory + sum(segments.count for segments in self._on_disk()) + self._left_count

    @property
    def adopted_count(self) -> int:
        """Events of dead processes that are not settled."""
        with self._lock:
            return sum(segments.count for segments in self._adopted)

    @property
    def own_count(self) -> int:
        """This process's events that are not settled."""
        with self._lock:
            return self.count - self.adopted_count

    def held(self) -> threading.RLock:
        """Return the lock under which frames are moved and settled."""
        return self._lock

    @property
    def memory_bytes(self) -> int:
        """Bytes that wait in memory."""
        with self._lock:
            return sum(frame.size for frame in self._in_memory())

    def append(self, lines: list[bytes], serial: int) -> None:
        """Take lines over: on disk if it takes them and all before them, else in memory. Never fails.

        Done again under the same ``serial``, after a thread died here or by a signal's handler that interrupted it
        here, it changes nothing more.
        """
        frames = tuple(cut(lines))
        with self._lock:
            self._move()
            if serial <= self._serial:
                return
            waiting = self._waiting
            if waiting or not self._written(frames, serial):
                waiting = (*waiting, (serial, frames))
            taken = self.taken + len(lines)
            if serial > self._serial:
                self._waiting, self._serial, self.taken = waiting, serial, taken

    def peek(self, max_count: int, max_bytes: int) -> tuple[Segments | None, Batch] | None:
        """Return the next batch and where it comes from: the same one until it is settled. For one thread.

        The disk is read without the lock, so that nobody waits for it. None also where something had to be given up:
        there may be more as long as ``count`` says so.
        """
        for segments in () if self._lent else tuple(self._on_disk()):
            batch = self._read(segments, max_count, max_bytes)
            if batch is not None:
                return segments, batch
        with self._lock:
            if not self._lent and not any(segments.count for segments in self._on_disk()):
                self._lend(max_count, max_bytes)
            if not self._lent:
                return None
            frames = self._lent
            count = sum(frame.count for frame in frames)
            return None, Batch(b"\n".join(frame.payload for frame in frames), count, Place(0, len(frames), count))

    def settle(self, source: Segments | None, batch: Batch) -> None:
        """Forget a batch that ``peek`` returned; ``sweep`` removes its files."""
        with self._lock:
            if source is None:
                self._lent = ()
                return
            source.settle(batch)
            if source in self._adopted and not source.count:
                self._adopted.remove(source)

    def sweep(self, source: Segments | None) -> None:
        """Remove the files of what is settled. For the thread that settles."""
        if source is None:
            return
        if source.count or source is self._own:
            source.sweep()
        else:
            source.remove()

    def adopt(self) -> int:
        """Take over what dead processes left; return how many events that are, with ``torn`` ones."""
        if self.directory is None:
            return 0
        adopted = 0
        for path in _sets(self.directory):
            if path in self._hopeless or (self._own is not None and path == self._own.directory):
                continue
            found = Segments.adopt(path)
            if found is None:
                continue
            segments, torn = found
            adopted += segments.count + torn
            with self._lock:
                self.torn += torn
                self.adopted_total += segments.count + torn
                self._keep(segments)
        return adopted

    def has_others(self) -> bool:
        """Say whether there may be something to adopt."""
        return self.directory is not None and any(True for _ in _sets(self.directory))

    def close(self) -> int:
        """Let go of the files. What is not settled stays on disk for whoever adopts it; return how many events were
        in memory alone, which are lost."""
        with self._lock:
            self._move()
            lost = sum(frame.count for frame in self._in_memory())
            for segments in self._on_disk():
                self._left_count += segments.count
                if segments.count:
                    segments.close()
                else:
                    segments.remove()
            self.directory, self._own, self._adopted = None, None, []
            self._lent, self._waiting = (), ()
            return lost

    def forget(self) -> None:
        """Let go of everything without touching it: it belongs to the process that this one was forked from."""
        self._lock = threading.RLock()
        for segments in self._on_disk():
            segments.close()
        self._own, self._adopted = None, []
        self._lent, self._waiting = (), ()
        self.torn = self.adopted_total = self.taken = self._serial = 0

    def _in_memory(self) -> list[Frame]:
        return [*self._lent, *(frame for _, frames in self._waiting for frame in frames)]

    def _on_disk(self) -> list[Segments]:
        return self._adopted if self._own is None else [*self._adopted, self._own]

    def _move(self) -> None:
        """Write what waits in memory to disk, as far as it takes it."""
        while (waiting := self._waiting) and self._written(waiting[0][1], waiting[0][0]):
            if self._waiting is waiting:
                self._waiting = waiting[1:]

    def _written(self, frames: Sequence[Frame], serial: int) -> bool:
        if self._own is not None and self._own.tail.serial >= serial:
            return True
        if self.directory is None:
            return False
        try:
            if self._own is None:
                self._own = Segments.make(self.directory)
            if (
                sum(segments.size_bytes for segments in self._on_disk()) + sum(frame.size for frame in frames)
                > self._max_bytes
            ):
                self.trouble = "spool_full"
                return False
            self._own.append(frames, serial)
        except OSError as error:
            if self.trouble != "disk_full":
                log.warning("playhead: %s takes no events (%s): they wait in memory", self.directory, error)
            self.trouble = "disk_full"
            return False
        self.trouble = None
        return True

    def _read(self, segments: Segments, max_count: int, max_bytes: int) -> Batch | None:
        """Return a batch, or None; segments that cannot be read any more are looked through for what can."""
        try:
            return segments.peek(max_count, max_bytes)
        except OSError:
            with self._lock:
                self._give_up(segments)
            return None

    def _give_up(self, segments: Segments) -> None:
        """Let go of segments, take over what can be read of them, and count the rest as torn."""
        if segments not in self._on_disk():
            return  # closed meanwhile: it is left to the next process
        if segments is self._own:
            self._own = None
        else:
            self._adopted.remove(segments)
        segments.close()
        found = Segments.adopt(segments.directory)
        kept = found[0] if found is not None else None
        if kept is not None and kept.count < segments.count:
            self.torn += segments.count - kept.count
            self._keep(kept)
            return
        self.torn += segments.count
        self._hopeless.add(segments.directory)
        if kept is not None:
            kept.close()

    def _keep(self, segments: Segments) -> None:
        if segments.count:
            self._adopted.append(segments)
        else:
            segments.remove()

    def _lend(self, max_count: int, max_bytes: int) -> None:
        """Move the first frames from what waits to what is being sent."""
        lent: list[Frame] = []
        serial, frames = self._waiting[0] if self._waiting else (0, ())
        count = size = 0
        for frame in frames:
            count, size = count + frame.count, size + frame.size
            if lent and (count > max_count or size > max_bytes):
                break
            lent.append(frame)
        rest = frames[len(lent) :]
        waiting = ((serial, rest), *self._waiting[1:]) if rest else self._waiting[1:]
        self._lent, self._waiting = tuple(lent), waiting


def destination(base: Path, url: str, api_key: str | None) -> Path:
    """Return the directory of what goes to a server under a key; neither can be read off its name."""
    digest = hashlib.sha256(f"{url}\0{api_key or ''}".encode()).hexdigest()
    return base / digest[:24]


def _sets(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as entries:
            return sorted(Path(entry.path) for entry in entries if not entry.name.startswith(UNBORN))
    except OSError:
        return []
