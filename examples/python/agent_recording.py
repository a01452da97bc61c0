"""Record an agent: a tree of steps, tools that run at the same time, one that fails. With asyncio.

A step may be recorded after its children: its id is made first, and they refer to it.
"""

import asyncio
import time
from collections.abc import Awaitable
from uuid import uuid4

from playhead import AsyncSessionRecording, AsyncSessionReplayClient


async def weather(city: str) -> str:
    """Stand in for a tool."""
    await asyncio.sleep(0.05)
    if city == "Atlantis":
        raise LookupError(f"no weather station in {city}")
    return f"{city}: 21 °C, dry"


async def traced(session: AsyncSessionRecording, name: str, parent: str, tool: Awaitable[str], **given: str) -> str:
    """Run a tool, and record it as a step: what went in, what came out, how long it took, what went wrong."""
    began = time.monotonic()
    output, error = "", None
    try:
        output = await tool
    except LookupError as failure:
        error = failure
    await session.record_step(
        name=name,
        kind="tool",
        parent_id=parent,
        input=given,
        output=output or None,
        error=error,
        status="error" if error else "completed",
        latency=(time.monotonic() - began) * 1000,
    )
    return output or f"failed: {error}"


async def main() -> None:
    async with (
        AsyncSessionReplayClient() as client,
        client.session(feature="agent", user_id="user_123", label="Where to go at the weekend?") as session,
    ):
        began, root = time.monotonic(), str(uuid4())
        question = "Lisbon, Oslo or Atlantis: where is the weather best?"
        await session.record_interaction(
            model="claude-sonnet-4-5",
            provider="anthropic",
            prompt=question,
            response="I will ask for the weather in all three.",
            tokens={"input": 19, "output": 11},
            latency=850,
        )
        cities = ("Lisbon", "Oslo", "Atlantis")
        reports = await asyncio.gather(*(traced(session, "weather", root, weather(city), city=city) for city in cities))
        await session.record_interaction(
            model="claude-sonnet-4-5",
            provider="anthropic",
            prompt=[{"role": "user", "content": question}, {"role": "user", "content": "\n".join(reports)}],
            response="Lisbon and Oslo are both dry. Atlantis has no weather station: take a boat.",
            tokens={"input": 64, "output": 21},
            latency=1240,
        )
        await session.record_step(
            id=root, name="plan weekend", kind="agent", latency=(time.monotonic() - began) * 1000, status="completed"
        )
    replay = await client_summary(session.session_id)
    print(replay)
    print("Watch it at", session.replay_url)


async def client_summary(session_id: str) -> str:
    """Read the tree back."""
    async with AsyncSessionReplayClient() as client:
        steps = [step async for step in client.get_events(session_id, types=["step"])]
    return "\n".join(f"{step['kind']:<6} {step['name']:<13} {step['status']}" for step in steps)


asyncio.run(main())
