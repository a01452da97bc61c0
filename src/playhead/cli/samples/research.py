"""A research agent: a plan, tools inside it, one that fails and is got round, a second agent that checks the facts."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

QUESTION = (
    "Is it cheaper to heat our 140-year-old brick school in Ghent with a heat pump than with the present gas boiler?"
)
PLAN = (
    "1. Find current prices of gas and electricity for schools in Flanders.\n"
    "2. Find measured efficiency (SCOP) of heat pumps in old masonry buildings.\n"
    "3. Compute cost per kWh of heat for both.\n4. Have every figure checked."
)
REPORT = (
    "## Short answer\nYes, but only just at today's prices: **9.3 ct** per kWh of heat with a heat pump against **9.8 ct** "
    "with gas. With wall insulation the gap becomes clear (7.5 ct).\n\n"
    "| | gas boiler | heat pump | heat pump, insulated |\n|---|---|---|---|\n| efficiency | 0.88 | 2.9 | 3.6 |\n"
    "| ct per kWh of heat | 9.8 | 9.3 | 7.5 |\n\n"
    "What could turn it round: the network tariff for peak load, and the carbon price on gas from 2027."
)


def research() -> Tape:
    """Return the sample."""
    tape = Tape(
        "agent-heat-pump",
        feature="agent",
        label="Research: heat pump or gas for an old school",
        user="facilities-team",
        days_ago=0.9,
        tags=["agent", "research"],
        metadata={"agent": "scout", "budget_usd": 0.5},
        integration="agents-sdk",
        source="integration",
    )
    root = tape.new_id()
    tape.call(
        "gpt-5",
        "openai",
        [
            {"role": "system", "content": "You are Scout, a careful researcher. Plan first."},
            {"role": "user", "content": QUESTION},
        ],
        PLAN,
        seconds=11.8,
        first_s=10.4,
        tokens={"input": 131, "output": 842, "reasoning": 768},
    )
    _search(tape, root)
    _prices(tape, root)
    _check(tape, root)
    tape.call(
        "gpt-5",
        "openai",
        [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": PLAN},
            {"role": "user", "content": "Write the report."},
        ],
        REPORT,
        seconds=14.6,
        first_s=8.2,
        tokens={"input": 4210, "output": 1390, "reasoning": 960, "cached": 2048},
    )
    tape.close(
        "scout", kind="agent", seconds=tape.now_s, id=root, input=QUESTION, output={"sources": 5, "confidence": 0.8}
    )
    tape.wait(41.0)
    tape.action("copy", "report")
    return tape


def _search(tape: Tape, root: str) -> None:
    """Three searches at once: they end one after the other."""
    search, began_s = tape.new_id(), tape.now_s
    queries = (
        "electricity price school Flanders 2025",
        "gas tariff public building Flanders",
        "SCOP heat pump old masonry",
    )
    for query, until_s in zip(queries, (1.1, 1.6, 2.3), strict=True):
        tape.now_s = began_s + until_s
        tape.close(
            "web_search", kind="tool", seconds=until_s, parent=search, input={"query": query}, output={"hits": 10}
        )
    tape.close("gather sources", kind="chain", seconds=tape.now_s - began_s, parent=root, id=search)


def _prices(tape: Tape, root: str) -> None:
    prices, began_s = tape.new_id(), tape.now_s
    tape.step(
        "fetch_page",
        seconds=20.0,
        parent=prices,
        input={"url": "https://tariffs.example/flanders/2025.pdf"},
        error={"type": "ReadTimeout", "message": "no answer from tariffs.example within 20 s"},
    )
    tape.call(
        "gpt-5-mini",
        "openai",
        "The tariff document cannot be loaded. Which other page of the results is an official source?",
        "Result 4: the regulator's quarterly table. It has the same tariffs, one quarter older.",
        seconds=2.2,
        first_s=1.4,
    )
    tape.step(
        "fetch_page",
        seconds=1.4,
        parent=prices,
        input={"url": "https://regulator.example/quarterly/q2.html"},
        output={"status": 200, "characters": 18_402},
    )
    tape.step("calculator", seconds=0.01, parent=prices, input="0.0862 / 0.88", output=0.0980)
    tape.step("calculator", seconds=0.01, parent=prices, input="0.2697 / 2.9", output=0.0930)
    tape.close("find prices", kind="chain", seconds=tape.now_s - began_s, parent=root, id=prices)


def _check(tape: Tape, root: str) -> None:
    check, began_s = tape.new_id(), tape.now_s
    tape.step(
        "vector_store.query",
        kind="retrieval",
        seconds=0.36,
        parent=check,
        input={"query": "measured SCOP masonry school", "k": 3},
        output=[{"title": "Field trial of 38 heat pumps in listed buildings", "score": 0.88}],
    )
    tape.call(
        "gpt-5-mini",
        "openai",
        "Check: a SCOP of 2.9 without insulation, 3.6 with. Sources attached.",
        "2.9 is the median of the field trial (38 buildings, range 2.4 to 3.3). 3.6 is from a single building: say so.",
        seconds=4.9,
        first_s=3.7,
        tokens={"input": 2874, "output": 402, "reasoning": 320},
    )
    tape.close(
        "fact checker", kind="agent", seconds=tape.now_s - began_s, parent=root, id=check, output={"verdict": "holds"}
    )
