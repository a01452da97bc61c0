"""Every request of examples/http answers as its title says, against a real server."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest
from tests.examples.http_file import HttpRequest, Runner, parse
from tests.support.server import Server

from playhead.model.requests import QUERY_ALIASES, FilterQuery, ListQuery

EXAMPLES = Path(__file__).parents[2] / "examples" / "http"
FILES = sorted(EXAMPLES.glob("*.http"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_request_answers_as_its_title_says(path: Path, server: Server) -> None:
    file = parse(path.read_text(encoding="utf-8"))
    file.variables |= {"baseUrl": server.url, "apiKey": server.new_key("admin")}
    with httpx.Client(timeout=30, trust_env=False) as client:
        runner = Runner(client, file.variables)
        for request in file.requests:
            response = runner.send(request)
            assert response.status_code == request.status, f"{request.title}: {response.text}"


def test_there_is_an_example_of_everything_that_the_guide_names() -> None:
    assert {path.stem for path in FILES} == {
        "start-recording",
        "record-interaction",
        "record-user-action",
        "end-recording",
        "list-sessions",
        "get-replay",
    }


def test_the_list_examples_show_every_filter_and_alias() -> None:
    shown = {name for request in _requests("list-sessions") for name in _query_names(request)}
    names = {each.encode_name for kind in (FilterQuery, ListQuery) for each in msgspec.structs.fields(kind)}
    names = (names | set(QUERY_ALIASES)) - {"metadata", "cursor"}
    assert names <= shown
    assert "metadata.plan" in shown


def _requests(stem: str) -> list[HttpRequest]:
    return parse((EXAMPLES / f"{stem}.http").read_text(encoding="utf-8")).requests


def _query_names(request: HttpRequest) -> list[str]:
    query = request.url.partition("?")[2]
    return [pair.partition("=")[0] for pair in query.split("&")]
