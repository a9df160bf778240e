"""The simulated network in a process of its own: its services answer over HTTP, each below a path of its own.

Nothing happens in it: each answer is kept as it was sent, or the loads of all nodes would change at each poll.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
import uvicorn

from livingmap.hookspecs import Reply, Request
from scripts.bench.network import configuration
from scripts.bench.process import say

Message = MutableMapping[str, Any]

_JSON: Final = [(b"content-type", b"application/json")]


class Services:
    """An ASGI application: ``/agents/agents?limit=5`` is the request ``/agents?limit=5`` to agents-service."""

    def __init__(self, agents: int) -> None:
        config = configuration(agents)
        assert config.mock  # noqa: S101 - every configuration here has one
        sources = [source for source, _ in config.enabled()]
        self._world = config.mock.build(config.mock_settings, sources)
        self._plugins = {source.name: source.plugin or source.name for source in sources}
        self._kept: dict[tuple[str, str], tuple[int, bytes]] = {}

    async def __call__(
        self,
        scope: Message,
        _: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer a GET."""
        key = scope["path"], scope["query_string"].decode()
        if key not in self._kept:
            self._kept[key] = self._reply(*key)
        status, body = self._kept[key]
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*_JSON, length]})
        await send({"type": "http.response.body", "body": body})

    def _reply(self, path: str, query: str) -> tuple[int, bytes]:
        _, name, rest = path.split("/", 2)
        pairs = parse_qsl(query)
        request = Request(name, f"/{rest}", dict(pairs), parameters=tuple(pairs), plugin=self._plugins[name])
        reply = self._world.reply(request, datetime.now(UTC)) or Reply({"detail": "Not Found"}, 404)
        return reply.status, reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)


async def _serve(agents: int, port: int) -> None:
    app: Any = Services(agents)
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    say(ready=True)
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
