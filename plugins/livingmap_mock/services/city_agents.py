"""city-service: the agents, where they are and whether they are present."""

from typing import Final

from livingmap.plugin import Json
from livingmap_mock.network import Roll
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import Agent, MicroDao, Node

_COLOR: Final = "cyan"


def _agents(ask: Ask) -> Json:
    return [
        {
            "id": agent.handle,
            "display_name": agent.name,
            "kind": agent.kind,
            "avatar_url": None,
            "color": _COLOR,
            "status": agent.status,
            "current_room_id": agent.room.id if agent.room else None,
            "capabilities": list(dict.fromkeys(tool.partition(".")[0] for tool in agent.tools)),
        }
        for agent in ask.network.agents
    ]


def _online(ask: Ask) -> Json:
    return [present(agent) for agent in ask.network.agents if agent.status != "offline"]


def present(agent: Agent) -> dict[str, Json]:
    """Return an agent as lists of those present show it."""
    return {
        "agent_id": agent.handle,
        "display_name": agent.name,
        "kind": agent.kind,
        "status": agent.status,
        "room_id": agent.room.id if agent.room else None,
        "color": _COLOR,
        "node_id": agent.node.slug,
        "district": agent.microdao.district,
        "model": None,
        "role": None,
        "avatar_url": None,
    }


def _public(ask: Ask) -> Json:
    home, node = ask.query.get("microdao_id"), ask.query.get("node_id")
    matches: Roll[Agent] | list[Agent] = ask.network.agents
    if home is not None or node is not None:
        matches = [
            agent
            for agent in ask.network.agents
            if home in (None, agent.microdao.city_id) and node in (None, agent.node.slug)
        ]
    return {"items": [_profile(agent) for agent in ask.page(matches, 100, most=200)], "total": len(matches)}


def _profile(agent: Agent) -> Json:
    home, leads = agent.microdao, agent.microdao.orchestrator is agent
    return {
        "id": agent.handle,
        "slug": agent.handle,
        "display_name": agent.name,
        "title": "",
        "tagline": "",
        "kind": agent.kind,
        "avatar_url": None,
        "status": agent.status,
        "node_id": agent.node.slug,
        "node_label": agent.node.name,
        "home_node": {
            "id": agent.node.slug,
            "name": agent.node.name,
            "hostname": agent.node.hostname,
            "roles": list(agent.node.roles),
            "environment": "production",
        },
        "visibility_scope": "global",
        "is_listed_in_directory": True,
        "is_system": False,
        "is_public": True,
        "is_orchestrator": leads,
        "primary_microdao_id": home.city_id,
        "primary_microdao_name": home.name,
        "primary_microdao_slug": home.slug,
        "district": home.district,
        "microdaos": [
            {
                "id": home.city_id,
                "name": "",
                "slug": None,
                "role": _role(agent),
                "is_public": True,
                "is_platform": False,
                "logo_url": None,
                "banner_url": None,
            }
        ],
        "microdao_memberships": [_membership(agent, home)],
        "public_skills": [],
        "crew_info": None,
        "model_bindings": None,
        "usage_stats": None,
    }


def _role(agent: Agent) -> str:
    return "orchestrator" if agent.microdao.orchestrator is agent else "member"


def _membership(agent: Agent, home: MicroDao) -> Json:
    return {
        "microdao_id": home.city_id,
        "microdao_slug": home.slug,
        "microdao_name": home.name,
        "logo_url": None,
        "role": _role(agent),
        "is_core": home.orchestrator is agent,
    }


def _dashboard(ask: Ask) -> Json:
    agent = there(ask.network.agents.get(ask.words["agent"]), "Agent not matches")
    room = agent.room.place.slug if agent.room else None
    return {
        "profile": _dashboard_profile(agent, room),
        "node": _dashboard_node(agent.node),
        "primary_city_room": None,
        "runtime": {"health": "healthy", "last_success_at": None, "last_error_at": None},
        "metrics": {
            "tasks_1h": 0,
            "tasks_24h": agent.used.invocations,
            "errors_24h": 0,
            "avg_latency_ms_1h": 0,
            "success_rate_24h": 1.0,
        },
        "recent_activity": [],
        "system_prompts": {"core": None, "safety": None, "governance": None, "tools": None},
        "public_profile": {
            "is_public": True,
            "public_slug": agent.handle,
            "public_title": None,
            "public_tagline": None,
            "public_skills": [],
            "public_district": agent.microdao.district,
            "public_primary_room_slug": room,
        },
        "microdao_memberships": [_membership(agent, agent.microdao)],
    }


def _dashboard_profile(agent: Agent, room: str | None) -> Json:
    home = agent.microdao
    return {
        "agent_id": agent.handle,
        "display_name": agent.name,
        "kind": agent.kind,
        "model": None,
        "avatar_url": None,
        "status": agent.status,
        "node_id": agent.node.slug,
        "is_public": True,
        "public_slug": agent.handle,
        "is_orchestrator": home.orchestrator is agent,
        "primary_microdao_id": home.city_id,
        "primary_microdao_name": home.name,
        "primary_microdao_slug": home.slug,
        "crew_info": {"has_crew_team": False, "crew_team_key": None, "matrix_room_id": None},
        "roles": [],
        "tags": [],
        "dais": {
            "core": {"title": agent.name, "bio": home.description, "version": "1.0.0"},
            "vis": {"avatar_url": None, "color_primary": _COLOR},
            "cog": {"base_model": agent.model, "provider": "ollama", "node_id": agent.node.slug},
            "act": {"tools": list(agent.tools)},
        },
        "city_presence": {"primary_room_slug": room, "district": home.district, "rooms": []},
    }


def _dashboard_node(node: Node) -> Json:
    return {
        "node_id": node.slug,
        "name": node.name,
        "hostname": node.hostname,
        "roles": list(node.roles),
        "environment": "production",
        "status": "online" if node.is_up else "offline",
        "guardian_agent": None,
        "steward_agent": None,
    }


ANSWERS: Final[Answers] = {
    "/city/agents": _agents,
    "/city/agents/online": _online,
    "/city/agents/{agent}/dashboard": _dashboard,
    "/public/agents": _public,
    "/public/citizens": lambda _: {"items": [], "total": 0},
}
