"""A large recording for benchmarks of reading: the same sessions for the same seed, in a directory or any store.

``python -m benchmarks.dataset 50000 /var/tmp/playhead`` makes one ahead of time. A data set is kept and used again:
whoever wants to write into it takes a copy. What varies between sessions does so as it would in use: few users record
much, few models are called often, errors are rare, costs and durations spread over magnitudes.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import chain
from pathlib import Path
from typing import Any, Final

from benchmarks.vocabulary import Vocabulary
from playhead.model.event import Call, NewEvent
from playhead.model.results import Outcome
from playhead.model.session import EndStatus, NewSession, SessionEnd, SessionPatch, Source
from playhead.server.keyring import DEFAULT_PROJECT
from playhead.store.base import SessionChange, Store
from playhead.store.sqlite.store import open_sqlite

VERSION: Final = 1
"""Part of a data set's name; to be raised with every change to what is made."""
CALLS: Final = 20
SEED: Final = 7
SIZE_BYTES: Final = 2700
FIRST_US: Final = 1_752_000_000_000_000
DAYS: Final = 90
DAY_US: Final = 86_400_000_000
LONG_S: Final = 2_000_000_000
TOGETHER: Final = 60
UNDER_WAY: Final = 4

USERS, WORKSPACES = 3_000, 40
FEATURES: Final = ("chat", "agent", "workflow", "notebook", "experimentation")
MODELS: Final = (
    ("gpt-4o", "openai", 2_500),
    ("gpt-4o-mini", "openai", 150),
    ("claude-sonnet-4", "anthropic", 3_000),
    ("claude-haiku", "anthropic", 800),
    ("gemini-2.5-pro", "google", 1_250),
    ("llama-3.3-70b", "groq", 590),
    ("mistral-large", "mistral", 2_000),
    ("deepseek-r1", "deepseek", 550),
)
"""Name, provider, nano-dollars a token."""
TAGS: Final = ("prod", "beta", "web", "mobile", "eu", "us", "vip", "trial", "batch", "night", "canary", "legacy")
SOURCES: Final[tuple[Source, ...]] = ("in-app", "integration", "telemetry")
PLANS: Final = ("free", "pro", "team", "enterprise")
LABELS: Final = ("Support", "Checkout", "Onboarding", "Nightly report", "Code review")


def dataset(sessions: int, root: Path, *, seed: int = SEED) -> Path:
    """Return the data directory of a SQLite store with so many sessions of 20 calls each, made when it is not there."""
    data_dir = root / f"playhead-{VERSION}-{seed}-{sessions}"
    if data_dir.is_dir():
        return data_dir
    making = data_dir.with_suffix(".part")
    shutil.rmtree(making, ignore_errors=True)
    store = open_sqlite(making)
    try:
        project = store.ensure_project(DEFAULT_PROJECT, FIRST_US).no
        store.set_timeout(project, LONG_S)  # what is active stays so, whenever the data set is used
        fill(store, project, sessions, seed=seed)
        assert store.wait_for_index(3600)
    finally:
        store.close()
    return making.rename(data_dir)


def fill(store: Store, project: int, sessions: int, *, seed: int = SEED) -> None:
    """Record so many sessions into a project of any engine, in order of their start."""
    vocabulary = Vocabulary(seed)
    under_way: deque[Future[list[Outcome]]] = deque()
    for first in range(0, sessions, TOGETHER):
        numbers = range(first, min(first + TOGETHER, sessions))
        changes = list(chain.from_iterable(session(vocabulary, seed, n, sessions) for n in numbers))
        under_way.append(store.apply(project, changes, _last_us(changes)))
        if len(under_way) > UNDER_WAY:
            _check(under_way.popleft().result())
    for future in under_way:
        _check(future.result())
    for n in range(0, sessions, 53):
        store.patch_session(project, session_id(n), SessionPatch(bookmarked=True), FIRST_US + DAYS * DAY_US).result()


def session_id(number: int) -> str:
    """Return the id of a session by its number."""
    return f"session-{number:08d}"


