"""What is huge comes back as it went in: payloads of megabytes, batches of thousands, prompts of hundreds of turns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.build import EVERY, T0, Engine, action, found, interaction, new_event, new_session
from tests.store.conftest import ENGINES
from tests.store.test_against_model import hits

from playhead.model.event import NewEvent
from playhead.store.memory import MemoryStore

MEBIBYTE = 1 << 20
BATCH = 5_000
MESSAGES = 300
TURNS = 20
OTHERS = [name for name in ENGINES if name != "memory"]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(params=OTHERS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, MemoryStore]]:
    """An engine and the model, each with a session in its first project."""
    engine, model = ENGINES[request.param](tmp_path / "data"), MemoryStore()
    for store in (engine, model):
        assert store.ensure_project("p", T0).no == 1
        store.start_session(1, new_session(), T0).result()
    yield engine, model
    engine.close()


def append(pair: tuple[Engine, MemoryStore], events: list[NewEvent]) -> None:
    """Append the same to both, and compare what they say."""
    said = [store.append(1, "s1", events, T0).result(60) for store in pair]
    assert said[0] == said[1]


def compare(pair: tuple[Engine, MemoryStore], *queries: str) -> None:
    """Compare what both say of the session, a page at a time."""
    engine, model = pair
    assert engine.wait_for_index(60)
    assert engine.get_session(1, "s1") == model.get_session(1, "s1")
    assert engine.get_marks(1, "s1") == model.get_marks(1, "s1")
    assert engine.stats(1, EVERY) == model.stats(1, EVERY)
    for query in queries:
        assert hits(engine, 1, query, EVERY) == hits(model, 1, query, EVERY)
    after: int | None = 0
    while after is not None:
        page, expected = (store.get_events(1, "s1", after=after, limit=700) for store in pair)
        assert page.next == expected.next
        for event, other in zip(page.events, expected.events, strict=True):
            assert event == other
        after = page.next


def noise(size: int, seed: int) -> str:
    """Return words that compress badly, of every script."""
    rolled = random.Random(seed)
    letters = 'abcdefghijklmnopqrstuvwxyzäöüßéñçабвгджзиклмнпрст東京都大阪日本語 \n\t"\\{}[]🚀'
    return "".join(rolled.choices(letters, k=size))


@pytest.mark.parametrize("size", [MEBIBYTE - 1, 3 * MEBIBYTE])
def test_payloads_of_megabytes(pair: tuple[Engine, MemoryStore], size: int) -> None:
    said = noise(size, 1) + " needle"
    deep: Any = "thimble"
    for _ in range(60):
        deep = [deep]
    append(
        pair,
        [
            interaction("i", prompt=said, response="short"),
            interaction("j", prompt=[{"role": "user", "content": said}], response=noise(size, 2)),
            interaction("k", prompt=[{"role": "user", "content": said}], response=said, at=1),
            new_event(
                "w", "workspace_state", {"settings": {f"key {n}": n for n in range(20_000)}, "environment": deep}
            ),
        ],
    )
    compare(pair)
    assert found(pair[0], 1, "needle") == {("s1", 1), ("s1", 2), ("s1", 3)}
    assert found(pair[0], 1, "thimble") == {("s1", 4)}


def test_batches_of_thousands(pair: tuple[Engine, MemoryStore]) -> None:
    rolled = random.Random(3)
    events = [
        interaction(f"i{n}", at=rolled.randrange(BATCH), model=f"model {n % 7}", response=f"word{n} common")
        if n % 3
        else action(f"a{n}", at=rolled.randrange(BATCH), target=f"button {n % 50}")
        for n in range(BATCH)
    ]
    append(pair, events)
    append(pair, [*events[::-1], *(action(f"b{n}") for n in range(BATCH // 2))])
    compare(pair, "word4999", '"button 17"', "word49*")


def test_prompts_of_hundreds_of_messages(pair: tuple[Engine, MemoryStore]) -> None:
    history = [{"role": "user", "content": f"message number{n} {noise(200, n)}"} for n in range(MESSAGES)]
    for turn in range(TURNS):
        history.append({"role": "assistant", "content": f"turn{turn} said"})
        branch = [*history[: MESSAGES // 2], {"role": "user", "content": f"aside{turn}"}]
        append(pair, [interaction(f"i{turn}", at=turn, prompt=list(history)), interaction(f"j{turn}", prompt=branch)])
    compare(pair, "number299", "turn19", "aside7", "said")
