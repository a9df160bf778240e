"""city-service (:7001): its microDAOs and nodes, and one user's snapshot. Rooms and agents: modules beside."""

from collections import Counter
from datetime import timedelta
from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services import city_agents, city_places
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import MATRIX, MicroDao, Node
from livingmap_mock.times import spaced, zulu

_STATUSES: Final = {"offline": "critical", "degraded": "warn", "overloaded": "warn"}
_OF_A_USER: Final = 4


def _microdaos(ask: Ask) -> Json:
    district, words = ask.query.get("district"), ask.query.get("q", "").lower()
    matches = [
        microdao
        for microdao in ask.network.microdaos
        if district in (None, microdao.district) and words in f"{microdao.name} {microdao.description}".lower()
    ]
    sizes = ask.network.agents_in
    return [_row(microdao, sizes[microdao.slug]) for microdao in ask.page(matches, 50, most=100)]


def _row(microdao: MicroDao, agents: int) -> Json:
    leader = microdao.orchestrator
    return {
        **_profile(microdao),
        "orchestrator_agent_name": leader.name if leader else None,
        "member_count": len(microdao.members),
        "agents_count": agents,
        "room_count": 0,
        "rooms_count": 0,
        "channels_count": len(microdao.channels),
    }


def _microdao(ask: Ask) -> Json:
    microdao = _asked(ask)
    leader = microdao.orchestrator
    return {
        **_profile(microdao),
        "orchestrator_display_name": leader.name if leader else None,
        "child_microdaos": [],
        "agents": [
            {
                "agent_id": agent.handle,
                "display_name": agent.name,
                "role": "orchestrator" if agent is leader else "member",
                "is_core": agent is leader,
            }
            for agent in ask.network.agents
            if agent.microdao is microdao
        ],
        "channels": [
            {
                "kind": "matrix",
                "ref_id": one.matrix_room,
                "display_name": one.name,
                "is_primary": one.slug == "general",
            }
            for one in microdao.channels
        ],
        "rooms": [],
        "public_citizens": [],
        "primary_city_room": None,
    }


def _profile(microdao: MicroDao) -> dict[str, Json]:
    """Return the fields that a microDAO has in the list and alone."""
    leader = microdao.orchestrator
    return {
        "id": microdao.city_id,
        "slug": microdao.slug,
        "name": microdao.name,
        "description": microdao.description,
        "district": microdao.district,
        "is_public": True,
        "is_platform": False,
        "is_active": True,
        "orchestrator_agent_id": leader.handle if leader else None,
        "parent_microdao_id": None,
        "parent_microdao_slug": None,
        "logo_url": None,
        "banner_url": None,
    }


def _rooms_of_microdao(ask: Ask) -> Json:
    microdao = _asked(ask)
    return {"microdao_id": microdao.city_id, "microdao_slug": microdao.slug, "rooms": []}


def _options(ask: Ask) -> Json:
    rows = [
        {"id": one.city_id, "slug": one.slug, "name": one.name, "district": one.district, "is_active": True}
        for one in ask.network.microdaos
    ]
    return {"items": rows}


def _asked(ask: Ask) -> MicroDao:
    slug = ask.words["slug"]
    return there(ask.network.microdaos.get(slug), f"MicroDAO not matches: {slug}")


def _nodes(ask: Ask) -> Json:
    there_are = ask.network.agents_on
    online = Counter(agent.node.slug for agent in ask.network.agents if agent.status != "offline")
    rows = [_node(ask, node, there_are[node.slug], online[node.slug]) for node in ask.network.nodes]
    return {"items": rows, "total": len(rows)}


def _one_node(ask: Ask) -> Json:
    node = there(ask.network.nodes.get(ask.words["node"]), "Node not matches")
    agents = [agent for agent in ask.network.agents if agent.node is node]
    return _node(ask, node, len(agents), sum(agent.status != "offline" for agent in agents))


def _node(ask: Ask, node: Node, agents: int, online: int) -> Json:
    beat = ask.now.replace(second=0, microsecond=0) if node.is_up else node.since
    return {
        "node_id": node.slug,
        "name": node.name,
        "hostname": node.hostname,
        "roles": list(node.roles),
        "environment": "production",
        "status": node.status,
        "gpu_info": None,
        "agents_total": agents,
        "agents_online": online,
        "last_heartbeat": spaced(beat) if beat else None,
        "guardian_agent_id": None,
        "steward_agent_id": None,
        "guardian_agent": None,
        "steward_agent": None,
        "microdaos": [],
    }


def _snapshot(ask: Ask) -> Json:
    """Return the view of one user, a member of the first microDAO."""
    microdao = ask.network.microdaos[0]
    agents = [agent for agent in ask.network.agents if agent.microdao is microdao]
    nodes = [node for node in ask.network.nodes if node.microdao is microdao]
    loads = [node.load("gpu", ask.now) for node in ask.network.nodes]
    return {
        "user": {
            "id": "user:500",
            "handle": f"@guest:{MATRIX}",
            "archetype": "Explorer",
            "microdaoId": f"microdao:{microdao.slug}",
        },
        "microdao": {
            "id": f"microdao:{microdao.slug}",
            "name": microdao.name,
            "members": len(microdao.members) + len(agents),
            "humans": len(microdao.members),
            "agents": len(agents),
            "balanceDcr": float(microdao.balance),
            "activity24h": 0.7,
        },
        "metrics": {
            "activityIndex": 0.7,
            "avgAgentLatencyMs": 14.0,
            "natsTps": 5,
            "nodeAvgLoad": round(sum(loads) / len(loads), 2),
            "errorRate": 0.01,
            "questEngagement": 0.5,
        },
        "nodes": [_seen_node(ask, node) for node in nodes[:_OF_A_USER]],
        "agents": [
            {
                "id": agent.external_id,
                "name": agent.name,
                "role": agent.kind.title(),
                "status": agent.status,
                "lastAction": None,
            }
            for agent in agents[:_OF_A_USER]
        ],
        "quests": [{"id": "q1", "label": "Visit the map", "progress": 0.4}],
        "events": [
            {
                "id": "evt-1",
                "type": "system",
                "label": "Good morning",
                "timestamp": zulu(ask.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=1)),
                "severity": "info",
            }
        ],
    }


def _seen_node(ask: Ask, node: Node) -> Json:
    return {
        "id": f"node:{node.slug}",
        "label": node.name,
        "gpuLoad": node.load("gpu", ask.now),
        "latencyMs": node.latency(ask.now),
        "agents": ask.network.agents_on[node.slug],
        "status": _STATUSES.get(node.condition, "healthy"),
    }


ANSWERS: Final[Answers] = {
    **city_agents.ANSWERS,
    **city_places.ANSWERS,
    "/api/city/snapshot": _snapshot,
    "/api/v1/microdao/options": _options,
    "/city/microdao": _microdaos,
    "/city/microdao/{slug}": _microdao,
    "/city/microdao/{slug}/rooms": _rooms_of_microdao,
    "/public/nodes": _nodes,
    "/public/nodes/{node}": _one_node,
}
