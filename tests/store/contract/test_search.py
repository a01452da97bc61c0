"""Search: which texts a query finds, in any script, and which come first."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, action, found, interaction, new_event, ranked, record, step

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.session import SessionPatch
from playhead.store.conversations import MOST_MESSAGES

PAGE = PageRequest()
TEXT = "The quick brown fox jumps over the lazy dog; call get_user(id) on node-17."


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("fox", True),
        ("FOX Quick", True),
        ("dog the", True),
        ("fox cat", False),
        ('"quick brown"', True),
        ('"brown quick"', False),
        ('"fox jumps" "lazy dog"', True),
        ('"the lazy dog', True),
        ("qui*", True),
        ("ick", False),
        ("*ick", False),
        ('"quick bro"*', True),
        ('"quick bro"', False),
        ("jump", False),
        ("get_user", True),
        ("get user", True),
        ("user_get", False),
        ("node-17", True),
        ("17-node", False),
        ("dog;", True),
        ("", False),
        ("   ", False),
        ("* ** ?!", False),
        ('"" "', False),
        ("fox ?!", True),
    ],
)
def test_words_phrases_and_prefixes(store: Engine, project: int, query: str, matches: bool) -> None:
    record(store, project, "s1", interaction("i", prompt=TEXT))
    assert bool(found(store, project, query)) == matches


@pytest.mark.parametrize(
    "query",
    [
        "fox AND dog",
        "fox OR",
        "NOT fox",
        "NEAR(fox dog, 2)",
        "prompt:fox",
        "label : fox",
        "{prompt}: fox",
        "^fox",
        "fox + dog",
        "(fox",
        "fox)",
        "'; DROP TABLE sessions; --",
        "a\x00b",
        '"\x00"',
        "\\",
        "fox\ufffe",
        "-fox",
        "texts_1",
    ],
)
def test_the_syntax_of_a_search_engine_is_ordinary_text(store: Engine, project: int, query: str) -> None:
    record(store, project, "s1", interaction("plain", prompt=TEXT), interaction("same", prompt=f"said: {query}"))
    hits = found(store, project, query)
    assert hits <= {("s1", 1), ("s1", 2)}
    assert ("s1", 2) in hits or not any(char.isalnum() for char in query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Überraschung im Café", "uberraschung cafe"),
        ("uberraschung im cafe", "ÜBERRASCHUNG CAFÉ"),
        ("STRASSE", "straße"),
        ("İstanbul'da", "istanbul"),
        ("Łódź, Malmø", "lodz malmo"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("ёлка Й", "елка"),
        ("東京タワーに行きたい", "京タワ"),
        ("東京タワーに行きたい", "行き"),
        ("ｶﾞｲﾄﾞ ＡＢＣ", "ガイド abc"),
        ("今天天气很好", "天气"),
        ("안녕하세요 세계", "하세"),
        ("สวัสดีชาวโลก", "ชาว"),
        ("ສະບາຍດີ", "ບາຍ"),
        ("ជំរាបសួរ", "រាប"),
        ("မင်္ဂလာပါ", "လာ"),
        ("مَرْحَبًا بالعالم", "مرحبا"),
        ("שָׁלוֹם עולם", "שלום"),
        ("नमस्ते दुनिया", "नमस्ते"),
        ("Xin chào thế giới", "chao the gioi"),
        ("deploy 🚀 done", "🚀"),
        ("e\u0301te\u0301", "été"),
        ("\U0001e900\U0001e901\U0001e902", "\U0001e922\U0001e923\U0001e924"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_any_script_is_found_without_case_and_accents(store: Engine, project: int, text: str, query: str) -> None:
    record(store, project, "s1", interaction("other", prompt="nothing like it"), interaction("i", prompt=text))
    assert found(store, project, query) == {("s1", 2)}
    assert store.list_sessions(project, SessionFilter(search=query), PAGE).total == 1


def test_characters_in_another_order_are_not_found(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i", prompt="東京都"))
    assert found(store, project, "京東") == set()


@pytest.mark.parametrize(
    ("event", "query"),
    [
        (interaction("e", prompt="needle"), "needle"),
        (interaction("e", prompt=[{"role": "user", "content": "a needle"}]), "needle"),
        (interaction("e", prompt=[{"role": "user", "content": [{"type": "text", "text": "needle"}]}]), "needle"),
        (interaction("e", prompt=[{"role": "user", "parts": [{"text": "needle"}]}]), "needle"),
        (interaction("e", prompt=["needle"]), "needle"),
        (interaction("e", response="needle"), "needle"),
        (interaction("e", response=[{"type": "text", "text": "needle"}]), "needle"),
        (interaction("e", response=[{"type": "tool_use", "name": "find", "input": {"what": "needle"}}]), "find needle"),
        (
            interaction(
                "e", response=[{"tool_calls": [{"function": {"name": "find", "arguments": '{"q": "needle"}'}}]}]
            ),
            "find needle",
        ),
        (interaction("e", model="needle-4"), "needle"),
        (new_event("e", "interaction", {"model": "m", "prompt": "", "error": {"message": "needle"}}), "needle"),
        (
            new_event("e", "interaction", {"model": "m", "prompt": "", "responseMetadata": {"error": "needle"}}),
            "needle",
        ),
        (action("e", action="needle"), "needle"),
        (action("e", target={"id": "needle"}), "needle"),
        (action("e", metadata={"a": [{"b": "needle"}], "order": 4711}), "needle 4711"),
        (new_event("e", "code_context", {"file": "src/needle.py"}), "needle.py"),
        (new_event("e", "code_context", {"snippet": "def needle(): ..."}), "needle"),
        (step("e", name="needle"), "needle"),
        (step("e", input={"q": "needle"}), "needle"),
        (step("e", output=["needle"]), "needle"),
        (new_event("e", "step", {"name": "s", "error": {"type": "Timeout", "message": "needle"}}), "needle"),
        (new_event("e", "feedback", {"comment": "needle"}), "needle"),
        (new_event("e", "workspace_state", {"environment": {"os": "needle"}}), "needle"),
        (new_event("e", "workspace_state", {"activeFiles": ["needle"]}), "needle"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.type,
)
def test_every_kind_of_event_is_found_by_its_texts(store: Engine, project: int, event: Any, query: str) -> None:
    record(store, project, "s1", action("other"), event)
    assert found(store, project, query) == {("s1", 2)}


ENCODED = "bmVlZGxl" * 200


@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,needle"}}]}],
        [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "needle"}}]}],
        [{"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "needle"}}]}],
        [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "needle", "format": "wav"}}]}],
        "see data:image/png;base64,needle here",
        f"see needle{ENCODED} here",
    ],
)
def test_encoded_bytes_are_no_texts(store: Engine, project: int, prompt: Any) -> None:
    record(store, project, "s1", interaction("i", prompt=prompt))
    assert found(store, project, "needle*") == set()
    assert found(store, project, "sunny") == {("s1", 1)}


def test_a_history_that_is_sent_again_is_found_where_it_was_new(store: Engine, project: int) -> None:
    messages = [{"role": "user", "content": f"question {n} needle{n}"} for n in range(5)]
    record(store, project, "s1", *(interaction(f"i{n}", prompt=messages[: n + 1]) for n in range(5)))
    assert found(store, project, "needle2") == {("s1", 3)}
    assert found(store, project, "question") == {("s1", n) for n in range(1, 6)}


def test_a_message_is_new_again_in_another_session(store: Engine, project: int) -> None:
    prompt = [{"role": "system", "content": "needle"}]
    record(store, project, "s1", interaction("i", prompt=prompt))
    record(store, project, "s2", interaction("i", prompt=prompt))
    assert found(store, project, "needle") == {("s1", 1), ("s2", 1)}


def test_no_phrase_spans_two_texts(store: Engine, project: int) -> None:
    prompt = [{"role": "user", "content": "ends here"}, {"role": "user", "content": "begins there"}]
    record(store, project, "s1", interaction("i", prompt=prompt), tags=["red", "blue"])
    assert found(store, project, "here begins") == {("s1", 1)}
    assert found(store, project, '"here begins"') == set()
    assert found(store, project, '"red blue"') == set()


def test_all_words_must_stand_in_one_text(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i", prompt="apple", response="pear"), action("a", action="plum"))
    assert found(store, project, "apple pear") == {("s1", 1)}
    assert found(store, project, "apple plum") == set()
    assert store.list_sessions(project, SessionFilter(search="apple plum"), PAGE).total == 0


def test_a_hit_on_label_or_tags_is_the_sessions_own(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), label="Customer Support", tags=["vip"])
    [hit] = ranked(store, project, "support vip")
    assert hit.event is None
    assert hit.session == store.get_session(project, "s1")


def test_a_hit_holds_its_session_and_its_event_whole(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), interaction("i", prompt=[{"role": "user", "content": "needle"}]))
    [hit] = ranked(store, project, "needle")
    assert hit.session == store.get_session(project, "s1")
    assert hit.event == store.get_events_by_seq(project, "s1", [2]).events[0]


def test_hits_obey_the_filters(store: Engine, project: int) -> None:
    record(store, project, "a", interaction("i", prompt="needle"), user_id="ann", label="common")
    record(store, project, "b", interaction("i", prompt="needle"), user_id="bob")
    assert found(store, project, "needle", SessionFilter(user_id="ann")) == {("a", 1)}
    assert found(store, project, "needle", SessionFilter(search="common")) == {("a", 1)}
    assert found(store, project, "needle", SessionFilter(model="none")) == set()


def test_labels_come_first_then_prompts_then_the_rest(store: Engine, project: int) -> None:
    padding = " ".join(f"word{n}" for n in range(20))
    record(store, project, "label", label=f"needle {padding}")
    texts = [
        step("step", name=f"needle {padding}"),
        interaction("prompt", prompt=f"needle {padding}", response=""),
        *(action(f"a{n}", action=padding) for n in range(9)),
    ]
    record(store, project, "events", *texts)
    hits = ranked(store, project, "needle")
    assert [hit.event.id if hit.event else "label" for hit in hits] == ["label", "prompt", "step"]
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0


def test_equal_hits_come_newest_first(store: Engine, project: int) -> None:
    for n in (2, 0, 1):
        record(store, project, f"s{n}", action("a", action="needle"), started_us=T0 + n * SECOND)
    record(store, project, "other", *(action(f"a{n}", action="thimble") for n in range(9)))
    assert [hit.session.id for hit in ranked(store, project, "needle")] == ["s2", "s1", "s0"]


def test_hits_come_in_pages(store: Engine, project: int) -> None:
    record(store, project, "s1", *(action(f"a{n}", action=f"needle {n}") for n in range(7)))
    whole = ranked(store, project, "needle")
    pages = [store.search(project, "needle", EVERY, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [hit for page in pages for hit in page.hits] == whole
    assert [page.total for page in pages] == [7] * 4
    assert store.search(project, "needle", EVERY, offset=10**30).hits == []


def test_a_new_label_takes_the_place_of_the_old(store: Engine, project: int) -> None:
    record(store, project, "s1", label="before", tags=["old"])
    assert found(store, project, "before old") == {("s1", 0)}
    store.patch_session(project, "s1", SessionPatch(label="after"), T0).result()
    assert found(store, project, "before") == set()
    assert found(store, project, "after old") == {("s1", 0)}
    store.patch_session(project, "s1", SessionPatch(label=None, tags=[]), T0).result()
    assert found(store, project, "after") == found(store, project, "old") == set()


def test_a_query_over_the_limits_is_refused_with_the_limit(store: Engine, project: int) -> None:
    with pytest.raises(Invalid, match="64"):
        store.search(project, "word " * 65, EVERY)
    with pytest.raises(Invalid, match="2000"):
        store.list_sessions(project, SessionFilter(search="x" * 2001), PAGE)


def test_the_longest_query_is_answered(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i", prompt="京" * 3000))
    assert found(store, project, "京" * 2000) == {("s1", 1)}
    assert found(store, project, " ".join(["京*"] * 64)) == {("s1", 1)}


def test_a_prompt_of_more_messages_than_a_chat_has_comes_back_whole_and_is_found(store: Engine, project: int) -> None:
    prompt: list[Any] = [{} for _ in range(MOST_MESSAGES)] + [{"role": "user", "content": "the last of them"}]
    record(store, project, "s1", interaction("long", prompt=prompt))
    (event,) = store.get_events(project, "s1").events
    assert event.data["prompt"] == prompt
    assert found(store, project, '"the last of them"') == {("s1", 1)}
