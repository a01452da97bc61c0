"""Options that several commands have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

DataDir: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Directory of the recordings; else PLAYHEAD_DATABASE_URL, PLAYHEAD_DATA_DIR or ~/.local/share/playhead.",
        show_default=False,
    ),
]
Url: TypeAlias = Annotated[
    str | None, typer.Option(help="Server to ask; else PLAYHEAD_URL, else the store itself.", show_default=False)
]
ProjectName: TypeAlias = Annotated[str, typer.Option(help="Project, when reading the store itself.")]
SessionId: TypeAlias = Annotated[str, typer.Argument(help="A session's id, as `playhead list` shows it.")]
