"""Notebooks: ``%load_ext playhead`` records the cells that run, the kinds of their outputs, their errors and AI calls.

One session from the loading of the extension to its unloading or the end of the kernel. A cell is a code context when
it begins and a step when it is over; what it calls is nested in the step. IPython is the application's own, never ours.
"""

from __future__ import annotations

import atexit
import html
import os
import platform
from pathlib import PurePath
from typing import Any

from playhead.record import door
from playhead.record._guard import guarded
from playhead.record._span import RunningStep
from playhead.record.current import Mark, enter_session, leave
from playhead.record.session import Session

STREAMS = {"out_stream": "stdout", "err_stream": "stderr"}
_loaded: NotebookRecording | None = None


def load_ipython_extension(shell: Any) -> None:
    """Begin to record the cells of a notebook or of an IPython shell: what ``%load_ext playhead`` calls."""
    global _loaded  # noqa: PLW0603 - one shell in a process
    if _loaded is None:
        _loaded = NotebookRecording(shell)
        _loaded.begin()


def unload_ipython_extension(_shell: Any) -> None:
    """End the session: what ``%unload_ext playhead`` calls."""
    global _loaded
    loaded, _loaded = _loaded, None
    if loaded is not None:
        loaded.end()


class Cell:
    """One cell while it runs, and the kinds of what it displays."""

    def __init__(self, session: Session, shell: Any, number: int, code: str) -> None:
        self.number = number
        self.before = len(_remembered(shell, number))
        self.displayed: list[dict[str, Any]] = []
        self.step = RunningStep(session, None, {"name": f"cell [{number}]", "kind": "custom", "input": code})
        self._mark: Mark = enter_session(session)
        self._watched = [
            (shell.display_pub, "publish", "display_data"),
            (shell.displayhook, "write_format_data", "execute_result"),
        ]
        for place, method, kind in self._watched:
            self._watch(place, method, kind)
        self.step.__enter__()

    def leave(self) -> None:
        """Record it as done."""
        for place, method, _ in self._watched:
            vars(place).pop(method, None)
        self.step.__exit__(None, None, None)
        leave(self._mark)

    def _watch(self, place: Any, method: str, kind: str) -> None:
        """Note the types of what goes through a method of the shell's, for as long as the cell runs."""
        if method in vars(place):  # a cell that runs another one
            return
        through = getattr(place, method)

        def noting(data: Any, *args: Any, **kwargs: Any) -> Any:
            self.displayed.append({"kind": kind, "types": sorted(data)})
            return through(data, *args, **kwargs)

        setattr(place, method, noting)


class NotebookRecording:
    """Records the cells of one shell into one session."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._name = notebook_name(shell)
        self._running: list[Cell | None] = []
        self.links = True
        self.session = door.session(feature="notebook", label=self._name, metadata={"kernel": _kernel()})

    def begin(self) -> None:
        """Watch the shell from now on, and show where the session is played."""
        self._shell.events.register("pre_run_cell", self.before)
        self._shell.events.register("post_run_cell", self.after)
        self._shell.register_magic_function(self.magic, "line", "playhead")
        atexit.register(self.session.end)
        self.show_link()

    def end(self) -> None:
        """Watch no more, and end the session."""
        self._shell.events.unregister("pre_run_cell", self.before)
        self._shell.events.unregister("post_run_cell", self.after)
        atexit.unregister(self.session.end)
        while self._running:
            self._leave(self._running.pop())
        self.session.end()

    def before(self, info: Any) -> None:
        """Record a cell that is about to run."""
        cell = None
        with self._guarded():
            code = str(info.raw_cell)
            if info.store_history and code.strip():
                cell = self._begin(code)
        self._running.append(cell)

    def after(self, result: Any) -> None:
        """Record how a cell ended, and show the link below it."""
        cell = self._running.pop() if self._running else None
        if cell is None:
            return
        with self._guarded():
            error = result.error_before_exec or result.error_in_exec
            if error is not None:
                cell.step.fail(error)
            cell.step.set(status="completed" if error is None else "error", output=self._put_out(cell) or None)
        self._leave(cell)
        if self.links:
            self.show_link(cell)

    def magic(self, line: str) -> None:
        """``%playhead`` shows the link; ``%playhead links off`` shows none below cells any more, ``links on`` does."""
        words = line.split()
        if words in (["links", "on"], ["links", "off"]):
            self.links = words[1] == "on"
        elif words:
            print("expected %playhead, %playhead links on or %playhead links off")  # noqa: T201 - an answer to a magic
        else:
            self.show_link()

    def show_link(self, cell: Cell | None = None) -> None:
        """Show a link to the replay, at a cell's moment if one is given."""
        with self._guarded():
            url = self.session.replay_url + (f"?event={cell.step.id}" if cell is not None else "")
            words = "Replay of this notebook" if cell is None else f"Replay of cell [{cell.number}]"
            link = f'<a href="{html.escape(url)}" target="_blank" rel="noopener">▶ {words}</a>'
            self._shell.display_pub.publish({"text/plain": f"▶ {words}: {url}", "text/html": link})

    def _begin(self, code: str) -> Cell:
        number = len(self._shell.history_manager.input_hist_parsed)  # execution_count has gone on already, or not yet
        self.session.record_code_context(
            file=self._name, snippet=code, language="python", metadata={"cellNumber": number}
        )
        return Cell(self.session, self._shell, number, code)

    def _leave(self, cell: Cell | None) -> None:
        with self._guarded():
            if cell is not None:
                cell.leave()

    def _put_out(self, cell: Cell) -> list[dict[str, Any]]:
        """Return what a cell put out, by kind: no contents, which may be large and are the reader's to see."""
        remembered = _remembered(self._shell, cell.number)[cell.before :]
        names = dict.fromkeys(STREAMS[one.output_type] for one in remembered if one.output_type in STREAMS)
        return [*({"kind": name} for name in names), *cell.displayed]

    def _guarded(self) -> guarded:
        return guarded(lambda: self.session.recorder, self.session.session_id)


def notebook_name(shell: Any) -> str:
    """Return the notebook's file name where the front end tells it, else ``notebook``."""
    told = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
    return PurePath(str(told)).name or "notebook"


def _remembered(shell: Any, number: int) -> list[Any]:
    """Return what the shell remembers of the outputs under a cell's number; older shells remember none."""
    return list(getattr(shell.history_manager, "outputs", {}).get(number, ()))


def _kernel() -> str:
    return f"python {platform.python_version()}"
