"""Words as people use them: a few everywhere, most of them rarely. Made of syllables from a seed, so that every run has
the same; owns no events."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate, product
from typing import Final

COMMON_WORDS: Final = 20_000
RARE_WORDS: Final = 200_000
SENTENCES: Final = 30_000
WORDS_IN_SENTENCE: Final = 16
ONSETS: Final = tuple(sorted((*"bcdfghlmnprstvw", "br", "gr", "pr", "st", "tr")))
NUCLEI: Final = ("a", "e", "i", "o", "u", "ea", "io")


class Vocabulary:
    """Sentences of common words, whose frequency falls with their rank (Zipf), and words that are hardly ever used."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        syllables = ["".join(pair) for pair in product(ONSETS, NUCLEI)]
        self.common = sorted({_word(chance, syllables) for _ in range(2 * COMMON_WORDS)})
        chance.shuffle(self.common)
        del self.common[COMMON_WORDS:]
        self._sums = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.common))))
        self.sentences = [self._sentence(chance) for _ in range(SENTENCES)]

    def text(self, chance: random.Random, size: int) -> str:
        """Return a text of about ``size`` characters, with one rare word."""
        length = len(self.sentences[0])
        some = [self.sentences[int(chance.random() * SENTENCES)] for _ in range(max(1, size // length))]
        return f"{' '.join(some)} {self.rare(int(chance.random() * RARE_WORDS))}."

    def rare(self, number: int) -> str:
        """Return the rare word of a number below RARE_WORDS."""
        return f"{self.common[number % 1_000]}{self.common[number // 1_000]}"

    def _sentence(self, chance: random.Random) -> str:
        points = (chance.random() * self._sums[-1] for _ in range(WORDS_IN_SENTENCE))
        words = " ".join(self.common[bisect(self._sums, point)] for point in points)
        return f"{words.capitalize()}."


def _word(chance: random.Random, syllables: list[str]) -> str:
    return "".join(chance.choice(syllables) for _ in range(chance.choice((1, 2, 2, 3, 3, 4))))
