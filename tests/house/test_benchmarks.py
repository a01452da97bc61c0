"""How benchmarks are run and told: goals are read as they are written, and a part that fails hides no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from benchmarks.goals import is_met
from benchmarks.harness import Figure
from benchmarks.report import Part, as_table, keep, machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("goal", "value", "ratio", "met"),
    [
        ("≤ 100", 100.0, None, True),
        ("≤ 1.0", 1.01, None, False),
        ("≥ 5,000", 5000.0, 0.1, True),
        ("≤ 0", 0.0, None, True),
        ("ratio ≤ 1/3", 99.0, 0.34, False),
        ("≥ 100 ×", 1.0, 100.0, True),
        ("≥ 100 ×", 1000.0, None, None),
        ("≤ 20, ratio ≤ 2", 19.0, 2.5, False),
        ("≤ 20, ratio ≤ 2", 19.0, 1.5, True),
        ("", 1.0, 1.0, None),
        ("as little as can be", 1.0, 1.0, None),
    ],
)
def test_a_goal_is_met_or_not(goal: str, value: float, ratio: float | None, met: bool | None) -> None:
    assert is_met(goal, value, ratio) is met


def test_the_table_shows_every_figure_and_below_it_what_failed() -> None:
    quick = Figure("start", 0.25, "s", "≤ 1.0", 0.01, "bare Python")
    table = as_table(machine(), [Part("startup", [quick]), Part("ingest", [], "SystemExit: no server")])
    assert "| start | 0.25 s | ≤ 1.0 | yes | 0.01 (bare Python) | 25.00 |" in table
    assert table.endswith("\n\ningest failed: SystemExit: no server")


def test_results_are_kept_with_the_machine(tmp_path: Path) -> None:
    keep([Part("startup", [Figure("start", 2.0, "s", "≤ 1.0")]), Part("ingest", [], "why")], tmp_path / "results")
    kept = msgspec.json.decode((tmp_path / "results" / "results.json").read_bytes())
    assert (kept["figures"][0]["benchmark"], kept["figures"][0]["met"], kept["failures"]) == (
        "startup",
        False,
        {"ingest": "why"},
    )
    assert kept["machine"]["cores"] > 0
    assert (tmp_path / "results" / "results.md").read_text().endswith("ingest failed: why\n")


PARTS = """
from benchmarks.harness import Figure

def run():
    yield Figure({name!r}, 1.0, "s")
    {then}
"""


def test_a_part_that_fails_leaves_what_it_measured_and_the_others(tmp_path: Path) -> None:
    for name, then in (("one", "raise SystemExit('the server is gone')"), ("two", "")):
        (tmp_path / f"{name}.py").write_text(PARTS.format(name=name, then=then))
    code = (
        "import sys, benchmarks, benchmarks.report as report; from pathlib import Path;"
        f"benchmarks.__path__.append({str(tmp_path)!r}); report.keep.__defaults__ = (Path({str(tmp_path)!r}),);"
        "from benchmarks.__main__ import main; sys.exit(main(['one', 'two']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "| one | 1 s |" in done.stdout
    assert "| two | 1 s |" in done.stdout
    assert "one failed: SystemExit: the server is gone" in done.stdout
