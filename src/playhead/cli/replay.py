"""``playhead replay``: plays a session in the terminal on its own clock, the silences shortened."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli.options import DataDir, ProjectName, SessionId, Url

if TYPE_CHECKING:
    from rich.console import Console

    from playhead.cli.screenplay import Cue

LONGEST_PAUSE_MS = 2_000.0
LONGEST_SPEECH_MS = 8_000.0
PIECE = re.compile(r"\s*\S{1,16}\s*")
STYLES = {
    "user": "bold cyan",
    "system": "dim",
    "model": "green",
    "tool": "blue",
    "action": "magenta",
    "step": "blue",
    "note": "yellow",
    "error": "bold red",
}
SIGNS = {"user": "▶", "system": "·", "model": "◀", "tool": "↳", "action": "☞", "step": "⚙", "note": "★", "error": "✗"}


def replay(
    session_id: SessionId,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times as fast as it was.")] = 1.0,
    url: Url = None,
    data_dir: DataDir = None,
    project: ProjectName = "default",
) -> None:
    """Play a session: what was said appears at the pace at which it was said. Silences longer than 2 s are shortened.

    Where the output is no terminal, everything is printed at once.
    """
    from rich.console import Console

    from playhead.cli.look import lasted, line
    from playhead.cli.screenplay import cues
    from playhead.cli.source import open_source

    console = Console(highlight=False, soft_wrap=True)
    wait = time.sleep if console.is_terminal else _not_at_all
    try:
        with open_source(url=url, data_dir=data_dir, project=project) as source:
            session = source.session(session_id)
            title = session.label or session.session_id
            console.rule(line(f"{title} · {session.app_feature} · {lasted(session.duration)}"), style="dim")
            Stage(console, wait, speed).play(cues(source.events(session_id), session.started_at))
        console.rule(f"{session.status}", style="dim")
    except KeyboardInterrupt:
        console.print()
        console.rule("stopped", style="dim")


class Stage:
    """Plays cues. ``wait`` lets seconds pass; at twice the speed half as many."""

    def __init__(self, console: Console, wait: Callable[[float], None], speed: float) -> None:
        self._console = console
        self._wait = wait
        self._speed = speed
        self._now_ms = 0.0

    def play(self, script: Iterable[Cue]) -> None:
        """Play to the end."""
        for cue in script:
            self._until(cue.at_ms)
            self._say(cue)

    def _until(self, at_ms: float) -> None:
        from playhead.cli.look import lasted

        silence_ms = at_ms - self._now_ms
        if silence_ms > LONGEST_PAUSE_MS:
            self._console.print(f"  ⏩ {lasted(silence_ms)}", style="dim")
        if silence_ms > 0:
            self._pass(min(silence_ms, LONGEST_PAUSE_MS))
            self._now_ms = at_ms

    def _say(self, cue: Cue) -> None:
        from rich.text import Text

        from playhead.cli.look import line, offset, safe

        style = STYLES[cue.voice]
        head = Text.assemble((f"{offset(cue.at_ms)} ", "dim"), (f"{SIGNS[cue.voice]} ", style), (line(cue.name), style))
        self._console.print(head, end=" " if cue.text else "")
        if cue.voice == "model":
            self._speak(safe(cue.text), cue.lasts_ms)
        elif cue.text:
            self._console.print(Text(safe(cue.text) if cue.voice in ("user", "error") else line(cue.text), style=style))
        elif cue.detail:
            self._console.print(Text(f" {line(cue.detail)}", style="dim"))
            return
        if cue.detail:
            self._console.print(Text(f"         {line(cue.detail)}", style="dim"))

    def _speak(self, text: str, lasts_ms: float) -> None:
        pieces = PIECE.findall(text) or [text]
        shown_ms = min(lasts_ms, LONGEST_SPEECH_MS)
        for piece in pieces:
            self._console.out(piece, end="", style=STYLES["model"], highlight=False)
            self._pass(shown_ms / len(pieces))
        self._console.print()
        self._now_ms += lasts_ms

    def _pass(self, milliseconds: float) -> None:
        self._wait(milliseconds / 1000 / self._speed)


def _not_at_all(_: float) -> None:
    """Let no time pass: nobody is watching."""
