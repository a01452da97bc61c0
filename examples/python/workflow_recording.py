"""Record a workflow of several steps, each timed by a `with` block; a run that fails ends with `error` by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playhead import SessionRecording, SessionReplayClient

INVOICES = {
    "inv-1": "Paper and ink, 120.50 EUR, due 2025-07-01",
    "inv-2": "Two office chairs, 389.00 EUR, due 2025-07-15",
    "inv-3": "(a scan of a cat)",
}


@contextmanager
def step(session: SessionRecording, name: str, kind: str, given: object) -> Iterator[dict[str, object]]:
    """Time a block and record it, also when it fails. What the block puts into the dict is recorded as its output."""
    began = time.monotonic()
    output: dict[str, object] = {}
    error: Exception | None = None
    try:
        yield output
    except Exception as failure:
        error = failure
        raise
    finally:
        session.record_step(
            name=name,
            kind=kind,
            input=given,
            output=output or None,
            error=error,
            status="error" if error else "completed",
            latency=(time.monotonic() - began) * 1000,
        )


def read_amount(session: SessionRecording, text: str) -> float:
    """Stand in for a model that reads an amount out of a text."""
    words = text.split(", ")
    session.record_interaction(
        model="gpt-4o-mini",
        provider="openai",
        prompt=f"Which amount does this invoice ask for? Number only.\n{text}",
        response=words[1] if len(words) > 1 else "There is no amount here.",
        tokens={"input": 28, "output": 6},
        latency=430,
    )
    return float(words[1].removesuffix(" EUR"))


def run(client: SessionReplayClient, name: str) -> str:
    with client.session(
        feature="workflow", user_id="accounting", label=f"Invoice {name}", tags=["invoices"]
    ) as session:
        with step(session, "load", "http", {"invoice": name}) as output:
            output["text"] = INVOICES[name]
        with step(session, "read amount", "chain", {"text": INVOICES[name]}) as output:
            output["amount"] = read_amount(session, INVOICES[name])
        with step(session, "book", "tool", output) as booked:
            booked["booking"] = f"B-{name}"
    return "booked"


with SessionReplayClient() as client:
    for name in INVOICES:
        try:
            outcome = run(client, name)
        except (IndexError, ValueError) as failure:
            outcome = f"failed: {failure}"
        print(f"{name}: {outcome}")

    failed = client.list_session_replays(feature="workflow", user_id="accounting", status="error", tags=["invoices"])
    print(f"{failed.pagination.total} to look at:", failed.data[0].replay_url)
