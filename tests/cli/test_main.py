"""The command itself: its version, its help, its mistakes, and what it says where the server is not installed."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.conftest import Playhead

from playhead import __version__


def test_it_tells_its_version(playhead: Playhead) -> None:
    assert playhead("--version").out == f"playhead {__version__}\n"


def test_its_help_names_every_command(playhead: Playhead) -> None:
    said = playhead("--help").out
    assert all(command in said for command in ("serve", "demo", "keys", "list", "show", "replay"))


def test_an_unknown_command_is_told_in_words(playhead: Playhead) -> None:
    done = playhead("reply")
    assert done.status == 2
    assert "No such command" in done.err


def test_without_the_servers_parts_it_says_how_to_get_them() -> None:
    """The finder in front stands in for an installation without the extra."""
    program = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from playhead.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "playhead[server]"' in done.stderr
    assert "Traceback" not in done.stderr
