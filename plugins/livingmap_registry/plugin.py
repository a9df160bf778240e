"""node-registry (:9205): the nodes that registered, and when each was last alive.

It is the one service that receives heartbeats. The status that it gives stays ``online`` for as long as nobody
asks it to clean up, and it keeps the loads that come with heartbeats to itself. It publishes nothing;
``node.metrics.*``, whoever publishes it, is a sign of life as well.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Layer, Lifetime, Source, SourceSettings, hookimpl, sentences_in
from livingmap_registry.events import on_node_metrics
from livingmap_registry.fetch import fetch_addresses, fetch_nodes, node_details
from livingmap_registry.types import NODE


class RegistrySettings(SourceSettings):
    """Section ``sources.registry``."""

    base_url: str = "http://node-registry:9205"
    """Address of node-registry."""
    addresses: bool = False
    """Fill the layer addresses, which whoever may see that layer reads."""
    alerts: bool = False
    """Ask for alerts, too. The service as it runs always gives the same two."""
    heartbeat_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120.0
    """A node whose last heartbeat is older is shown as offline, whichever source says that it is online."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="registry",
        service="node-registry",
        settings=RegistrySettings,
        layers=(
            Layer(
                "nodes",
                fetch=fetch_nodes,
                defaults={"status": "unknown"},
                volatile=("last_heartbeat",),
                standing={},
            ),
            Layer("addresses", fetch=fetch_addresses, title={"en": "Addresses", "uk": "Адреси"}),
        ),
        handlers={"node.metrics.*": on_node_metrics},
        details={"node": node_details},
        lifetimes=(
            Lifetime(
                "nodes",
                since=("last_heartbeat", "last_report_at"),
                setting="heartbeat_seconds",
                values=frozenset({"active", "busy", "degraded", "idle", "online"}),
                becomes="offline",
            ),
        ),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(NODE,),
    )
