"""A coding agent's trace: it reads, changes, breaks a test, reads again and mends it. Everything is reported to the cent."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

ISSUE = "Invoices show 19.989999999999998 as a total. Please round amounts to cents when they are shown."
BEFORE = "def total(lines):\n    return sum(line.price * line.count for line in lines)\n"
FIRST_TRY = "def total(lines):\n    return round(sum(line.price * line.count for line in lines), 2)\n"
AFTER = (
    "from decimal import Decimal\n\nCENT = Decimal('0.01')\n\n\ndef total(lines):\n"
    "    return sum((line.price * line.count for line in lines), Decimal()).quantize(CENT)\n"
)
TURNS = (
    (
        "I'll look for where the total is computed.",
        2.1,
        ("grep", {"pattern": "def total"}, "billing/invoice.py:41", None),
        None,
    ),
    ("Reading it and its tests.", 1.6, ("read_file", {"path": "billing/invoice.py"}, BEFORE, None), BEFORE),
    (
        "A round() where the sum is made is the smallest change. Then the tests.",
        3.4,
        ("edit_file", {"path": "billing/invoice.py"}, "1 line changed", None),
        FIRST_TRY,
    ),
    (
        "Running the tests.",
        0.9,
        (
            "run_tests",
            {"path": "tests/billing"},
            None,
            {"type": "AssertionError", "message": "test_half_cents: 2.67 != 2.68 (1 failed, 22 passed)"},
        ),
        None,
    ),
    (
        (
            "round() on binary floats rounds 2.675 down, because 2.675 is a little less than it looks. Rounding what is shown is "
            "not enough: amounts have to be decimals from the start. Prices are decimals in the database already, so the sum can be."
        ),
        6.2,
        ("edit_file", {"path": "billing/invoice.py"}, "6 lines changed", None),
        AFTER,
    ),
    ("Once more.", 0.8, ("run_tests", {"path": "tests/billing"}, "23 passed in 1.9s", None), None),
)


def coding() -> Tape:
    """Return the sample."""
    tape = Tape(
        "trace-invoice-bug",
        feature="agent_trace",
        label="Fix: invoice totals with too many digits",
        user="dev-agent",
        days_ago=6.2,
        tags=["agent", "coding"],
        metadata={"repository": "ledgerly/billing", "issue": 512, "branch": "fix/512-round-totals"},
        source="telemetry",
        integration="otel",
        workspace="ledgerly",
    )
    root = tape.new_id()
    messages: list[dict[str, object]] = [{"role": "user", "content": ISSUE}]
    for number, (thought, seconds, (tool, given, output, error), code) in enumerate(TURNS):
        call = tape.call(
            "claude-sonnet-4-5",
            "anthropic",
            list(messages),
            [
                {"type": "text", "text": thought},
                {"type": "tool_use", "id": f"toolu_{number:02d}", "name": tool, "input": given},
            ],
            seconds=seconds,
            first_s=seconds / 3,
            cost=round(0.0061 + 0.0023 * number, 4),
            responseMetadata={"stopReason": "tool_use"},
        )
        tape.step(tool, seconds=0.3 + number * 0.4, parent=call, input=given, output=output, error=error)
        if code is not None:
            tape.note("code_context", {"file": "billing/invoice.py", "snippet": code, "language": "python"})
        messages.append({"role": "assistant", "content": thought})
        messages.append({"role": "user", "content": f"{tool}: {output or error}"})
    tape.call(
        "claude-sonnet-4-5",
        "anthropic",
        messages,
        "Done. Totals are decimals now, quantised to cents once, at the end; 2.675 becomes 2.68. All 23 tests pass.",
        seconds=2.7,
        first_s=0.8,
        cost=0.0214,
    )
    tape.close("issue 512", kind="agent", seconds=tape.now_s, id=root, input=ISSUE, output={"tests": "23 passed"})
    return tape
