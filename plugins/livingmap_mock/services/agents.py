"""agents-service (:7014). It has no ``/agents/metrics``: the word is read as the id of an agent."""

from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import Agent
from livingmap_mock.times import zulu


def _agents(ask: Ask) -> Json:
    if ask.query.get("is_active") == "false":
        return []
    home, kind = ask.query.get("microdao_id"), ask.query.get("kind")
    return [
        _row(agent)
        for agent in ask.network.agents
        if (home is None or agent.microdao.uuid == home) and (kind is None or agent.kind == kind)
    ]


def _agent(ask: Ask) -> Json:
    return _row(_asked(ask))


def _events(ask: Ask) -> Json:
    agent = _asked(ask)
    event = {
        "id": agent.uuid,
        "agent_id": agent.external_id,
        "kind": "created",
        "ts": zulu(agent.created),
        "channel_id": None,
        "tool_id": None,
        "content": None,
        "payload": {
            "kind": agent.kind,
            "name": agent.name,
            "created_by": agent.microdao.owner,
            "blueprint_id": None,
        },
    }
    return ask.page([event], limit=50, most=200)


def _quota(ask: Ask) -> Json:
    counts = dict.fromkeys(("tokens_minute", "runs_today", "users_today", "concurrent_runs"), 0)
    return {"agent_id": _asked(ask).external_id, **counts}


def _asked(ask: Ask) -> Agent:
    entity_id = ask.words["agent"]
    agent = ask.network.agents.get(entity_id.removeprefix("agent:")) if entity_id.startswith("agent:") else None
    return there(agent, f"Agent '{entity_id}' not found")


def _row(agent: Agent) -> Json:
    return {
        "id": agent.uuid,
        "external_id": agent.external_id,
        "name": agent.name,
        "kind": agent.kind,
        "description": agent.microdao.name,
        "microdao_id": agent.microdao.uuid,
        "owner_user_id": agent.microdao.owner,
        "blueprint_id": None,
        "model": agent.model,
        "tools_enabled": list(agent.tools),
        "system_prompt": "You help. These words are private.",
        "avatar_url": None,
        "is_active": True,
        "created_at": zulu(agent.created),
        "updated_at": zulu(agent.updated),
    }


ANSWERS: Final[Answers] = {
    "/agents": _agents,
    "/agents/{agent}": _agent,
    "/agents/{agent}/events": _events,
    "/agents/{agent}/quota": _quota,
}
