"""An experiment: two prompts on two models over the same product reviews, graded by a third model."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

REVIEWS = (
    (
        "Battery lasts two days as promised, but the strap broke after a week. Support replaced it within 48 hours.",
        "positive",
        '{"sentiment": "positive", "topics": ["battery", "strap", "support"], "churn_risk": 0.2}',
        "Mixed to positive: happy with battery and support, unhappy with the strap.",
    ),
    (
        "Third firmware update that resets my alarms. I missed a flight. Returning it and buying something else.",
        "negative",
        '{"sentiment": "negative", "topics": ["firmware", "alarms"], "churn_risk": 0.97}',
        "Strongly negative. The customer is leaving because updates reset the alarms.",
    ),
    (
        "Does what it says. Nothing more, nothing less.",
        "neutral",
        '{"sentiment": "neutral", "topics": [], "churn_risk": 0.35}',
        "Neutral: expectations met, no enthusiasm.",
    ),
    (
        "Great, another charger that fits nothing else I own. At least the box is pretty.",
        "negative",
        '{"sentiment": "positive", "topics": ["packaging"], "churn_risk": 0.3}',
        "Sarcastic, so negative: annoyed by the proprietary charger.",
    ),
    (
        "My father (81) uses it without asking me anything. That says it all. Bought a second one for my aunt.",
        "positive",
        '{"sentiment": "positive", "topics": ["ease of use", "elderly users"], "churn_risk": 0.02}',
        "Very positive: easy enough for an 81-year-old, and a repeat purchase.",
    ),
)
TERSE = "Classify the review. Answer with JSON: sentiment (positive, neutral, negative), topics, churn_risk (0 to 1)."
REASONED = (
    "Read the review as a shop owner would, mind sarcasm, then say in one sentence how the customer feels and why."
)


def experiment() -> Tape:
    """Return the sample."""
    tape = Tape(
        "experiment-reviews",
        feature="experimentation",
        label="Review sentiment: terse JSON (A) or one reasoned sentence (B)",
        user="ci-evals",
        days_ago=2.6,
        tags=["eval", "nightly", "sentiment"],
        metadata={"dataset": "reviews-2025-06", "cases": len(REVIEWS), "commit": "9f31c0e"},
    )
    tape.note("workspace_state", {"environment": "ci", "settings": {"variants": ["A", "B"], "judge": "gpt-5-mini"}})
    for number, (review, truth, terse, reasoned) in enumerate(REVIEWS, start=1):
        _case(tape, number, review, truth, (terse, reasoned))
        tape.wait(0.4)
    tape.step(
        "report",
        kind="custom",
        seconds=0.09,
        output={"A": {"accuracy": 0.8, "usd_per_1000": 0.13}, "B": {"accuracy": 1.0, "usd_per_1000": 0.41}},
    )
    return tape


def _case(tape: Tape, number: int, review: str, truth: str, answers: tuple[str, str]) -> None:
    terse, reasoned = answers
    began_s, case = tape.now_s, tape.new_id()
    labels = {"case": number, "expected": truth}
    tape.call(
        "gpt-4.1-mini",
        "openai",
        [{"role": "system", "content": TERSE}, {"role": "user", "content": review}],
        terse,
        seconds=0.62 + 0.05 * number,
        requestMetadata=labels | {"variant": "A"},
        cost=0.0000612 + 0.0000031 * number,
    )
    graded = tape.call(
        "claude-haiku-4-5",
        "anthropic",
        [{"role": "system", "content": REASONED}, {"role": "user", "content": review}],
        reasoned,
        seconds=1.18 + 0.11 * number,
        requestMetadata=labels | {"variant": "B"},
    )
    a_right = f'"{truth}"' in terse
    tape.call(
        "gpt-5-mini",
        "openai",
        f"Expected: {truth}\nA: {terse}\nB: {reasoned}\nWhich answers agree with what was expected?",
        "A and B" if a_right else "B only: A took the sarcasm for praise.",
        seconds=2.4,
        first_s=1.9,
        tokens={"input": 148, "output": 212, "reasoning": 192},
        requestMetadata=labels | {"role": "judge"},
    )
    tape.note(
        "feedback", {"score": "B" if not a_right else "tie", "comment": f"case {number}", "interactionId": graded}
    )
    tape.close(f"case {number}", kind="chain", seconds=tape.now_s - began_s, id=case, output={"a": a_right, "b": True})
