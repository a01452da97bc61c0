"""Record an experiment: two prompts against the same cases, each trial a step, with samples of the machine beside them.

The model here is a table, so that this runs without a provider's key; `ask` is where yours goes.
"""

import random
import time

import playhead

CASES = {
    "The parcel came two days late, but it was whole.": "mixed",
    "Never again. It was broken, and nobody answers.": "bad",
    "Exactly what I needed, and so quick!": "good",
}
PROMPTS = {
    "terse": "Answer with good, bad or mixed: {text}",
    "reasoned": "Weigh what is praised against what is blamed, then answer with good, bad or mixed: {text}",
}
MODEL = "gpt-4o-mini"
dice = random.Random(7)


def ask(prompt: str) -> str:
    """Stand in for a model: it is sometimes wrong when it is not told to weigh."""
    time.sleep(0.02)
    right = next(verdict for text, verdict in CASES.items() if text in prompt)
    return "mixed" if "Weigh" not in prompt and dice.random() < 0.5 else right


@playhead.observe(kind="chain")
def trial(variant: str, text: str) -> bool:
    """Put one case to one prompt, and say whether the answer is right."""
    session = playhead.current_session()
    assert session is not None
    prompt = PROMPTS[variant].format(text=text)
    with session.interaction(model=MODEL, provider="openai", prompt=prompt, parameters={"temperature": 0}) as call:
        answer = ask(prompt)
        call.complete(response=answer, tokens={"input": len(prompt) // 4, "output": 1})
    session.record_feedback(score=answer == CASES[text], interaction_id=call.id)
    return answer == CASES[text]


@playhead.observe(name="variant", kind="agent")
def run(variant: str) -> float:
    """Return the share of cases that a prompt gets right."""
    return sum(trial(variant, text) for text in CASES) / len(CASES)


playhead.init(redaction=True)  # PLAYHEAD_URL and PLAYHEAD_API_KEY, or url= and api_key=
with playhead.session(
    feature="experiment", label="Terse or reasoned?", tags=["sentiment", MODEL], system_metrics=0.1
) as session:
    session.record_workspace_state(environment={"cases": len(CASES), "seed": 7}, settings=PROMPTS)
    for variant in PROMPTS:
        print(f"{variant:<9} {run(variant):.0%}")

playhead.shutdown(10)
print("Watch it at", session.replay_url)
