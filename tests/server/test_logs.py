"""Logs: a failure is told with its place in the code, and without anything that was recorded."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from playhead.server import logs, problems
from playhead.server.settings import from_environment

def handle(prompt):
    raise LookupError("nothing there")

logs.configure_logs(from_environment({}, log_format=sys.argv[1]))
try:
    handle("recorded " + "secret")
except LookupError as error:
    problems.unexpected(error)
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_failure_is_logged_without_what_was_being_handled(log_format: str) -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM, log_format], capture_output=True, text=True, check=True)
    assert "unexpected error" in run.stderr
    assert "nothing there" in run.stderr
    assert "handle" in run.stderr
    assert "recorded secret" not in run.stderr
