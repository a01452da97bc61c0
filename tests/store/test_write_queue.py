"""The queue: each project's order is kept, projects take turns, and a project that fills its part is refused alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from playhead.errors import StoreBusy
from playhead.store.write_queue import GROUP_CHANGES, Write, WriteQueue


class Committed:
    """Takes down what is committed, group by group, once it has been released."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.release = threading.Event()
        self.entered = threading.Event()

    def __call__(self, group: list[Write[Any]]) -> None:
        self.entered.set()
        assert self.release.wait(30)
        self.groups.append([str(write.description) for write in group])
        for write in group:
            write.outcome = write.description


@pytest.fixture
def committed() -> Committed:
    return Committed()


@pytest.fixture
def queue(committed: Committed) -> Iterator[WriteQueue]:
    """A queue of at most 3,000 changes or 100,000 bytes, whose writer is held inside a first write."""
    made = WriteQueue(committed, lambda: None, max_changes=3000, max_bytes=100_000)
    made.put(write("first", None, changes=0))
    assert committed.entered.wait(30)
    yield made
    committed.release.set()
    made.close()


def write(name: str, project: int | None, changes: int = 1, size_bytes: int = 0) -> Write[str]:
    return Write(lambda _: name, name, changes, size_bytes, project)


def fill(queue: WriteQueue, project: int, changes: int) -> int:
    """Queue writes of a project until it is refused; return how many were taken."""
    for taken in range(10_000):
        try:
            queue.put(write(f"{project}-{taken}", project, changes))
        except StoreBusy:
            return taken
    raise AssertionError("never refused")


def test_projects_take_turns_and_each_keeps_its_order(queue: WriteQueue, committed: Committed) -> None:
    futures = [queue.put(write(f"a{number}", 1)) for number in range(5)]
    futures += [queue.put(write(f"b{number}", 2)) for number in range(2)]
    committed.release.set()
    for future in futures:
        future.result(30)
    assert committed.groups == [["first"], ["a0", "b0", "a1", "b1", "a2", "a3", "a4"]]


def test_a_flood_is_refused_while_others_are_taken_and_stand_in_the_next_group(
    queue: WriteQueue, committed: Committed
) -> None:
    taken = fill(queue, 1, 100)
    assert taken == 15
    futures = [queue.put(write(f"quiet-{number}", 2)) for number in range(3)]
    committed.release.set()
    for future in futures:
        future.result(30)
    queue.close()
    following = committed.groups[1]
    assert [name for name in following if name.startswith("quiet")] == ["quiet-0", "quiet-1", "quiet-2"]
    assert len(following) <= GROUP_CHANGES / 100 + 4
    assert sum(map(len, committed.groups)) == 1 + taken + 3


def test_a_refusal_says_how_much_the_project_has_queued(queue: WriteQueue) -> None:
    fill(queue, 1, 100)
    with pytest.raises(StoreBusy) as refused:
        queue.put(write("more", 1))
    assert refused.value.details == {"queued": 1500, "queuedBytes": 0, "queuedOfProject": 1500}


def test_bytes_are_bounded_for_each_project_too(queue: WriteQueue) -> None:
    queue.put(write("large", 1, size_bytes=50_000))
    with pytest.raises(StoreBusy):
        queue.put(write("more", 1, size_bytes=1000))
    queue.put(write("other", 2, size_bytes=40_000))


def test_the_queue_is_not_full_for_others_while_one_project_has_its_part(queue: WriteQueue) -> None:
    fill(queue, 1, 100)
    queue.check()
    fill(queue, 2, 1)
    fill(queue, 3, 1)
    queue.check()


def test_what_is_given_back_can_be_taken_again(queue: WriteQueue, committed: Committed) -> None:
    last = queue.put(write("last", 1, changes=1500))
    with pytest.raises(StoreBusy):
        queue.put(write("more", 1))
    committed.release.set()
    last.result(30)
    assert queue.put(write("again", 1)).result(30) == "again"
    assert queue.gauges() == {"queue_depth": 0, "queue_bytes": 0}
