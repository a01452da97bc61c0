"""Recorders that keep account: what they sent, and what was acknowledged before the server went away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from tests.support.server import Server

BASE = "/api/session-replay"
BATCH = 20


@dataclass
class Account:
    """One recorder's book: ids by session, as sent and as acknowledged."""

    session_id: str
    sent: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)


def event(event_id: str) -> dict[str, Any]:
    """Return one interaction; its prompt is a conversation, so that messages and nodes are at stake too."""
    prompt = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Question {event_id}"}]
    data = {"model": "gpt-4o", "provider": "openai", "prompt": prompt, "response": "answer " * 40, "cost": 0.0001}
    return {"id": event_id, "type": "interaction", "data": data}


def single(client: httpx.Client, account: Account, number: int) -> None:
    """Record one event by a snapshot."""
    event_id = f"{account.session_id}-{number}"
    account.sent.append(event_id)
    answer = client.post(f"{BASE}/{account.session_id}/snapshot", json=event(event_id))
    if answer.status_code == 201:
        account.acknowledged.add(event_id)


def batch(client: httpx.Client, account: Account, number: int) -> None:
    """Record a batch of events in bulk."""
    ids = [f"{account.session_id}-{number}-{place}" for place in range(BATCH)]
    account.sent += ids
    body = {"events": [event(one) | {"sessionId": account.session_id} for one in ids]}
    answer = client.post(f"{BASE}/events", json=body)
    if answer.status_code == 200:
        assert answer.json()["data"]["accepted"] == BATCH
        account.acknowledged.update(ids)


def announced(client: httpx.Client, account: Account, number: int) -> None:
    """Announce a call, then complete it: acknowledged is what was completed."""
    event_id = f"{account.session_id}-{number}"
    account.sent.append(event_id)
    whole = event(event_id)
    early = {name: value for name, value in whole["data"].items() if name not in ("response", "cost")}
    answer = client.post(f"{BASE}/{account.session_id}/snapshot", json=whole | {"data": early | {"pending": True}})
    if answer.status_code == 201:
        answer = client.post(f"{BASE}/{account.session_id}/snapshot", json=whole)
        if answer.status_code == 201:
            assert answer.json()["data"]["accepted"] == 1
            account.acknowledged.add(event_id)


class Recorders:
    """Four threads that record until the server is gone; ``wait_for`` blocks until so many events are acknowledged."""

    def __init__(self, server: Server, accounts: list[Account]) -> None:
        self._server = server
        self._progress = threading.Condition()
        self._accounts = accounts
        kinds: list[Callable[[httpx.Client, Account, int], None]] = [single, batch, announced, batch]
        self._threads = [
            threading.Thread(target=self._record, args=(account, record))
            for account, record in zip(accounts, kinds, strict=True)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def wait_for(self, acknowledged: int) -> None:
        """Block until the recorders together have so many acknowledgements."""
        with self._progress:
            assert self._progress.wait_for(lambda: self._count() >= acknowledged, timeout=30)

    def _count(self) -> int:
        return sum(len(account.acknowledged) for account in self._accounts)

    def _record(self, account: Account, record: Callable[[httpx.Client, Account, int], None]) -> None:
        with self._server.client() as client:
            for number in range(1_000_000):
                try:
                    record(client, account, number)
                except httpx.TransportError:
                    return
                with self._progress:
                    self._progress.notify_all()


def stored_ids(client: httpx.Client, session_id: str) -> Iterator[str]:
    """Yield the ids of every event of a session."""
    return (one["id"] for one in stored(client, session_id))


def pending_ids(client: httpx.Client, session_id: str) -> set[str]:
    """Return the ids of the calls of a session that were announced and not completed."""
    return {one["id"] for one in stored(client, session_id) if one.get("pending")}


def stored(client: httpx.Client, session_id: str) -> Iterator[dict[str, Any]]:
    """Yield every event of a session, page by page."""
    after: int | None = 0
    while after is not None:
        page = client.get(f"{BASE}/{session_id}/events", params={"after": after, "limit": 1000})
        assert page.status_code == 200, page.text
        body = page.json()
        yield from body["data"]
        after = body["next"]
