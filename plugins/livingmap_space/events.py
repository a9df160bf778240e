"""Handlers of the messages about nodes: their loads, and the alerts about them."""

from livingmap.plugin import (
    Change,
    Event,
    Json,
    Part,
    Put,
    canonical_status,
    id_of,
    read_event,
    without_none,
)
from livingmap_space.rows import MOST_ALERTS, NO_METRICS, NodeMetrics, SpaceEvent


def on_node_metrics(event: Event, part: Part) -> list[Change]:
    """Fold ``node.metrics.*``: the loads in it replace those of the node, and the others stay."""
    message = read_event(NodeMetrics, event)
    entity_id = id_of("node", message.node_id)
    loads = message.model_dump(include={*NO_METRICS}, exclude_none=True)
    metrics = (part.get("nodes", entity_id) or {}).get("metrics") or NO_METRICS
    fields: dict[str, Json] = {"metrics": {**metrics, **loads}} if loads else {}
    if message.status:
        fields["status"] = canonical_status(message.status)
    shown = without_none({"cpu": message.cpu, "gpu": message.gpu, "memory": message.ram})
    return [
        Put("nodes", entity_id, fields, creates=False),
        Put("space", entity_id, shown, collection="nodes", creates=False),
    ]


def on_space_event(event: Event, part: Part) -> list[Change]:
    """Fold ``node.alerts.*`` and ``events.space.*``: an alert comes first among those of its node."""
    message = read_event(SpaceEvent, event)
    if not message.is_alert():
        return []
    entity_id = id_of("node", message.node_id)
    previous = (part.get("nodes", entity_id) or {}).get("alerts") or []
    alerts = {"alerts": [message.alert(event.received_at), *previous][:MOST_ALERTS]}
    return [
        Put("nodes", entity_id, alerts, creates=False),
        Put("space", entity_id, alerts, collection="nodes", creates=False),
    ]
