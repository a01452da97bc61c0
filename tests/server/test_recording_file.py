"""The page that plays a recording: what is written into it stays data, and what does not fit is refused in words."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import NotBuilt, TooLarge
from playhead.server.recording_file import MOST_BYTES, MOST_EVENTS, PAGE, check_size, harmless, page_chunks


class Elements(HTMLParser):
    """The start tags of a page, and the text of its data element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data = ""
        self.inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = ("id", "recording") in attrs

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "script"

    def handle_data(self, data: str) -> None:
        self.data += data if self.inside else ""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a page as the dashboard's build makes one, without the player."""
    path = tmp_path_factory.mktemp("ui")
    path.joinpath(PAGE).write_text("<!doctype html><body><!--recording--><script>1</script></body>", encoding="utf-8")
    return path


TEXTS = st.lists(
    st.text() | st.sampled_from(["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028\u2029"])
)


@given(texts=TEXTS)
def test_no_text_leaves_the_element_it_stands_in_and_every_text_is_read_back(root: Path, texts: list[str]) -> None:
    lines = [json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for text in texts]
    page = b"".join(page_chunks(lines, root)).decode("utf-8", "surrogatepass")
    elements = Elements(page)
    assert elements.tags == ["body", "script", "script"]
    assert [json.loads(line) for line in elements.data.split("\n") if line] == texts
    assert "\u2028" not in page


def test_a_line_without_anything_harmful_is_left_as_it_is() -> None:
    assert harmless('{"a":"ü 旅 & > \' "}'.encode()) == '{"a":"ü 旅 & > \' "}'.encode()


def test_without_a_built_dashboard_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="make ui"):
        next(page_chunks([], tmp_path))


@pytest.mark.parametrize(("events", "size_bytes"), [(MOST_EVENTS + 1, 1), (1, MOST_BYTES + 1)])
def test_a_session_too_large_for_a_page_is_refused_by_naming_the_limit(events: int, size_bytes: int) -> None:
    check_size(MOST_EVENTS, MOST_BYTES)
    with pytest.raises(TooLarge, match="at most 100,000 events and 64 MiB"):
        check_size(events, size_bytes)
