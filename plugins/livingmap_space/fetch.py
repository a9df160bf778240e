"""Requests to space-service: its planets, and its nodes with their loads and alerts."""

from typing import Final

from livingmap.plugin import Client, Fields, Json, Put, canonical_status, id_of, id_or_none, rows_in
from livingmap_space.rows import MOST_ALERTS, NodeRow, PlanetRow, SpaceEvent

_SCENE: Final = "/api/space/scene"
_PLANETS: Final = "/space/planets"
_NODES: Final = "/space/nodes"
_EVENTS: Final = "/space/events"


async def fetch_planets(client: Client) -> list[Put]:
    """Return all planets."""
    _, answer = await client.first(_SCENE, _PLANETS, accept=_fits)
    return [_planet(row) for row in client.read(PlanetRow, rows_in(answer, "planets"), _PLANETS)]


async def fetch_orbiting(client: Client) -> list[Put]:
    """Return the nodes as space shows them: with their loads and alerts."""
    return [
        Put("space", id_of("node", row.id), _orbiting(row, alerts), collection="nodes")
        for row, alerts in await _nodes(client)
    ]


async def fetch_nodes(client: Client) -> list[Put]:
    """Return the nodes themselves."""
    return [Put("nodes", id_of("node", row.id), _node(row, alerts)) for row, alerts in await _nodes(client)]


def _fits(answer: Json) -> bool:
    if isinstance(answer, dict):
        return isinstance(answer.get("planets"), list) and isinstance(answer.get("nodes"), list)
    return isinstance(answer, list)


async def _nodes(client: Client) -> list[tuple[NodeRow, list[Json]]]:
    """Return every node with its alerts, the newest first."""
    _, answer = await client.first(_SCENE, _NODES, accept=_fits)
    events = answer.get("events") if isinstance(answer, dict) else await client.optional(_EVENTS)
    alerts: dict[str, list[Json]] = {}
    for event in client.read(SpaceEvent, events or [], _EVENTS):
        if event.is_alert():
            alerts.setdefault(id_of("node", event.node_id), []).append(event.alert(client.now))
    return [
        (row, (alerts.get(id_of("node", row.id), []) if row.alerts is None else row.alerts)[:MOST_ALERTS])
        for row in client.read(NodeRow, rows_in(answer, "nodes"), _NODES)
    ]


def _planet(row: PlanetRow) -> Put:
    entity_id = _planet_id(row)
    orbits = row.orbits if row.orbits is not None else [node.node_id for node in row.satellites or ()]
    fields: dict[str, Json] = {
        "name": row.name,
        "type": row.type or entity_id.partition(":")[0],
        "orbits": [id_of("node", node) for node in orbits],
        "status": _planet_status(row.status or row.health),
        "health": row.health,
        "treasury": row.treasury,
        "activity": row.activity,
        "governance_temperature": row.governance_temperature,
        "anomaly_score": row.anomaly_score,
        "position": row.position,
        "node_count": row.node_count,
    }
    return Put("space", entity_id, fields, collection="planets")


def _planet_id(row: PlanetRow) -> str:
    if row.id.startswith(("dao:", "space:")):
        return row.id
    return id_of("dao" if row.dao_id or row.type in {None, "dao"} else "space", row.id)


def _planet_status(word: str | None) -> str | None:
    return "active" if word == "good" else canonical_status(word, None)


def _orbiting(row: NodeRow, alerts: list[Json]) -> Fields:
    return {"name": row.name, "cpu": row.cpu, "gpu": row.gpu, "memory": row.memory, "alerts": alerts}


def _node(row: NodeRow, alerts: list[Json]) -> Fields:
    network = row.network
    return {
        "name": row.name,
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "status": canonical_status(row.status, None),
        "metrics": {
            "cpu": row.cpu,
            "gpu": row.gpu,
            "ram": row.memory,
            "net_in": network.bandwidth_in if network else None,
            "net_out": network.bandwidth_out if network else None,
        },
        "alerts": alerts,
        "agents": row.agents,
    }
