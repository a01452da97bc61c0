"""Dictionaries are trained from what sessions have in common, and payloads of every age stay readable."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import DictionaryMissing
from playhead.store.dictionaries import common_parts, pays, train
from playhead.store.payload import MAGIC, Packer, dictionary_of, learn, pack_all, to_json, unpack

NOUNS = [
    "order",
    "refund",
    "invoice",
    "parcel",
    "delivery",
    "customer",
    "warehouse",
    "discount",
    "agreement",
    "catalogue",
]
VERBS = ("belongs to", "is waiting for", "was sent with", "cannot be found in", "depends on", "has to wait for")
PHRASES = [f"the {one} {verb} the {other};" for one in NOUNS for verb in VERBS for other in NOUNS]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def sessions(seed: int, own: str = "") -> list[list[bytes]]:
    """Return what forty sessions said: phrases that all of them use, and words of their own."""
    draw = random.Random(seed)

    def said() -> bytes:
        words = [draw.choice(PHRASES) for _ in range(30)] + [f"{own}{draw.getrandbits(32):x}" for _ in range(5)]
        draw.shuffle(words)
        return to_json({"model": "gpt-4o", "prompt": " ".join(words), "response": draw.choice(PHRASES)})

    return [[said() for _ in range(6)] for _ in range(40)]


def trained(seed: int) -> int:
    content = train(sessions(seed))
    assert content is not None
    return learn(content)


@pytest.fixture(scope="module")
def packers() -> list[Packer]:
    """Packers of every age: before any dictionary, with the first, with the next, and one that compacts."""
    return [Packer(), Packer(trained(1)), Packer(trained(2)), Packer(trained(2), level=9)]


@given(values=st.lists(st.recursive(TEXT | st.integers(), lambda inner: st.lists(inner, max_size=8)), max_size=6))
def test_payloads_of_every_age_come_back_as_they_were(packers: list[Packer], values: list[object]) -> None:
    texts = [to_json({"model": "gpt-4o", "prompt": value, "response": PHRASES[0]}) for value in values]
    for packer in packers:
        assert [unpack(blob) for blob in packer.pack_all(texts)] == texts
        assert [unpack(packer.pack(text)) for text in texts] == texts


def test_a_dictionary_makes_payloads_that_it_was_not_trained_from_shorter(packers: list[Packer]) -> None:
    other = sessions(3)
    texts = [text for session in other for text in session]
    plain, with_dictionary = (sum(map(len, packer.pack_all(texts))) for packer in packers[:2])
    assert with_dictionary < 0.9 * plain
    assert pays(packers[1].dictionary, other)


def test_a_dictionary_of_other_texts_does_not_pay(packers: list[Packer]) -> None:
    draw = random.Random(4)
    others = [[to_json(f"{draw.getrandbits(4000):x}") for _ in range(5)] for _ in range(5)]
    assert not pays(packers[1].dictionary, others)


def test_a_payload_names_its_dictionary(packers: list[Packer]) -> None:
    text = to_json({"prompt": PHRASES[0] * 20})
    assert [dictionary_of(packer.pack(text)) for packer in packers] == [packer.dictionary for packer in packers]
    assert dictionary_of(b'{"a":1}') == 0


def test_what_a_session_has_for_itself_gets_into_no_dictionary() -> None:
    content = train(sessions(5, own="zebra"))
    assert content is not None
    assert b"refund" in content
    assert b"zebra" not in content


def test_a_pair_of_words_that_too_few_sessions_share_is_left_out() -> None:
    def of(few: int) -> list[list[bytes]]:
        return [[b"the secret word is " + (b"quagga " if n < few else b"open ") + b"and more"] for n in range(30)]

    assert not any(b"quagga" in part for part in common_parts(of(7)))
    assert any(b"is quagga " in part for part in common_parts(of(8)))


def test_the_same_samples_train_the_same_dictionary() -> None:
    assert train(sessions(6)) == train(sessions(6))


@pytest.mark.parametrize("samples", [[], [[b"{}"] * 100], [[bytes([n]) * 900] for n in range(65, 91)], sessions(7)[:7]])
def test_samples_with_too_little_in_common_train_none(samples: Sequence[Sequence[bytes]]) -> None:
    assert train(samples) is None


def test_a_payload_whose_dictionary_is_not_there_is_refused_with_its_id() -> None:
    content = train(sessions(8))
    assert content is not None
    blob = zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(content)).compress(b"text " * 50)
    with pytest.raises(DictionaryMissing, match=str(dictionary_of(blob))):
        unpack(blob)


def test_what_is_no_dictionary_cannot_be_learned() -> None:
    for content in (b"", b"no dictionary", MAGIC * 100):
        with pytest.raises(ValueError, match="no trained dictionary"):
            learn(content)


def test_texts_too_short_to_gain_stay_as_they_are(packers: list[Packer]) -> None:
    for packer in packers:
        assert packer.pack_all([b"{}", b'{"a":1}', b""]) == [b"{}", b'{"a":1}', b""]
    assert pack_all([b"x" * 95]) == [b"x" * 95]
