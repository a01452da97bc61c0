"""What holds for every test: marks by folder, no stopwatch in hypothesis, Ctrl-C is heard, and no skipping on CI."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MARKED_FOLDERS = {"e2e", "faults"}

# A shared machine is slow at times; slowness is measured in benchmarks/, not by a property's deadline.
settings.register_profile("playhead", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("playhead")


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell in the background has had it ignored.

    The programs that tests start, and interrupt, inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
