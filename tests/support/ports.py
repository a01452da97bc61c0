"""Ports for servers that are ended and started again on the same one."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOWEST, FIRST_GIVEN = 20_000, 32_768
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def own_port() -> int:
    """Return a free port of 127.0.0.1 below those that the system gives to connections, and to listeners that ask for
    any: while nobody listens there it stays free."""
    given = int(GIVEN.read_text().split()[0]) if GIVEN.exists() else FIRST_GIVEN
    for port in random.SystemRandom().sample(range(min(LOWEST, given // 2), given), 100):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
