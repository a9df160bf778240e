"""The handler of the messages about nodes: whoever reports is alive."""

from livingmap.plugin import Change, Event, Part, Put, canonical_status, id_of, read_event, rfc3339
from livingmap_registry.rows import NodeMetrics


def on_node_metrics(event: Event, part: Part) -> list[Change]:
    """Fold ``node.metrics.*``: a sign of life, unless the message says that the node is offline."""
    message = read_event(NodeMetrics, event)
    if canonical_status(message.status) == "offline":
        return []
    fields = {"last_report_at": rfc3339(event.received_at)}
    return [Put("nodes", id_of("node", message.node_id), fields, creates=False)]
