"""A running map, seen from the command line: its stream and its history."""

import asyncio
import contextlib
import json
import random
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidURI, WebSocketException

from livingmap.core.route import matches
from livingmap.errors import LivingMapError

_LONGEST_PAUSE_SECONDS: Final = 10.0
_TIMEOUT_SECONDS: Final = 10.0
_MOST_BYTES: Final = 256 * 1024 * 1024


class RemoteError(LivingMapError):
    """The map cannot be reached at the address, or refuses."""


async def follow(
    url: str, layers: str | None = None, token: Callable[[], str | None] = lambda: None
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the messages of the stream for ever; connections that break go on where they were.

    ``token`` is asked for one at every connection. Raises RemoteError if the first connection fails or the map
    refuses.
    """
    cursor: str | None = None
    failures = 0
    while True:
        query = urlencode({key: value for key, value in (("layers", layers), ("cursor", cursor)) if value})
        try:
            async with connect(
                _stream(url, query), additional_headers=_headers(token()), max_size=_MOST_BYTES, max_queue=None
            ) as socket:
                failures = 0
                async for text in socket:
                    message = json.loads(text)
                    if message["kind"] == "error":
                        raise RemoteError(message["detail"])
                    cursor = message.get("cursor", cursor)
                    yield message
        except (OSError, WebSocketException) as error:
            if cursor is None or isinstance(error, InvalidURI):
                raise RemoteError(f"{url}: {error}") from error
        failures += 1
        pause = min(2.0**failures / 4, _LONGEST_PAUSE_SECONDS)
        yield {"kind": "disconnected", "retry_seconds": round(pause, 1)}
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter


def fits(message: dict[str, Any], pattern: str | None) -> bool:
    """Tell whether a message is an event of the type; others always fit."""
    return pattern is None or message["kind"] != "event" or matches(pattern, message["event_type"])


def get(url: str, path: str, token: str | None = None, **query: Any) -> Any:
    """Return the JSON answer of a running map. Raises RemoteError."""
    pairs = urlencode({key: value for key, value in query.items() if value is not None}, doseq=True)
    whole = f"{url.rstrip('/')}{path}{'?' if pairs else ''}{pairs}"
    request = urllib.request.Request(whole)  # noqa: S310 - the user's own map
    for name, value in _headers(token).items():
        request.add_unredirected_header(name, value)  # not to whom the map may point
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - the user's own map
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        detail = error.read().decode("utf-8", "replace")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            detail = json.loads(detail)["detail"]
        raise RemoteError(f"{whole}: {error.code}: {detail}") from error
    except (OSError, ValueError) as error:
        raise RemoteError(f"{whole}: {error}") from error


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _stream(url: str, query: str) -> str:
    parts = urlsplit(url)
    scheme = {"https": "wss", "http": "ws"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/living-map/stream", query, ""))
