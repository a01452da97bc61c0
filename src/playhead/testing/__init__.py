"""For tests of applications that record: servers that are memory, a clock that stands still, ids that count.

Did the application record what it should? ``MemoryServer`` keeps what it is sent, and fails as it is told to:

    from playhead.testing import MemoryServer

    server = MemoryServer()
    recorder = server.recorder()
    with recorder.session(feature="chat") as session:
        session.record_interaction(model="gpt-4o", prompt="Hello", response="Hi")
    assert recorder.flush(5)
    assert server.of_type("interaction")[0]["data"]["prompt"] == "Hello"

Is it found, counted and priced as expected? ``MemoryPlayhead`` is a whole server over ``MemoryStore``:

    from playhead.testing import MemoryPlayhead

    with MemoryPlayhead() as playhead, playhead.client() as client:
        with client.session(feature="chat") as session:
            session.record_interaction(model="gpt-4o", prompt="Hello", response="Hi")
        assert client.stats().total_interactions == 1

Each is public and stays as it is. Nothing here opens a socket or a file.
"""

from __future__ import annotations

from playhead.store.memory import MemoryStore
from playhead.testing.fakes import FakeClock, IdSequence
from playhead.testing.receiver import MemoryServer, MemoryTransport, answered, lost
from playhead.testing.whole import MemoryPlayhead

__all__ = [
    "FakeClock",
    "IdSequence",
    "MemoryPlayhead",
    "MemoryServer",
    "MemoryStore",
    "MemoryTransport",
    "answered",
    "lost",
]
