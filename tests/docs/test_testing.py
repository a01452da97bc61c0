"""The tests that docs/testing.md shows pass, and what is public in ``playhead.testing`` is described there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.test_examples import ROOT, examples

from playhead import testing

SHOP = """
def answer(recorder, question):
    with recorder.session(feature="chat") as session:
        session.record_interaction(model="gpt-4o", prompt=question, response="On its way.", cost=0.01)
"""


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    blocks = examples("docs/testing.md", "python")
    for number, code in enumerate(blocks):
        (tmp_path / f"test_{number}.py").write_text(code, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(blocks)} passed" in done.stdout


def test_every_public_name_is_described() -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    assert [name for name in testing.__all__ if f"`{name}`" not in page] == []
