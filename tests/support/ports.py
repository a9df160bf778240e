"""Ports for servers of tests that have to come back on the same one."""

import atexit
import fcntl
import itertools
import os
import random
import socket
from functools import cache
from pathlib import Path

_RANGE = range(20_000, 32_000)
"""Below those that kernels give to outgoing connections: a client would take the port between two starts."""
_SHARE = 300
"""So many ports has one process: what it was given is free until it comes round to it again."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens, and that no other process of tests is given."""
    for port in itertools.islice(_own_ports(), _SHARE):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"none of the {_SHARE} ports of this process is free")


@cache
def _own_ports():
    """Claim a share of the range for as long as this process lives, and go round in it.

    The claims of all runs are in one place, wherever each of them writes its other files.
    """
    folder = Path("/tmp", f"livingmap-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    for first in random.sample(_RANGE[::_SHARE], len(_RANGE) // _SHARE):
        claim = (folder / str(first)).open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        atexit.register(claim.close)  # until then it is locked
        return itertools.cycle(range(first, first + _SHARE))
    raise OSError("all shares of the ports are taken by other processes of tests")
