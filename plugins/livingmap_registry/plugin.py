"""node-registry (:9205): the nodes that registered, and when each was last alive.

It is the one service that receives heartbeats. The status that it gives stays ``online`` for as long as nobody
asks it to clean up, and it keeps the loads that come with heartbeats to itself. It publishes nothing;
``node.metrics.*``, whoever publishes it, is a sign of life as well.
"""

from pathlib import Path

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl
from livingmap_registry.events import on_node_metrics
from livingmap_registry.fetch import fetch_addresses, fetch_nodes, node_details


class RegistrySettings(SourceSettings):
    """Section ``sources.registry``."""

    base_url: str = "http://node-registry:9205"
    """Address of node-registry."""
    addresses: bool = False
    """Fill the layer addresses, which whoever may see that layer reads."""
    alerts: bool = False
    """Ask for alerts, too. The service as it runs always gives the same two."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="registry",
        service="node-registry",
        settings=RegistrySettings,
        layers=(
            Layer("nodes", fetch=fetch_nodes, defaults={"status": "unknown"}),
            Layer("addresses", fetch=fetch_addresses),
        ),
        handlers={"node.metrics.*": on_node_metrics},
        details={"node": node_details},
        samples=Path(__file__).with_name("samples"),
    )
