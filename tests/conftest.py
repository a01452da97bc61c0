"""What holds for every test: marks by folder, hypothesis without a stopwatch, and no skipping on CI."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MARKED_FOLDERS = {"e2e", "faults"}

# A shared machine is slow at times; slowness is measured in benchmarks/, not by a property's deadline.
settings.register_profile("playhead", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("playhead")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lies in."""
    here = Path(__file__).parent
    for item in items:
        for folder in MARKED_FOLDERS.intersection(item.path.relative_to(here).parts):
            item.add_marker(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure on CI: a missing engine or browser there is a fault, not an excuse."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped on CI: {report.longrepr}"
    return report
