"""Samples of the machine that the server runs on, for ``captureSystemMetrics``. Blocks; call it on a thread."""

from __future__ import annotations

import threading
from typing import Any

from playhead.model.event import Object

FIRST_INTERVAL_S = 0.1


class Sampler:
    """Takes samples; traffic is counted since the sample before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traffic: Any = None

    def sample(self, active_requests: int) -> Object:
        """Return one sample as the data of a ``system_metrics`` event. Blocks for 0.1 s the first time."""
        import psutil  # noqa: PLC0415  # wanted by few; costs memory and start time

        with self._lock:
            first, before = self._traffic is None, self._traffic
            self._traffic = now = psutil.net_io_counters()
            before = now if first else before
            return {
                "cpu": psutil.cpu_percent(FIRST_INTERVAL_S if first else None),
                "memory": psutil.virtual_memory().percent,
                "activeRequests": active_requests,
                "network": {
                    "sent": max(0, now.bytes_sent - before.bytes_sent),
                    "received": max(0, now.bytes_recv - before.bytes_recv),
                },
                "metadata": {"capturedBy": "server"},
            }
