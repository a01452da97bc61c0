from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.store.sqlite.parts import NOW_US, begin, interaction

from playhead.store.sqlite import reading
from playhead.store.sqlite.store import SqliteStore, open_sqlite

MESSAGE = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.sampled_from("abc")}),
    st.text(max_size=3),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
PROMPTS = st.lists(st.lists(MESSAGE, max_size=6), min_size=1, max_size=8)


def chat(turns: int) -> list[list[dict[str, str]]]:
    """Return the prompt of every turn of a chat that sends its whole history."""
    said = [{"role": "user", "content": f"message {number} " + "of some length " * 10} for number in range(2 * turns)]
    return [said[: 2 * turn + 1] for turn in range(turns)]


def rows_of(store: SqliteStore) -> dict[str, int]:
    with store._readers.read() as db:
        return {table: db.execute(f"SELECT count(*) FROM {table}").get for table in ("messages", "nodes")}


def test_a_chat_that_sends_its_history_with_every_turn_grows_with_its_turns_only(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    prompts = chat(200)
    for start in range(0, 200, 20):
        batch = [interaction(f"e{number}", prompts[number]) for number in range(start, start + 20)]
        sqlite.append(project, "s", batch, NOW_US).result()
    assert rows_of(sqlite) == {"messages": 399, "nodes": 399}
    page = sqlite.get_events(project, "s")
    assert [event.data["prompt"] for event in page.events] == prompts


def test_a_chat_of_twice_the_turns_takes_twice_the_room(tmp_path: Path) -> None:
    sizes = []
    for turns in (400, 800):
        data_dir = tmp_path / str(turns)
        store = open_sqlite(data_dir)
        project = begin(store)
        events = [interaction(f"e{number}", prompt) for number, prompt in enumerate(chat(turns))]
        store.append(project, "s", events, NOW_US).result()
        with store._readers.read() as db:
            sizes.append(db.execute("SELECT sum(pgsize) FROM dbstat WHERE name IN ('messages', 'nodes', 'events')").get)
        store.close()
    assert 1.8 < sizes[1] / sizes[0] < 2.2


def test_turns_share_what_they_know_after_the_store_was_opened_again(tmp_path: Path) -> None:
    prompts = chat(3)
    for number, prompt in enumerate(prompts):
        store = open_sqlite(tmp_path)
        project = begin(store)
        store.append(project, "s", [interaction(f"e{number}", prompt)], NOW_US).result()
        assert rows_of(store)["messages"] == len(prompt)
        store.close()


def test_each_message_is_found_with_the_event_that_brought_it(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    hello, answer, bye = ({"role": "user", "content": text} for text in ("hello", "answer", "bye"))
    events = [interaction("a", [hello]), interaction("b", [hello, answer, bye]), interaction("c", [bye])]
    sqlite.append(project, "s", events, NOW_US).result()
    with sqlite._readers.read() as db:
        no = reading.session_number(db, project, "s")
        found = list(reading.new_messages(db, no, 1, 3))
    assert sorted(found, key=lambda each: (each[0], each[1]["content"])) == [(1, hello), (2, answer), (2, bye)]


def test_sessions_share_no_messages(sqlite: SqliteStore) -> None:
    project = begin(sqlite, "s")
    begin(sqlite, "t")
    for session in ("s", "t"):
        sqlite.append(project, session, [interaction("a", ["same"])], NOW_US).result()
    assert rows_of(sqlite) == {"messages": 2, "nodes": 2}
    sqlite.erase_session(project, "s", NOW_US).result()
    assert sqlite.get_events(project, "t").events[0].data["prompt"] == ["same"]


@given(prompts=PROMPTS)
def test_any_prompts_come_back_as_they_were(prompts: list[list[Any]], tmp_path_factory: Any) -> None:
    store = open_sqlite(tmp_path_factory.mktemp("data"))
    project = begin(store)
    middle = len(prompts) // 2
    events = [interaction(f"e{number}", prompt) for number, prompt in enumerate(prompts)]
    for part in (events[:middle], events[middle:]):
        store.append(project, "s", part, NOW_US).result()
    assert [event.data["prompt"] for event in store.get_events(project, "s").events] == prompts
    assert all(list(event.data) == ["model", "prompt", "response"] for event in store.get_events(project, "s").events)
    store.close()
