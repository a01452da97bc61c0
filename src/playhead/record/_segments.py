"""One process's part of the spool: a directory of numbered segment files, held by a lock while its owner lives.

``lock`` is held with flock; ``000001.seg``, … hold frames; ``ack`` says up to where they are settled. Frames are
written with one write each and not synced: they survive the process, not the machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from playhead.record._frames import Frame, Torn, salvage, unpack
from playhead.record._lock import try_lock

SEGMENT_BYTES = 8 << 20
PLACE = struct.Struct("<QQ")
SEGMENT = re.compile(r"(\d{6,})\.seg")
UNBORN = ".new-"
BESIDE = ".tmp"
MAX_PARTS = 1024
"""What Linux and macOS take in one call (IOV_MAX)."""


class Place(Struct, frozen=True, order=True):
    """Where a frame begins, how many events stand before it (of those that are read), and the last handful's number."""

    segment: int
    offset: int
    total: int = 0
    serial: int = 0


class Batch(Struct, frozen=True):
    """Frames to be sent together: ``end`` is where they are settled up to."""

    payload: bytes
    count: int
    end: Place


class Segments:
    """A directory of segments whose lock is held. Close it, or remove it when everything is settled."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.directory = directory
        self._lock = lock
        self._files: dict[int, int] = {}
        self.head = self.tail = Place(1, 0)
        self._swept = 1
        self._written_bytes = self._removed_bytes = 0

    @classmethod
    def make(cls, parent: Path) -> Segments:
        """Make an empty one under a name of its own. Raises OSError."""
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns():016x}-{os.getpid()}-{secrets.token_hex(4)}"
        unborn = parent / f"{UNBORN}{name}"
        unborn.mkdir(mode=0o700)
        lock = try_lock(unborn / "lock")
        if lock is None:
            raise OSError(f"no lock on {unborn}")
        try:
            unborn.rename(parent / name)
        except OSError:
            os.close(lock)
            raise
        return cls(parent / name, lock)

    @classmethod
    def adopt(cls, directory: Path) -> tuple[Segments, int] | None:
        """Take over what a dead process left, and count what is torn of it; None while its owner lives."""
        try:
            lock = try_lock(directory / "lock")
        except OSError:
            return None
        if lock is None:
            return None
        segments = cls(directory, lock)
        try:
            return segments, segments._survey()
        except OSError:
            segments.close()
            return None

    @property
    def count(self) -> int:
        """Events that are not settled."""
        return self.tail.total - self.head.total

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._written_bytes - self._removed_bytes

    def append(self, frames: Sequence[Frame], serial: int) -> None:
        """Write frames behind the last one, at once. Raises OSError, and then nothing of them is there.

        A thread that dies here has written them or not: done again under the same ``serial``, they are there once. So
        they are when a signal's handler does it and goes on, before what it interrupted.
        """
        before = tail = self.tail
        if tail.serial >= serial:
            return
        size, count = sum(frame.size for frame in frames), sum(frame.count for frame in frames)
        if tail.offset and tail.offset + size > SEGMENT_BYTES:
            tail = Place(tail.segment + 1, 0, tail.total)
        file = self._file(tail.segment)
        written = 0
        try:
            written = _write(file, [part for frame in frames for part in (frame.header(), frame.payload)], tail.offset)
        finally:
            if written != size and self.tail is before:
                with contextlib.suppress(OSError):
                    os.ftruncate(file, tail.offset)
        if written != size:
            raise OSError(f"only {written} of {size} bytes were written")
        after = Place(tail.segment, tail.offset + size, tail.total + count, serial)
        if self.tail is before:
            self.tail = after
            self._written_bytes += size

    def peek(self, max_count: int, max_bytes: int) -> Batch | None:
        """Return the first frames that are not settled: one at least, and no more than fit. Raises OSError."""
        place = self._settled_segment()
        if place.total >= self.tail.total:
            return None
        raw = os.pread(self._file(place.segment), max_bytes + 4096, place.offset)
        frame = unpack(raw, 0)
        if isinstance(frame, Torn):  # longer than what was read
            raw = os.pread(self._file(place.segment), SEGMENT_BYTES * 4, place.offset)
            frame = unpack(raw, 0)
        if not isinstance(frame, Frame):
            raise OSError(f"{self.directory}: nothing can be read at {place.segment}:{place.offset}")
        return self._gather(raw, frame, place, max_count, max_bytes)

    def _gather(self, raw: bytes, first: Frame, place: Place, max_count: int, max_bytes: int) -> Batch:
        payloads, count, offset, size = [first.payload], first.count, first.size, first.size
        while place.total + count < self.tail.total:
            frame = unpack(raw, offset)
            if not isinstance(frame, Frame) or count + frame.count > max_count or size + frame.size > max_bytes:
                break
            payloads.append(frame.payload)
            count += frame.count
            offset += frame.size
            size += frame.size
        end = Place(place.segment, place.offset + offset, place.total + count)
        return Batch(payloads[0] if len(payloads) == 1 else b"\n".join(payloads), count, end)

    def settle(self, batch: Batch) -> None:
        """Forget what stands before the batch's end."""
        if batch.end.total <= self.head.total:
            return
        self.head = batch.end
        if self.head.total == self.tail.total and self.tail.offset > SEGMENT_BYTES // 2:
            self.head = self.tail = Place(self.tail.segment + 1, 0, self.tail.total, self.tail.serial)

    def sweep(self) -> None:
        """Note how far it is settled, and remove files of which nothing is left."""
        with contextlib.suppress(OSError):
            self._acknowledge()
        self._remove(self._swept, self.head.segment)
        self._swept = self.head.segment

    def close(self) -> None:
        """Let go of everything; what is not settled stays for whoever adopts it."""
        for file in (*self._files.values(), self._lock):
            with contextlib.suppress(OSError):
                os.close(file)
        self._files.clear()
        self._lock = -1

    def remove(self) -> None:
        """Remove the directory, and let go of it."""
        with contextlib.suppress(OSError):
            for path in [
                *self.directory.glob("*.seg"),
                *self.directory.glob(f"*{BESIDE}"),
                self.directory / "ack",
                self.directory / "lock",
            ]:
                path.unlink(missing_ok=True)
            self.directory.rmdir()
        self.close()

    def _settled_segment(self) -> Place:
        """Return the head, in the next segment when its own has been read to the end."""
        head = self.head
        while head.segment < self.tail.segment and head.offset >= self._length(head.segment):
            head = Place(head.segment + 1, 0, head.total)
        return head

    def _length(self, segment: int) -> int:
        return os.fstat(self._file(segment)).st_size

    def _file(self, segment: int) -> int:
        file = self._files.get(segment)
        if file is None:
            file = os.open(self._path(segment), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            self._files[segment] = file
        return file

    def _path(self, segment: int) -> Path:
        return self.directory / f"{segment:06d}.seg"

    def _acknowledge(self) -> None:
        file = self._files.get(0)
        if file is None:
            file = self._files[0] = os.open(self.directory / "ack", os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(file, PLACE.pack(self.head.segment, self.head.offset), 0)

    def _remove(self, first: int, until: int) -> None:
        for segment in range(first, until):
            file = self._files.pop(segment, None)
            with contextlib.suppress(OSError):
                if file is not None:
                    self._removed_bytes += os.fstat(file).st_size
                    os.close(file)
                self._path(segment).unlink(missing_ok=True)

    def _survey(self) -> int:
        """Find head and tail of what another process wrote; cut and count what is torn."""
        numbers = sorted(int(found[1]) for path in self.directory.iterdir() if (found := SEGMENT.fullmatch(path.name)))
        head = self._acknowledged(numbers)
        torn = total = 0
        place = head
        for number in (each for each in numbers if each >= head.segment):
            place = Place(number, head.offset if number == head.segment else 0, total)
            place, lost = self._survey_segment(place)
            torn, total = torn + lost, place.total
        self.head, self.tail = head, place
        self._swept = min(numbers, default=1)
        return torn

    def _survey_segment(self, place: Place) -> tuple[Place, int]:
        path = self._path(place.segment)
        raw = path.read_bytes()
        frames, torn = salvage(raw, place.offset)
        end = Place(
            place.segment,
            place.offset + sum(frame.size for frame in frames),
            place.total + sum(frame.count for frame in frames),
        )
        if torn:
            _replace(
                path, raw, [raw[: place.offset], *(part for each in frames for part in (each.header(), each.payload))]
            )
        self._written_bytes += end.offset
        return end, torn

    def _acknowledged(self, numbers: list[int]) -> Place:
        with contextlib.suppress(OSError, struct.error):
            segment, offset = PLACE.unpack((self.directory / "ack").read_bytes())
            return Place(segment, offset)
        return Place(numbers[0] if numbers else 1, 0)


def _replace(path: Path, raw: bytes, parts: list[bytes]) -> None:
    """Leave only these parts in a file that holds ``raw``. Atomic. Raises OSError."""
    kept = b"".join(parts)
    if raw.startswith(kept):
        os.truncate(path, len(kept))
        return
    beside = path.with_suffix(BESIDE)
    beside.write_bytes(kept)
    beside.replace(path)


def _write(file: int, parts: list[bytes], offset: int) -> int:
    """Write parts one behind the other and return how many bytes were written."""
    if hasattr(os, "pwritev") and len(parts) <= MAX_PARTS:
        return os.pwritev(file, parts, offset)
    os.lseek(file, offset, os.SEEK_SET)
    return os.write(file, b"".join(parts))
