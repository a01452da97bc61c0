"""Texts as ClickHouse keeps them hold exactly the words that search takes them apart into."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.words import Term, tokens
from playhead.store.clickhouse.wording import needle, text_of
from playhead.store.texts import Document

TEXTS = st.text() | st.text(st.characters(max_codepoint=127))


@given(text=TEXTS)
def test_a_texts_words_stand_in_their_order_with_a_space_around_each(text: str) -> None:
    words = tokens(text)
    assert text_of(Document(other=(text,))).words == (f" {' '.join(words)} \n" if words else "")


@given(prompt=st.lists(TEXTS), response=st.lists(TEXTS))
def test_the_prompts_part_comes_first_and_its_length_is_told(prompt: list[str], response: list[str]) -> None:
    text = text_of(Document(prompt=tuple(prompt), response=tuple(response)))
    assert text.words.encode()[: text.prompt_bytes].decode() == text_of(Document(prompt=tuple(prompt))).words
    assert text.words.encode()[text.prompt_bytes :].decode() == text_of(Document(response=tuple(response))).words


def test_a_term_is_a_substring_with_the_spaces_around_its_words() -> None:
    assert needle(Term(("quick", "fox"))) == " quick fox "
    assert needle(Term(("quick", "fo"), prefix=True)) == " quick fo"
