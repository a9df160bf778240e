"""The edge: what all connections of a server share before a request is read."""

import time
from dataclasses import dataclass

from livingmap.api.connections import Connections, capacity
from livingmap.api.proxies import Proxies
from livingmap.api.rare_log import RareLog
from livingmap.config.server import ServerSettings


@dataclass(frozen=True, slots=True)
class Edge:
    """Limits, trusted proxies, places for connections, and the log of what is refused."""

    settings: ServerSettings
    proxies: Proxies
    connections: Connections
    log: RareLog

    @classmethod
    def of(cls, settings: ServerSettings) -> "Edge":
        """Return the edge that ``settings`` describe."""
        proxies = Proxies(settings.proxies)
        connections = Connections(capacity(settings), settings.connections_per_address, proxies, time.monotonic)
        return cls(settings, proxies, connections, RareLog())
