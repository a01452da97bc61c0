"""Prose to measure with: English as it is written about programs, made up anew from the words of Python's own manual.

Each next word is drawn from those that follow the last one in the manual, so that words have their natural frequency
and phrases recur as they do in prose; now and then there is a number, as an order or a ticket has. By zstd, texts of
1.2 kB come to 0.59 of their size, and with a dictionary of other such texts to 0.35; excerpts of the manual itself to
0.48 and 0.34. The same seed gives the same texts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pydoc_data.topics import topics
from typing import Any

NUMBER_EVERY = 60
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gemini-2.5-pro")


@cache
def followers() -> dict[str, list[str]]:
    """Return for each word of the manual those that follow it, as often as they do."""
    words = " ".join(topics[name] for name in sorted(topics)).split()
    found: dict[str, list[str]] = {}
    for word, after in zip(words, [*words[1:], words[0]], strict=True):
        found.setdefault(word, []).append(after)
    return found


class Prose:
    """An endless source of texts, and of interactions that hold them."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._followers = followers()
        self._word = self._draw.choice(list(self._followers))

    def text(self, size: int) -> str:
        """Return about ``size`` characters, ending with a word."""
        words: list[str] = []
        length = 0
        draw = self._draw.random
        while length < size:
            choices = self._followers[self._word]
            self._word = choices[int(draw() * len(choices))]
            words.append(self._word if draw() * NUMBER_EVERY > 1 else str(int(draw() * 10**7)))
            length += len(words[-1]) + 1
        return " ".join(words)

    def hexadecimal(self, digits: int) -> str:
        """Return random digits, as recorders make their ids of."""
        return f"{self._draw.getrandbits(4 * digits):0{digits}x}"

    def number(self, below: int) -> int:
        """Return a whole number."""
        return self._draw.randrange(below)

    def call(self, prompt: str | Sequence[dict[str, str]], response: str) -> dict[str, Any]:
        """Return the data of a model call."""
        return {
            "model": MODELS[self.number(len(MODELS))],
            "provider": "openai",
            "prompt": prompt,
            "response": response,
            "tokens": {"input": 200 + self.number(400), "output": 200 + self.number(400)},
            "latency": 300 + self.number(4000),
            "timeToFirstToken": 90 + self.number(500),
            "parameters": {"temperature": 0.7, "max_tokens": 500},
            "requestMetadata": {"endpoint": "/v1/chat/completions", "stream": True},
            "responseMetadata": {"id": f"chatcmpl-{self.hexadecimal(24)}", "finishReason": "stop"},
        }
