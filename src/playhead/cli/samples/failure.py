"""A session that fails: refused for its rate three times, cut off once, then given up."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

PROMPT = [
    {"role": "system", "content": "Translate release notes into German, French and Polish. Keep product names."},
    {"role": "user", "content": "Version 4.2: faster sync, dark mode on tablets, and a fix for duplicated reminders."},
]


def failure() -> Tape:
    """Return the sample."""
    tape = Tape(
        "error-rate-limit",
        feature="workflow",
        label="Release notes 4.2: translation failed",
        user="release-bot",
        days_ago=0.55,
        tags=["ci", "translation"],
        metadata={"pipeline": 48213, "attempts": 5},
    )
    job = tape.new_id()
    began_s = tape.now_s
    tape.step("collect notes", kind="chain", seconds=0.2, parent=job, output={"lines": 3})
    _try_again(tape)
    tape.wait(8.0)
    _try_another_model(tape)
    tape.close(
        "translate",
        kind="chain",
        seconds=tape.now_s - began_s,
        id=job,
        error={"type": "GaveUp", "message": "5 attempts on 2 models, no complete translation"},
    )
    tape.note("user_action", {"action": "page", "target": "on-call", "metadata": {"channel": "#release"}})
    tape.status = "error"
    return tape


def _try_again(tape: Tape) -> None:
    for attempt, pause_s in enumerate((1.0, 2.1, 4.4), start=1):
        tape.call(
            "claude-sonnet-4-5",
            "anthropic",
            PROMPT,
            None,
            seconds=0.31,
            error={
                "type": "rate_limit_error",
                "status": 429,
                "message": "Number of request tokens has exceeded your rate limit",
            },
            requestMetadata={"attempt": attempt},
            responseMetadata={"retryAfter": pause_s},
        )
        tape.wait(pause_s)
    tape.call(
        "claude-sonnet-4-5",
        "anthropic",
        PROMPT,
        "Version 4.2: schnellere Synchronisierung, dunkler Modus auf Tablets und eine Korrektur für doppelte Erinn",
        seconds=9.8,
        first_s=0.9,
        error={"type": "connection_error", "message": "peer closed connection without sending complete message body"},
        requestMetadata={"attempt": 4},
    )


def _try_another_model(tape: Tape) -> None:
    tape.call(
        "mistral-large-latest",
        "mistral",
        PROMPT,
        None,
        seconds=30.0,
        error={"type": "TimeoutError", "message": "the fallback model did not answer within 30 s"},
        requestMetadata={"attempt": 5, "fallback": True},
    )
