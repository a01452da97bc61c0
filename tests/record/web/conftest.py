"""A recorder whose server is memory, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.record.web.serving import Recorded


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    recorded.recorder.shutdown(5)
