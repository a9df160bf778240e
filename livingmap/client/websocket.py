"""The stream as a WebSocket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from livingmap.client.connection import Query
from livingmap.client.errors import TooLarge, Unreachable, error_of
from livingmap.client.http import MapClient

_SUBPROTOCOL: Final = Subprotocol("livingmap.v1")
_MESSAGES_AHEAD: Final = 16
_CLOSING_SECONDS: Final = 1.0
_TOO_BIG: Final = 1009


class _Connect(connect):
    """Opens a WebSocket without following redirects: a token is sent to one address and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketConnection:
    """An open WebSocket. It reads a few messages ahead; a map that nobody reads sends merged changes later."""

    def __init__(self, socket: ClientConnection, address: str) -> None:
        self._socket = socket
        self._address = address

    async def receive(self) -> str | bytes:
        """Return the next message. Raises MapError."""
        try:
            return await self._socket.recv()
        except ConnectionClosed as closed:
            if closed.sent is not None and closed.sent.code == _TOO_BIG:
                raise TooLarge(f"{self._address}: a message beyond the limit: {closed.sent.reason}") from closed
            code = closed.rcvd.code if closed.rcvd else None
            reason = (closed.rcvd.reason if closed.rcvd else "") or str(closed)
            raise error_of(f"{self._address}: {reason}", close=code) from closed

    async def send_token(self, token: str) -> None:
        """Send a token in place of the one that expires."""
        await self.send({"kind": "auth", "token": token})

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        with contextlib.suppress(ConnectionClosed):  # the next `receive` says so
            await self._socket.send(json.dumps(message))


@contextlib.asynccontextmanager
async def open_websocket(client: MapClient, query: Query) -> AsyncIterator[WebSocketConnection]:
    """Open the stream as a WebSocket. Raises MapError."""
    address = client.address("stream", "ws")
    pairs = urlencode(query.parameters())
    headers = await client.headers()
    try:
        socket = await _Connect(
            f"{address}?{pairs}",
            subprotocols=[_SUBPROTOCOL],
            additional_headers=headers,
            open_timeout=client.limits.opening_seconds,
            close_timeout=_CLOSING_SECONDS,
            ping_interval=None,  # heartbeats show that the map lives; a reader that is slow gets no pongs
            max_size=client.limits.max_bytes,
            max_queue=_MESSAGES_AHEAD,
            ssl=(client.ssl or True) if address.startswith("wss:") else None,
        )
    # A proxy that blocks WebSockets may answer with any status: it says nothing about the caller's rights.
    except (OSError, WebSocketException) as error:
        raise Unreachable(f"{address}: {error}") from error
    try:
        yield WebSocketConnection(socket, address)
    finally:
        try:
            await socket.close()
        except asyncio.CancelledError:  # again, while it says goodbye: the connection is not left behind
            socket.transport.abort()
            raise
