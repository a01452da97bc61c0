"""The spool: what is on disk is found again, in order, by whoever comes after; what is torn is cut and counted."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.record._frames import HEADER, Frame, Torn, cut, unpack
from playhead.record._segments import Segments
from playhead.record._spool import Spool, destination
from playhead.testing import MemoryServer

SERIALS = itertools.count(1)
LINES = st.lists(st.binary(min_size=1, max_size=50).filter(lambda line: b"\n" not in line), min_size=1, max_size=20)


def lines_of(spool: Spool, count: int = 100, size: int = 1 << 20) -> list[bytes]:
    """Return everything in a spool, settling it batch by batch."""
    lines: list[bytes] = []
    while (found := spool.peek(count, size)) is not None:
        source, batch = found
        assert batch.payload.count(b"\n") + 1 == batch.count
        lines += batch.payload.split(b"\n")
        spool.settle(source, batch)
        spool.sweep(source)
    return lines


def append(spool: Spool, *lines: bytes) -> None:
    """Give lines to a spool as a handful of their own."""
    spool.append(list(lines), next(SERIALS))


def abandon(spool: Spool) -> None:
    """Let go of a spool as a killed process does."""
    spool.forget()


@given(LINES)
def test_a_frame_is_read_as_it_was_written_and_torn_at_every_shorter_length(lines: list[bytes]) -> None:
    (frame,) = cut(lines)
    raw = frame.header() + frame.payload
    assert unpack(raw, 0) == frame
    assert unpack(raw, len(raw)) is None
    for length in range(1, len(raw)):
        assert isinstance(unpack(raw[:length], 0), Torn)


@given(LINES, st.data())
def test_a_frame_with_a_changed_byte_is_torn(lines: list[bytes], data: Any) -> None:
    (frame,) = cut(lines)
    raw = bytearray(frame.header() + frame.payload)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    assert not isinstance(unpack(bytes(raw), 0), Frame)


def test_lines_are_cut_into_frames_that_fit_a_request() -> None:
    lines = [b"x" * 300_000] * 10 + [b"y" * 3_000_000] + [b"z"] * 1_200
    frames = cut(lines)
    assert [line for frame in frames for line in frame.payload.split(b"\n")] == lines
    assert all(len(frame.payload) <= 1 << 20 or frame.count == 1 for frame in frames)
    assert max(frame.count for frame in frames) <= 500


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["write", "send", "die", "trouble"]), max_size=40), st.integers(1, 10_000))
def test_lines_come_out_in_order_and_none_is_lost_whatever_happens_in_between(steps: list[str], seed: int) -> None:
    """Against a plain list: writing, sending, processes that die, a disk that takes nothing for a while."""
    import tempfile  # noqa: PLC0415 - hypothesis shares function-scoped fixtures between examples

    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(Path(directory), 1 << 20)
        written: list[bytes] = []
        sent: list[bytes] = []
        for step in steps:
            if step == "write":
                lines = [b"%d" % (len(written) + number) for number in range(dice.randrange(1, 30))]
                written += lines
                append(spool, *lines)
            elif step == "send" and (found := spool.peek(10, 100)) is not None:
                sent += found[1].payload.split(b"\n")
                spool.settle(*found)
                spool.sweep(found[0])
            elif step == "die" and not spool.memory_bytes:
                abandon(spool)
                spool = Spool(Path(directory), 1 << 20)
                spool.adopt()
            elif step == "trouble":
                spool._max_bytes = 0 if spool._max_bytes else 1 << 20
            assert spool.count == len(written) - len(sent)
        assert sent + lines_of(spool) == written
        spool.close()
        assert spool.torn == 0


def test_segments_that_are_settled_are_removed(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 30)
    for _ in range(30):
        append(spool, b"x" * 1_000_000)
    assert len(list(tmp_path.rglob("*.seg"))) >= 3
    assert len(lines_of(spool)) == 30
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.seg")) == 0
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_a_living_process_keeps_its_segments(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, 1 << 20), Spool(tmp_path, 1 << 20)
    append(first, b"a")
    assert second.adopt() == 0
    assert lines_of(first) == [b"a"]


def test_what_a_dead_process_left_goes_first_and_once(tmp_path: Path) -> None:
    dead = Spool(tmp_path, 1 << 20)
    append(dead, b"a", b"b")
    append(dead, b"c")
    found = dead.peek(2, 1 << 20)
    assert found is not None
    dead.settle(*found)
    dead.sweep(found[0])
    abandon(dead)
    heir, other = Spool(tmp_path, 1 << 20), Spool(tmp_path, 1 << 20)
    append(heir, b"d")
    assert (heir.adopt(), other.adopt()) == (1, 0)
    assert lines_of(heir) == [b"c", b"d"]
    assert (heir.adopted_total, heir.torn) == (1, 0)


@pytest.mark.parametrize("cut_off", [1, 5, 11, 12, 13, 40])
def test_a_torn_tail_is_cut_and_counted(tmp_path: Path, cut_off: int) -> None:
    dead = Spool(tmp_path, 1 << 20)
    append(dead, b"first")
    append(dead, b"second " * 5, b"third")
    abandon(dead)
    (segment,) = tmp_path.rglob("*.seg")
    os.truncate(segment, segment.stat().st_size - cut_off)
    heir = Spool(tmp_path, 1 << 20)
    adopted = heir.adopt()
    assert lines_of(heir) == [b"first"]
    assert (adopted, heir.adopted_total, heir.torn) == (3, 3, 2)


def line(number: int) -> bytes:
    return b'{"sessionId":"s","id":"%d"}' % number


def damaged(tmp_path: Path, place: int, value: bytes) -> Spool:
    """Return a spool with frames of one, two and three events; in the second one something is overwritten."""
    spool = Spool(tmp_path, 1 << 20)
    for numbers in ((1,), (2, 3), (4, 5, 6)):
        append(spool, *map(line, numbers))
    (segment,) = tmp_path.rglob("*.seg")
    begin = HEADER.size + len(line(1))
    with segment.open("r+b") as file:
        file.seek(begin + place)
        file.write(value)
    return spool


@pytest.mark.parametrize("place", range(HEADER.size))
@pytest.mark.parametrize("value", [b"\0", b"\xff"])
def test_a_damaged_header_costs_its_frame_alone(tmp_path: Path, place: int, value: bytes) -> None:
    dead = damaged(tmp_path, place, value)
    dead.close()
    heir = Spool(tmp_path, 1 << 20)
    assert heir.adopt() == heir.adopted_total == heir.count + heir.torn
    assert lines_of(heir) in ([line(1), line(4), line(5), line(6)], [line(number) for number in range(1, 7)])


def test_a_damaged_event_costs_its_frame_alone_and_counts(tmp_path: Path) -> None:
    dead = damaged(tmp_path, HEADER.size + 5, b"\xff")
    dead.close()
    heir = Spool(tmp_path, 1 << 20)
    assert heir.adopt() == 6
    assert lines_of(heir) == [line(1), line(4), line(5), line(6)]
    assert (heir.torn, heir.count) == (2, 0)


def test_what_is_damaged_under_a_living_process_costs_its_frame_alone_and_counts_once(tmp_path: Path) -> None:
    spool = damaged(tmp_path, HEADER.size + 5, b"\xff")
    assert lines_of(spool) + lines_of(spool) == [line(1), line(4), line(5), line(6)]
    assert (spool.torn, spool.count, spool.adopted_total) == (2, 0, 0)
    append(spool, line(7))
    assert spool.adopt() == 0
    assert lines_of(spool) == [line(7)]


def test_a_frame_that_fits_no_read_is_read_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 30)
    append(spool, b"x" * 9_000_000)
    append(spool, b"y")
    assert [len(line) for line in lines_of(spool, 1_000, 1 << 20)] == [9_000_000, 1]


def test_names_tell_neither_server_nor_key_and_each_destination_has_its_own(tmp_path: Path) -> None:
    one, other = destination(tmp_path, "https://a", "ph_key"), destination(tmp_path, "https://a", "ph_other")
    assert one != other
    assert "ph_key" not in str(one)


def test_others_cannot_read_what_is_spooled(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1 << 20)
    append(spool, b"secret")
    for path in (tmp_path / "spool").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_where_segments_cannot_be_made_events_wait_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    server = MemoryServer()
    recorder = server.recorder(spool_dir=tmp_path / "file" / "spool")
    session = recorder.session(feature="chat")
    session.record_user_action(action="a")
    assert recorder.flush(5)
    assert recorder.stats().unaccounted == 0
    assert recorder.stats().stored == 2
    recorder.shutdown(1)
    assert [record.levelname for record in caplog.records if "takes no events" in record.message] == ["WARNING"]


def test_a_spool_at_its_bound_drops_the_newest_and_says_why(tmp_path: Path) -> None:
    server = MemoryServer()
    server.away = True
    recorder = server.recorder(spool_dir=tmp_path, spool_bytes=100_000, queue_bytes=100_000)
    session = recorder.session(feature="chat")
    kept = 0
    for _ in range(20):
        kept += sum(bool(session.record_user_action(action="a", target="x" * 1_000)) for _ in range(50))
        recorder.flush(0.01)
    assert 100 < kept < 1_000
    assert recorder.stats().dropped["spool_full"] == 1_000 - kept
    server.resume()
    assert recorder.flush(10)
    stats = recorder.stats()
    recorder.shutdown(1)
    assert len(server.of_type("user_action")) == kept
    assert server.of_type("gap")[0]["data"]["count"] == 1_000 - kept
    assert stats.unaccounted == 0


def test_the_spool_of_another_recorder_that_is_gone_is_sent_without_recording_anything(tmp_path: Path) -> None:
    server = MemoryServer()
    server.away = True
    first = server.recorder(spool_dir=tmp_path)
    first.session(feature="chat", session_id="s").record_user_action(action="a")
    assert first.shutdown(0.2) is False
    assert first.stats().unaccounted == 0
    server.resume()
    second = server.recorder(spool_dir=tmp_path)
    assert server.wait_for(2)
    assert second.flush(5)
    assert (second.stats().adopted, second.stats().recorded, second.stats().unaccounted) == (2, 2, 0)
    second.shutdown(1)


def test_unreadable_segments_are_counted_as_torn(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20)
    append(spool, b"a", b"b")
    (segment,) = tmp_path.rglob("*.seg")
    os.truncate(segment, 3)
    assert lines_of(spool) == []
    assert (spool.torn, spool.count) == (2, 0)
    append(spool, b"c")
    assert lines_of(spool) == [b"c"]


def test_an_empty_directory_beside_them_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "1-abc").mkdir()
    (tmp_path / "a file").write_text("x")
    spool = Spool(tmp_path, 1 << 20)
    assert spool.adopt() == 0
    made = Segments.make(tmp_path)
    made.remove()
    assert not made.directory.exists()
