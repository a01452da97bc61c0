"""Shares and their tickets by a clock that the tests move: what ends, ends on time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.errors import ShareNotFound, TooManyRequests
from playhead.model.requests import ShareRequest
from playhead.model.session import NewSession
from playhead.server.attempts import AT_ONCE, MOST_SHARES, REFILL_US, Attempts
from playhead.server.shares import SECOND_US, TICKET_S, Shares, Visit
from playhead.server.signing import Signer
from playhead.store.sqlite.store import SqliteStore, open_sqlite

SECRET = bytes(32)
T0 = 1_700_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_sqlite(tmp_path)
    store.ensure_project("p", T0)
    store.start_session(1, NewSession(id="s", feature="chat", started_us=T0), T0).result()
    yield store
    store.close()


def at(store: SqliteStore, seconds: float) -> Shares:
    return Shares(store, SECRET, T0 + int(seconds * SECOND_US))


def opened(shares: Shares, visit: Visit) -> str:
    """Open a link, and return the ticket."""
    admission = shares.admit(visit, opening=True)
    assert admission.is_view
    return shares.count(admission.share)


def test_the_last_view_is_counted_once(store: SqliteStore) -> None:
    _, token = at(store, 0).make(1, "s", ShareRequest(max_views=1), os.urandom)
    first, second = (at(store, 0).admit(Visit(token), opening=True) for _ in range(2))
    assert at(store, 0).count(first.share)
    with pytest.raises(ShareNotFound):
        at(store, 0).count(second.share)


def test_a_link_and_its_tickets_end_when_it_expires(store: SqliteStore) -> None:
    _, token = at(store, 0).make(1, "s", ShareRequest(expires_in=60), os.urandom)
    ticket = opened(at(store, 59.9), Visit(token))
    assert not at(store, 59.9).admit(Visit(token, ticket=ticket), opening=False).is_view
    for visit in (Visit(token), Visit(token, ticket=ticket)):
        with pytest.raises(ShareNotFound):
            at(store, 60).admit(visit, opening=False)
    assert at(store, 59.9).still_lasts(token)
    assert not at(store, 60).still_lasts(token)


def test_a_ticket_ends_and_the_next_look_is_an_opening_again(store: SqliteStore) -> None:
    share, token = at(store, 0).make(1, "s", ShareRequest(), os.urandom)
    ticket = opened(at(store, 0), Visit(token))
    assert not at(store, TICKET_S - 1).admit(Visit(token, ticket=ticket), opening=False).is_view
    assert at(store, TICKET_S).admit(Visit(token, ticket=ticket), opening=False).is_view
    opened(at(store, TICKET_S), Visit(token))
    assert [each.views for each in store.list_shares(1, "s") if each.id == share.id] == [2]


def test_a_ticket_says_nothing_of_the_session_and_no_other_server_takes_it(store: SqliteStore) -> None:
    _, token = at(store, 0).make(1, "s", ShareRequest(max_views=1), os.urandom)
    ticket = opened(at(store, 0), Visit(token))
    foreign = Shares(store, bytes(31) + b"x", T0)
    with pytest.raises(ShareNotFound):
        foreign.admit(Visit(token, ticket=ticket), opening=False)
    assert Signer(SECRET, "share unlocked").open(ticket) is None
    assert Signer(SECRET, "share ticket").open(ticket) is not None


def test_the_token_and_password_are_nowhere_in_the_store(store: SqliteStore, tmp_path: Path) -> None:
    wanted = ShareRequest(access_level="password", password="open sesame")
    share, token = at(store, 0).make(1, "s", wanted, os.urandom)
    assert (share.password_hash or "").startswith("$argon2id$")
    store.check_writable()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert share.id.encode() in kept
    assert token.encode() not in kept
    assert b"open sesame" not in kept


def test_attempts_come_back_one_by_one() -> None:
    attempts = Attempts()
    for _ in range(AT_ONCE):
        attempts.spend("a", T0)
    with pytest.raises(TooManyRequests):
        attempts.spend("a", T0)
    attempts.spend("b", T0)
    with pytest.raises(TooManyRequests):
        attempts.spend("a", T0 + REFILL_US - 1)
    attempts.spend("a", T0 + REFILL_US)
    attempts.give_back("a")
    attempts.spend("a", T0 + REFILL_US)


def test_attempts_forget_whom_nobody_tries_any_more() -> None:
    attempts = Attempts()
    for number in range(MOST_SHARES + 100):
        attempts.spend(f"{number}", T0 + number * REFILL_US)
    assert len(attempts._full_at_us) <= MOST_SHARES
