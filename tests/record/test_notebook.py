"""A real IPython shell with ``%load_ext playhead``: what its cells do is recorded, and they run as they did before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import playhead
from playhead.record import door
from playhead.record.current import current_session
from playhead.testing import MemoryServer


class Notebook:
    """A shell of its own, and what the recorder sent of it."""

    def __init__(self, shell: InteractiveShell, server: MemoryServer) -> None:
        self.shell = shell
        self.server = server
        self.shown = ""

    def run(self, *cells: str, history: bool = True) -> Any:
        """Run cells, and return the last one's result."""
        result = None
        for cell in cells:
            with capture_output(display=False) as captured:
                result = self.shell.run_cell(cell, store_history=history)  # type: ignore[no-untyped-call]
            self.shown = captured.stdout
        return result

    def events(self, kind: str) -> list[dict[str, Any]]:
        assert playhead.flush(5)
        return self.server.of_type(kind)

    def data(self, kind: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events(kind)]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Notebook]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    server = MemoryServer()
    recorder = server.recorder()
    monkeypatch.setattr(door, "_recorder", recorder)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    notebook = Notebook(shell, server)
    notebook.run("%load_ext playhead")
    yield notebook
    notebook.run("%unload_ext playhead")
    assert recorder.shutdown(5)
    assert "publish" not in vars(shell.display_pub)
    InteractiveShell.clear_instance()


def test_a_cell_is_a_code_context_and_a_step_with_the_kinds_of_its_outputs(notebook: Notebook) -> None:
    notebook.run("import sys\nprint('out'); print('err', file=sys.stderr)\n6 * 7")
    (context,) = notebook.data("code_context")
    assert context == {
        "file": "notebook",
        "snippet": "import sys\nprint('out'); print('err', file=sys.stderr)\n6 * 7",
        "language": "python",
        "metadata": {"cellNumber": 2},
    }
    (step,) = notebook.data("step")
    assert (step["name"], step["status"]) == ("cell [2]", "completed")
    assert step["output"] == [
        {"kind": "stdout"},
        {"kind": "stderr"},
        {"kind": "execute_result", "types": ["text/plain"]},
    ]


def test_what_is_displayed_is_named_by_its_types(notebook: Notebook) -> None:
    notebook.run("from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))")
    assert notebook.data("step")[0]["output"] == [{"kind": "display_data", "types": ["text/html", "text/plain"]}]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def (:", "SyntaxError"),
        ("import asyncio\nawait asyncio.sleep(0)\n{}[1]", "KeyError"),
    ],
    ids=["at run time", "before", "awaiting"],
)
def test_an_error_is_recorded_and_shown_as_ever(notebook: Notebook, code: str, kind: str) -> None:
    result = notebook.run(code)
    error = result.error_in_exec or result.error_before_exec
    assert type(error).__name__ == kind
    (step,) = notebook.data("step")
    assert (step["status"], step["error"]["type"]) == ("error", kind)
    notebook.run("'goes on'")
    assert notebook.data("step")[1]["status"] == "completed"


def test_ai_calls_and_observed_functions_inside_a_cell_belong_to_its_step(notebook: Notebook) -> None:
    notebook.run(
        "import playhead\n@playhead.observe\ndef look(): return 1",
        "look()\nplayhead.current_session().record_interaction(model='m', prompt='p', response='r')",
        "import asyncio\nasync def ask():\n    await asyncio.sleep(0)\n    return look()\nawait ask()",
    )
    cells = {step["data"]["name"]: step["id"] for step in notebook.events("step")}
    looks = [step["data"]["parentId"] for step in notebook.events("step") if step["data"]["name"] == "look"]
    assert looks == [cells["cell [3]"], cells["cell [4]"]]
    assert notebook.data("interaction")[0]["parentId"] == cells["cell [3]"]


def test_outside_a_cell_no_session_is_current(notebook: Notebook) -> None:
    notebook.run("import playhead\ninside = playhead.current_session()")
    assert notebook.shell.user_ns["inside"] is not None
    assert current_session() is None


def test_a_link_to_the_cells_moment_stands_below_it_until_it_is_switched_off(notebook: Notebook) -> None:
    notebook.run("1 + 1")
    (step,) = notebook.events("step")
    session_id = step["sessionId"]
    assert f"/sessions/replay/{session_id}?event={step['id']}" in notebook.shown
    notebook.run("%playhead links off", "1 + 1")
    assert session_id not in notebook.shown
    notebook.run("%playhead")
    assert session_id in notebook.shown
    notebook.run("%playhead louder")
    assert "expected %playhead" in notebook.shown


def test_the_link_is_no_output_of_the_cell(notebook: Notebook) -> None:
    notebook.run("x = 1", "y = 2")
    assert [step.get("output") for step in notebook.data("step")] == [None, None]


def test_what_is_not_kept_in_the_history_is_not_recorded(notebook: Notebook) -> None:
    notebook.run("hidden = 1", history=False)
    notebook.run("", "   ")
    assert notebook.data("code_context") == []


def test_a_cell_that_runs_another_one_is_recorded_around_it(notebook: Notebook) -> None:
    notebook.run("get_ipython().run_cell('inner = 1', store_history=True)\nouter = 2")
    outer, inner = notebook.events("code_context")
    steps = notebook.events("step")
    assert inner["data"]["snippet"] == "inner = 1"
    assert [step["data"]["input"] for step in steps] == ["inner = 1", outer["data"]["snippet"]]
    assert steps[0]["data"]["parentId"] == steps[1]["id"]


def test_the_notebooks_name_is_taken_from_the_front_end(monkeypatch: pytest.MonkeyPatch, notebook: Notebook) -> None:
    notebook.run("%unload_ext playhead")
    monkeypatch.setenv("JPY_SESSION_NAME", "/work/rides.ipynb")
    notebook.run("%load_ext playhead", "1")
    assert notebook.data("code_context")[-1]["file"] == "rides.ipynb"
    assert notebook.data("session.start")[1]["label"] == "rides.ipynb"


def test_unloading_ends_the_session_and_records_nothing_more(notebook: Notebook) -> None:
    notebook.run("1", "%unload_ext playhead", "2", "3")
    assert notebook.data("session.end") == [{"status": "completed"}]
    assert [step["input"] for step in notebook.data("step")] == ["1", "%unload_ext playhead"]


def test_loading_twice_records_once(notebook: Notebook) -> None:
    notebook.run("%load_ext playhead", "%reload_ext playhead", "1")
    assert [context["snippet"] for context in notebook.data("code_context")].count("1") == 1


def test_a_failure_of_ours_is_counted_and_the_cell_runs(monkeypatch: pytest.MonkeyPatch, notebook: Notebook) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr("playhead.record.notebook.RunningStep", broken)
        assert notebook.run("6 * 7").result == 42
        stats = playhead.stats()
        assert sum(stats.dropped.values()) == 1
