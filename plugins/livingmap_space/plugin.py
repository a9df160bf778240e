"""space-service (:7002): DAO planets, the nodes that orbit them, their loads and alerts.

The specification's ``/api/space/scene`` is missing in the service as it runs; planets, nodes and events have a
path each. Nobody else tells the loads of nodes; between two polls ``node.metrics.*`` keeps them up to date.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from livingmap.plugin import (
    Change,
    Client,
    Event,
    Fields,
    Json,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    canonical_status,
    hookimpl,
    id_of,
    read_event,
    rfc3339,
)
from livingmap_space.rows import NodeMetrics, NodeRow, PlanetRow, SpaceEvent

_SCENE: Final = "/api/space/scene"
_PLANETS: Final = "/space/planets"
_NODES: Final = "/space/nodes"
_EVENTS: Final = "/space/events"
_MOST_ALERTS: Final = 20
_UNKNOWN: Final = dict.fromkeys(("cpu", "gpu", "ram", "net_in", "net_out"))


class SpaceSettings(SourceSettings):
    """Section ``sources.space``."""

    base_url: str = "http://space-service:7002"
    """Address of space-service."""


async def fetch_planets(client: Client) -> list[Put]:
    """Return all planets."""
    _, answer = await client.first(_SCENE, _PLANETS, accept=_fits)
    rows = answer["planets"] if isinstance(answer, dict) else answer
    return [_planet(row) for row in client.read(PlanetRow, rows, _PLANETS)]


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
    if isinstance(answer, dict):
        rows, told = answer["nodes"], answer.get("events")
    else:
        rows, told = answer, await client.optional(_EVENTS)
    alerts: dict[str, list[Json]] = {}
    for event in client.read(SpaceEvent, told or [], _EVENTS):
        if event.is_alert():
            alerts.setdefault(id_of("node", event.node_id), []).append(_alert(event, client.now))
    return [
        (row, (alerts.get(id_of("node", row.id), []) if row.alerts is None else row.alerts)[:_MOST_ALERTS])
        for row in client.read(NodeRow, rows, _NODES)
    ]


def _planet(row: PlanetRow) -> Put:
    entity_id = _planet_id(row)
    orbits = row.orbits if row.orbits is not None else [one.node_id for one in row.satellites or ()]
    word = row.status or row.health
    fields: dict[str, Json] = {
        "name": row.name,
        "type": row.type or entity_id.partition(":")[0],
        "orbits": [id_of("node", one) for one in orbits],
        "status": _health(word) if word else None,
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
    return id_of("dao" if row.dao_id or row.type in (None, "dao") else "space", row.id)


def _health(word: str) -> str:
    return "active" if word == "good" else canonical_status(word)


def _orbiting(row: NodeRow, alerts: list[Json]) -> Fields:
    return {"name": row.name, "cpu": row.cpu, "gpu": row.gpu, "memory": row.memory, "alerts": alerts}


def _node(row: NodeRow, alerts: list[Json]) -> Fields:
    network = row.network
    return {
        "name": row.name,
        "microdao_id": id_of("microdao", row.microdao_id) if row.microdao_id else None,
        "status": canonical_status(row.status) if row.status else None,
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


def _alert(event: SpaceEvent, now: datetime) -> Fields:
    meta = {name: value for name, value in (event.meta or {}).items() if isinstance(value, str | int | float)}
    when = rfc3339(event.timestamp) or rfc3339(now)
    return {**meta, "type": event.type, "severity": event.severity, "timestamp": when}


def on_node_metrics(event: Event, part: Part) -> list[Change]:
    """Fold ``node.metrics.*``: what it tells of a node's loads replaces what was known, the rest stays."""
    said = read_event(NodeMetrics, event)
    entity_id = id_of("node", said.node_id)
    told = said.model_dump(include={*_UNKNOWN}, exclude_none=True)
    known = (part.get("nodes", entity_id) or {}).get("metrics") or _UNKNOWN
    fields: dict[str, Json] = {"metrics": {**known, **told}} if told else {}
    if said.status:
        fields["status"] = canonical_status(said.status)
    shown = {"cpu": said.cpu, "gpu": said.gpu, "memory": said.ram}
    loads = {name: value for name, value in shown.items() if value is not None}
    return [
        Put("nodes", entity_id, fields, creates=False),
        Put("space", entity_id, loads, collection="nodes", creates=False),
    ]


def on_space_event(event: Event, part: Part) -> list[Change]:
    """Fold ``node.alerts.*`` and ``events.space.*``: an alert comes first among those of its node."""
    said = read_event(SpaceEvent, event)
    if not said.is_alert():
        return []
    entity_id = id_of("node", said.node_id)
    known = (part.get("nodes", entity_id) or {}).get("alerts") or []
    alerts = {"alerts": [_alert(said, event.received_at), *known][:_MOST_ALERTS]}
    return [
        Put("nodes", entity_id, alerts, creates=False),
        Put("space", entity_id, alerts, collection="nodes", creates=False),
    ]


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="space",
        service="space-service",
        settings=SpaceSettings,
        layers=(
            Layer(
                "space",
                "planets",
                fetch=fetch_planets,
                references=("orbits",),
                defaults={"orbits": [], "status": "unknown"},
            ),
            Layer("space", "nodes", fetch=fetch_orbiting),
            Layer(
                "nodes",
                fetch=fetch_nodes,
                references=("microdao_id",),
                defaults={"status": "unknown", "metrics": _UNKNOWN},
            ),
        ),
        handlers={
            "node.metrics.*": on_node_metrics,
            "node.alerts.*": on_space_event,
            "events.space.*": on_space_event,
        },
        samples=Path(__file__).with_name("samples"),
    )
