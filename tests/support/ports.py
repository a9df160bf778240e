"""Ports for servers of tests that have to come back on the same one."""

import random
import socket

_RANGE = (20_000, 32_000)
"""Below those that kernels give to outgoing connections: a client would take the port between two starts."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    while True:
        port = random.randint(*_RANGE)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
