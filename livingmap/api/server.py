"""The HTTP server under the application: uvicorn on a socket of our own, with signals left to the process."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from livingmap.api import fast_path
from livingmap.api.edge import Edge
from livingmap.api.fast_path import FastPath
from livingmap.config.server import ServerSettings
from livingmap.errors import ConfigError, ConfigFault
from livingmap.stream.protocol import StreamProtocol

SHUTDOWN_SECONDS: Final = 5
"""How long connections have to end when the map stops."""
_BACKLOG: Final = 2048
_MOST_MESSAGE_BYTES: Final = 64 * 1024
_SILENT_VIEWER_SECONDS: Final = 300
"""A viewer that has not read for so long is gone."""
_UNSENT_BYTES: Final = 128 * 1024
"""So much waits in the kernel for a client that does not read; without a limit it would be 4 MiB each."""

_EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_UNREAD_BYTES: Final = 64 * 1024
"""So much of what a client sends waits in the kernel, where it would be 6 MiB each; requests are small."""


class Server(uvicorn.Server):
    """uvicorn, but the process handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def uvicorn_config(app: FastAPI, fast: FastPath, edge: Edge, **more: Any) -> uvicorn.Config:
    """Return how uvicorn serves ``app``, with ``fast`` in front of it."""
    return uvicorn.Config(
        app,
        http=fast_path.protocol(fast, edge),
        ws=StreamProtocol,
        ws_max_size=_MOST_MESSAGE_BYTES,
        ws_ping_timeout=_SILENT_VIEWER_SECONDS,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=edge.settings.access_log,
        proxy_headers=False,  # the application reads them itself
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
        **{"timeout_keep_alive": edge.settings.idle_seconds, **more},
    )


def local_address(host: str, port: int) -> str:
    """Return where a map that listens on ``host`` is reached from this machine."""
    near = _EVERY_ADDRESS.get(host, host)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def listen(settings: ServerSettings) -> socket.socket:
    """Return a listening socket: from here on clients are not refused. Raises ConfigError if there can be none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD_BYTES)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # connections have it from the listener
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        problem = f"cannot listen on {where}: {error}; choose another, e.g. by LIVINGMAP_SERVER__PORT"
        raise ConfigError([ConfigFault("server", problem)]) from error
    return listener
