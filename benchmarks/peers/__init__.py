"""Playhead beside Arize Phoenix and MLflow: the same sessions into each, and what of them survives ``kill -9``.

Phoenix and MLflow are installed into environments of their own below ``.venv`` where that is possible, and left out
with words where it is not. Each server has its default engine, SQLite, in a fresh directory. Sessions of 20 model
calls, 2.7 kB each, are sent in batches of 100 over 4 connections: to Playhead as its events, to the others as OTLP
spans, one trace a session, which is the cheapest of the forms that they take.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.harness import Figure
from benchmarks.peers.measuring import Measured, between, measured
from benchmarks.peers.mlflow import MLflow
from benchmarks.peers.phoenix import Phoenix
from benchmarks.peers.playhead import Playhead
from benchmarks.peers.server import Failed

__all__ = ["run"]

OURS, THEIRS = 100_000, 2_000
"""Interactions that each is sent: some seconds of work for each, so that no first second, in which a dictionary is
trained and a cache filled, is taken for all."""


def run() -> Iterator[Figure]:
    """Measure each peer that is there, with Playhead before and behind it; one that fails is said and left out."""
    for peer in (Phoenix(), MLflow()):
        if not peer.install():
            print(f"{peer.name} cannot be installed here: not measured", file=sys.stderr)
            continue
        before = measured(Playhead(), OURS)
        try:
            theirs = measured(peer, THEIRS)
        except Failed as failure:
            print(f"{peer.name}: {failure}: not measured", file=sys.stderr)
            continue
        ours = between(before, measured(Playhead(), OURS))
        yield from _figures(ours, theirs, f"{peer.name} {peer.version()}")


def _figures(ours: Measured, theirs: Measured, name: str) -> Iterator[Figure]:
    yield Figure("stored and still there after kill -9", ours.rate, "interactions/s", "≥ 100 ×", theirs.rate, name)
    yield Figure("… the server's CPU time for each", ours.cpu_ms, "ms", "", theirs.cpu_ms, name)
    yield Figure("… of those that were acknowledged", ours.kept, "", "≥ 1", theirs.kept, name)
    yield Figure("start to first answer", ours.start_s, "s", "≤ 1.0", theirs.start_s, name)
    yield Figure("idle memory, all processes", ours.idle_mb, "MB", "≤ 100", theirs.idle_mb, name)
    yield Figure("on disk, each interaction", ours.bytes_each, "bytes", "", theirs.bytes_each, name)