def session(vocabulary: Vocabulary, seed: int, number: int, sessions: int) -> list[SessionChange]:
    """Return the start, the calls and (but for a few) the end of one session; the same for the same arguments."""
    chance = random.Random(seed << 32 | number)
    started_us = FIRST_US + DAYS * DAY_US * number // sessions + chance.randrange(3_600_000_000)
    id_ = session_id(number)
    model = chance.choices(MODELS, (40, 25, 12, 9, 6, 4, 3, 1))[0]
    pace_s = chance.lognormvariate(2, 1)
    fails = chance.random() < 0.08
    changes: list[Any] = [_start(chance, id_, started_us)]
    at_us = started_us
    for place in range(CALLS):
        at_us += int(pace_s * 1_000_000 * (0.5 + chance.random()))
        used = model if chance.random() < 0.9 else chance.choice(MODELS)
        error = fails and place % 9 == 5
        changes.append(_call(vocabulary, chance, f"{number:08x}{place:04x}", at_us, used, error=error))
    if number < sessions - 40:
        status: EndStatus = "error" if fails and chance.random() < 0.4 else "completed"
        changes.append(SessionEnd(status, at_us + 1_000_000))
    return [SessionChange(id_, change) for change in changes]


def _start(chance: random.Random, id_: str, started_us: int) -> NewSession:
    return NewSession(
        id=id_,
        feature=chance.choices(FEATURES, (50, 25, 12, 8, 5))[0],
        started_us=started_us,
        user_id=f"user-{min(USERS, int(chance.paretovariate(0.5))):04d}" if chance.random() < 0.95 else None,
        label=f"{chance.choice(LABELS)} {chance.randrange(500)}" if chance.random() < 0.5 else None,
        source=chance.choices(SOURCES, (80, 15, 5))[0],
        workspace_id=f"workspace-{chance.randrange(WORKSPACES):02d}" if chance.random() < 0.5 else None,
        tags=[tag for rank, tag in enumerate(TAGS) if chance.random() < 0.6 / (rank + 1)],
        metadata={"plan": chance.choice(PLANS), "build": chance.randrange(2_000), "beta": chance.random() < 0.1},
    )


def _call(
    vocabulary: Vocabulary, chance: random.Random, id_: str, at_us: int, model: tuple[str, str, int], *, error: bool
) -> NewEvent:
    name, provider, price = model
    tokens_in, tokens_out = 200 + chance.randrange(400), 100 + chance.randrange(500)
    latency_ms = round(chance.lognormvariate(6.8, 0.6), 1)
    half = (SIZE_BYTES - 420) // 2
    data: dict[str, Any] = {
        "model": name,
        "provider": provider,
        "prompt": vocabulary.text(chance, half),
        "response": vocabulary.text(chance, half),
        "tokens": {"input": tokens_in, "output": tokens_out},
        "latency": latency_ms,
        "timeToFirstToken": round(latency_ms / 4, 1),
        "parameters": {"temperature": 0.7, "max_tokens": 500},
        "requestMetadata": {"endpoint": "/v1/chat/completions", "stream": True},
        "responseMetadata": {"id": f"chatcmpl-{chance.getrandbits(96):024x}", "finishReason": "stop"},
    }
    if error:
        data["error"] = {"type": "rate_limit", "message": "Too many requests"}
    return NewEvent(
        id=id_,
        type="interaction",
        timestamp_us=at_us,
        received_us=at_us,
        data=data,
        error=error,
        latency_ms=latency_ms,
        call=Call(
            model=name,
            provider=provider,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_nanos=price * (tokens_in + 4 * tokens_out),
            cost_source="computed",
            latency_ms=latency_ms,
            first_token_ms=data["timeToFirstToken"],
        ),
        size_bytes=SIZE_BYTES,
    )


def _last_us(changes: Sequence[SessionChange]) -> int:
    return max(each.change.timestamp_us for each in changes if isinstance(each.change, NewEvent))


def _check(outcomes: Sequence[Outcome]) -> None:
    for outcome in _failed(outcomes):
        raise SystemExit(f"a change was not stored: {outcome.code}: {outcome.message}")


def _failed(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    return (outcome for outcome in outcomes if outcome.code is not None)


if __name__ == "__main__":
    print(dataset(int(sys.argv[1]), Path(sys.argv[2])))
