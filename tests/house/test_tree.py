"""What the tree itself promises: locked by hash, bound to no registry, nothing unfinished, nothing built or secret."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Written in two parts, so that this file does not name what it forbids.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "registry.yarn" + "pkg.com"]
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|except[^:\n]*:\s*pa" + r"ss\b")
MAX_FILE_BYTES = 1_500_000


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def tracked_texts() -> list[tuple[str, str]]:
    texts = []
    for path in tracked_files():
        try:
            texts.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    assert len(texts) > 10
    return texts


def test_no_file_names_a_package_registry() -> None:
    found = [(name, host) for name, text in tracked_texts() for host in REGISTRIES if host in text]
    assert found == []


def test_no_source_is_left_unfinished() -> None:
    sources = [(name, text) for name, text in tracked_texts() if name.endswith((".py", ".ts", ".svelte"))]
    found = [(name, match.group()) for name, text in sources for match in UNFINISHED.finditer(text)]
    assert found == []


def test_nothing_built_recorded_or_secret_is_tracked() -> None:
    unwanted = re.compile(
        r"(^|/)(node_modules|_ui|dist|\.venv|__pycache__)/|\.(db|db-wal|db-shm|sqlite|pem|key)$|(^|/)\.env$"
    )
    names = [str(path.relative_to(ROOT)) for path in tracked_files()]
    assert [name for name in names if unwanted.search(name)] == []


def test_no_tracked_file_is_large() -> None:
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked_files()}
    assert {name: size for name, size in sizes.items() if size > MAX_FILE_BYTES} == {}


def test_ci_runs_the_tests_by_the_command_that_make_runs() -> None:
    made = re.search(
        r"^test:.*\n\t@\$\(BIN\)/(pytest) \$\(or \$\(ARGS\),(.*)\)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert made is not None
    assert f".venv/bin/{made[1]} {made[2]} </dev/null" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_requirement_has_a_version_and_hashes(lock: Path) -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip()) if entry[0] != "#"]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_locks_agree_with_each_other() -> None:
    chosen: dict[str, set[frozenset[str]]] = {}
    for lock in LOCKS:
        versions: dict[str, set[str]] = {}  # several where they differ by the Python that they are for
        for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
        for name, found in versions.items():
            chosen.setdefault(name, set()).add(frozenset(found))
    assert {name: found for name, found in chosen.items() if len(found) > 1} == {}


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    names = [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in wanted]
    assert [name for name in names if f"\n{name}==" not in f"\n{locked}"] == []
