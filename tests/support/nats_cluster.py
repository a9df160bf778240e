"""Three real nats-servers that form one cluster, each of which can be stopped in every way."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import nats.errors
from nats.js.errors import Error as JetStreamError

from tests.support.nats_server import NatsServer, until


class NatsCluster:
    """The servers by name: ``n0``, ``n1`` and ``n2``; see `NatsServer.cluster`."""

    def __init__(self, folder: Path, more: str = "") -> None:
        servers = NatsServer.cluster(folder, more=more)
        self.servers = {f"n{number}": server for number, server in enumerate(servers)}

    async def start(self) -> None:
        """Return once streams can be made."""
        for server in self.servers.values():
            await server.start()
        await until(self._has_quorum, 60, 0.1)

    async def kill(self) -> None:
        for server in self.servers.values():
            await server.kill()

    async def _has_quorum(self) -> bool:
        with contextlib.suppress(nats.errors.Error, JetStreamError, OSError):
            async with next(iter(self.servers.values())).publisher(allow_reconnect=False) as client:
                await client.jetstream(timeout=2).account_info()
                return True
        return False

    async def leader(self, stream: str) -> str:
        """Return which server leads a stream, asked of any that answers."""
        found: list[str] = []

        async def is_led() -> bool:
            for server in self.servers.values():
                with contextlib.suppress(nats.errors.Error, JetStreamError, OSError):
                    async with server.publisher(allow_reconnect=False) as client:
                        info = await client.jetstream(timeout=2).stream_info(stream)
                        if info.cluster is not None and info.cluster.leader:
                            found.append(info.cluster.leader)
                            return True
            return False

        await until(is_led, 60, 0.2)
        return found[0]


@contextlib.asynccontextmanager
async def nats_cluster(folder: Path) -> AsyncIterator[NatsCluster]:
    """Run three servers."""
    one = NatsCluster(folder)
    try:
        await one.start()
        yield one
    finally:
        await one.kill()
