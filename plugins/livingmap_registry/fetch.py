"""Requests to node-registry: its nodes, their addresses, and the profile of one of them."""

from typing import Final

from livingmap.plugin import (
    Client,
    Fields,
    Json,
    NotFound,
    Put,
    canonical_status,
    id_of,
    rfc3339,
    rows_in,
    without_none,
)
from livingmap_registry.rows import AlertRow, NodeRow, ProfileRow

_NODES: Final = "/api/v1/nodes"
_ALERTS: Final = "/api/monitoring/alerts"


async def fetch_nodes(client: Client) -> list[Put]:
    """Return all nodes that are registered."""
    alerts = await _alerts(client) if client.settings.alerts else None
    return [_node(row, alerts) for row in await _rows(client)]


async def fetch_addresses(client: Client) -> list[Put]:
    """Return where each node can be reached; nothing unless the setting ``addresses`` asks for it."""
    return [_addresses(row) for row in await _rows(client)] if client.settings.addresses else []


async def node_details(client: Client, name: str) -> Fields:
    """Return one node, with its profile if the service has one."""
    path = f"{_NODES}/{name}"
    fields = _node(client.read_one(NodeRow, await client.get(path), path), None).set
    try:
        answer = await client.get(f"{path}/profile")
    except NotFound:
        return fields
    profile = client.read_one(ProfileRow, answer, f"{path}/profile")
    return {**fields, **without_none(profile.model_dump())}


async def _rows(client: Client) -> list[NodeRow]:
    return client.read(NodeRow, rows_in(await client.get(_NODES), "nodes"), _NODES)


async def _alerts(client: Client) -> dict[str, list[Json]] | None:
    answer = await client.optional(_ALERTS)
    if answer is None:
        return None  # unknown, which is not none
    alerts: dict[str, list[Json]] = {}
    for row in client.read(AlertRow, rows_in(answer, "alerts"), _ALERTS):
        if row.is_open():
            alerts.setdefault(id_of("node", row.node_id), []).append(row.alert(client.now))
    return alerts


def _node(row: NodeRow, alerts: dict[str, list[Json]] | None) -> Put:
    entity_id = id_of("node", row.node_id)
    fields: dict[str, Json] = {
        "name": row.node_name,
        "role": row.node_role,
        "type": row.node_type,
        "status": canonical_status(row.status, None),
        "capabilities": sorted(name for name, there in row.metadata.capabilities.items() if there),
        "last_heartbeat": rfc3339(row.last_heartbeat),
        "registered_at": rfc3339(row.registered_at),
    }
    if alerts is not None:
        fields["alerts"] = alerts.get(entity_id, [])
    return Put("nodes", entity_id, fields, aliases=(id_of("node", row.id),) if row.id else ())


def _addresses(row: NodeRow) -> Put:
    fields = {"hostname": row.hostname, "ip_address": row.ip_address, "local_ip": row.local_ip}
    return Put("addresses", id_of("node", row.node_id), fields)
