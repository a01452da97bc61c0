"""What is recorded in a fault run, and the account at its end: on the recorder's side, and on the server's.

recorded = stored + dropped + rejected + still in the spool
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from playhead.record._accounts import RecorderStats
from playhead.record.recorder import Recorder
from playhead.record.session import Session

QUIET_S = 5.0


@dataclass
class Story:
    """What was recorded: by session, the ids that ``emit`` returned; ``given`` counts every call."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    given: int = 0

    def tell(
        self, recorder: Recorder, dice: random.Random, *, sessions: int = 2, events: int = 40, announced: bool = True
    ) -> None:
        """Record sessions, each on a thread of its own, with ``events`` events each; some are announced first."""
        seeds = [dice.random() for _ in range(sessions)]
        threads = [threading.Thread(target=self._session, args=(recorder, seed, events, announced)) for seed in seeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive(), "recording blocked its caller"

    def _session(self, recorder: Recorder, seed: float, events: int, announced: bool) -> None:
        dice = random.Random(seed)
        calls = events + 2
        with recorder.session(feature="chat") as session:
            ids = self.ids.setdefault(session.session_id, [])
            for number in range(events):
                if announced and dice.random() < 0.2:
                    calls += 1
                    with session.interaction(model="gpt-4o", prompt=f"Question {number}") as call:
                        call.complete(response="answer " * dice.randrange(1, 60))
                    ids.append(call.id)
                else:
                    event_id = one(session, number, dice)
                    ids.extend([event_id] if event_id else [])
        with _counting:
            self.given += calls


_counting = threading.Lock()


def one(session: Session, number: int, dice: random.Random) -> str:
    """Record one event of some kind."""
    kinds: list[Callable[[], str]] = [
        lambda: session.record_interaction(model="gpt-4o", prompt=f"Question {number}", response="word " * 100),
        lambda: session.record_user_action(action=f"click {number}"),
        lambda: session.record_step(name="search", kind="tool", input={"q": number}, output=["found"] * 20),
        lambda: session.record_feedback(score=1, comment="gut " * 10),
    ]
    return dice.choice(kinds)()


def quiet(recorder: Recorder) -> RecorderStats:
    """Return the account at a quiet moment, at which the equation has to hold."""
    resting = threading.Event()
    deadline = time.monotonic() + QUIET_S
    while (stats := recorder.stats()).unaccounted and time.monotonic() < deadline:
        resting.wait(0.01)
    if not stats.unaccounted:
        return stats
    raise AssertionError(f"the account never balances: {stats}")


def settle(recorder: Recorder, story: Story, client: httpx.Client, timeout_s: float = 30) -> RecorderStats:
    """Flush, and hold the account to what the story gave and to what the server has. Nothing may be left."""
    quiet(recorder)
    assert recorder.flush(timeout_s), recorder.stats()
    stats = recorder.stats()
    assert stats.unaccounted == 0, stats
    assert (stats.queued, stats.spooled, stats.in_flight) == (0, 0, 0), stats
    assert stats.recorded == story.given + stats.gaps + stats.adopted, stats
    check_server(client, story, stats)
    return stats


def check_server(client: httpx.Client, story: Story, stats: RecorderStats) -> None:
    """The server has each event that was recorded, less what was rejected, once, in order, and says what is missing."""
    missing = 0
    for session_id, ids in story.ids.items():
        events = stored_events(client, session_id)
        there = [event["id"] for event in events]
        assert len(there) == len(set(there)), "stored twice"
        kept = [event_id for event_id in ids if event_id in set(there)]
        missing += len(ids) - len(kept)
        assert [event["id"] for event in events if event["type"] != "gap"] == kept, "in another order, or from nowhere"
    assert missing == sum(stats.rejected.values()), stats


def stored_events(client: httpx.Client, session_id: str) -> list[dict[str, Any]]:
    """Return every event of a session, with ids and types; none where there is no such session."""
    after: int | None = 0
    events: list[dict[str, Any]] = []
    while after is not None:
        page = client.get(f"/api/session-replay/{session_id}/events", params={"after": after, "limit": 1000})
        if page.status_code == 404:
            return []
        assert page.status_code == 200, page.text
        events += page.json()["data"]
        after = page.json()["next"]
    return events


def told_gaps(client: httpx.Client, story: Story) -> Counter[str]:
    """Return what the server's gap events say was lost, by reason."""
    told: Counter[str] = Counter()
    for session_id in story.ids:
        for event in stored_events(client, session_id):
            if event["type"] == "gap":
                told.update(event["reasons"])
    return told
