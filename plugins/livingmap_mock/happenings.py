"""What happens by the minute: nodes report, agents come and go, people talk.

Each thing changes the network and returns the messages that the services would publish of it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from livingmap.plugin import Json, Message
from livingmap_mock.founding import hire, say
from livingmap_mock.network import Network
from livingmap_mock.things import MATRIX, Agent, Channel, Condition, Node, Utterance
from livingmap_mock.times import naive, offset, zulu
from livingmap_mock.used import Usage
from livingmap_mock.words import MODELS, tool_name

Happening: TypeAlias = Callable[[Network, datetime], list[Message]]

_PRESENCE: Final = {"online": ("busy", "busy", "offline"), "busy": ("online",), "offline": ("online",)}
_TROUBLES: Final[tuple[Condition, ...]] = ("overloaded", "degraded", "offline")
_TROUBLED: Final = 0.15
_NEWCOMERS: Final = 0.05
_FULL: Final = 40


def node_reports(network: Network, now: datetime) -> list[Message]:
    """Let a node that is up report its loads."""
    node = network.nodes.draw(network.rng)
    return [_metrics(node, now)] if node.is_up else []


def node_changes(network: Network, now: datetime) -> list[Message]:
    """Let a node get into trouble or out of it; some are always in trouble, most never."""
    troubled = [node for node in network.nodes if node.condition != "healthy"]
    most = max(1, int(len(network.nodes) * _TROUBLED))
    if troubled and network.rng.random() < len(troubled) / most:
        node = network.rng.choice(troubled)
        node.condition = "healthy"
    else:
        node = network.nodes.draw(network.rng)
        node.condition = network.rng.choice(_TROUBLES)
    node.since = now
    return [_metrics(node, now)]


def _metrics(node: Node, now: datetime) -> Message:
    net = node.load("net", now)
    payload: dict[str, Json] = {
        "node_id": f"node:{node.slug}",
        "cpu": node.load("cpu", now),
        "gpu": node.load("gpu", now),
        "ram": node.load("ram", now),
        "net_in": round(1000 * net, 1),
        "net_out": round(800 * net, 1),
        "status": node.status,
        "ts": offset(now),
    }
    return Message("node.metrics.update", payload)


def agent_changes(network: Network, now: datetime) -> list[Message]:
    """Let an agent come, go or get busy."""
    agent = network.agents.draw(network.rng)
    agent.status = network.rng.choice(_PRESENCE[agent.status])
    return [_status(agent, now)]


def _status(agent: Agent, now: datetime) -> Message:
    payload = {"agent_id": agent.external_id, "status": agent.status, "ts": offset(now)}
    return Message("agent.event.status", payload)


def person_writes(network: Network, now: datetime) -> list[Message]:
    """Let somebody write in a channel; the filter may hand the message on to an agent in it."""
    rng, channel = network.rng, network.channels.draw(network.rng)
    utterance = say(network, channel, None, now)
    present = [agent for agent in channel.agents if agent.status != "offline"]
    decision = rng.choice(("allow", "modify", "deny")) if present else "deny"
    agent = rng.choice(present) if decision != "deny" else None
    about = {
        "channel_id": channel.uuid,
        "message_id": utterance.uuid,
        "matrix_event_id": utterance.matrix_id,
        "microdao_id": channel.microdao.external_id,
    }
    hint = "Answer in one sentence." if decision == "modify" else None
    handed = {"target_agent_id": agent.external_id if agent else None, "rewrite_prompt": hint}
    messages = [
        _created(channel, utterance),
        Message("agent.filter.decision", {**about, "decision": decision, **handed}),
    ]
    if agent:
        network.asked.append((agent, channel))
        invocation = {"agent_id": agent.external_id, "entrypoint": "channel_message"}
        messages.append(
            Message("router.invoke.agent", {**invocation, "payload": {**about, "rewrite_prompt": hint}})
        )
    return messages


def agent_answers(network: Network, now: datetime) -> list[Message]:
    """Let an agent that was asked answer, which takes a language model."""
    if not network.asked:
        return []
    agent, channel = network.asked.popleft()
    if network.agents.get(agent.handle) is not agent or network.channels.get(channel.uuid) is not channel:
        return []
    return [*_work(network, agent, now, channel), _created(channel, say(network, channel, agent, now))]


def agent_works(network: Network, now: datetime) -> list[Message]:
    """Let an agent that is there do something on its own."""
    agent = network.agents.draw(network.rng)
    return _work(network, agent, now) if agent.status != "offline" else []


def _work(network: Network, agent: Agent, now: datetime, channel: Channel | None = None) -> list[Message]:
    """Let an agent run once: one call of its model, and maybe some of its first tool."""
    rng = network.rng
    prompt, completion, llm_ms = rng.randrange(200, 2400), rng.randrange(20, 600), rng.randrange(300, 2500)
    tools_ms = [rng.randrange(80, 600) for _ in range(rng.randrange(3))]
    network.spend(agent, Usage(1, 1, len(tools_ms), 1, prompt, completion, llm_ms, sum(tools_ms)), now)
    actor = {"actor_id": agent.external_id, "actor_type": "agent"}
    model = {"model": agent.model, "provider": MODELS[agent.model]}
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    tool = {"tool_id": agent.tools[0], "tool_name": tool_name(agent.tools[0])}
    cause = {"channel_id": channel.uuid if channel else None, "trigger": "message" if channel else "schedule"}
    run = {"duration_ms": llm_ms + sum(tools_ms), "llm_calls": 1, "tool_calls": len(tools_ms)}
    return [
        _used(network, agent, now, "llm", **actor, **model, **tokens, latency_ms=llm_ms),
        *(_used(network, agent, now, "tool", **actor, **tool, latency_ms=one) for one in tools_ms),
        _used(network, agent, now, "agent", **cause, **run),
    ]


def _used(network: Network, agent: Agent, now: datetime, what: str, **more: Json) -> Message:
    payload = {
        "event_id": network.uuid(),
        "timestamp": zulu(now),
        "agent_id": agent.external_id,
        "microdao_id": agent.microdao.external_id,
        **more,
        "success": True,
        "error": None,
    }
    return Message(f"usage.{what}", payload)


def _created(channel: Channel, utterance: Utterance) -> Message:
    payload = {
        "channel_id": channel.uuid,
        "message_id": utterance.uuid,
        "matrix_event_id": utterance.matrix_id,
        "sender_id": utterance.sender,
        "sender_type": utterance.sender_type,
        "microdao_id": channel.microdao.external_id,
        "created_at": offset(utterance.sent_at),
    }
    return Message("messaging.message.created", payload)


def room_fills(network: Network, now: datetime) -> list[Message]:
    """Let people enter or leave a public room."""
    rng, room = network.rng, network.rooms.draw(network.rng)
    room.online = min(max(0, room.online + rng.choice((-2, -1, 1, 2))), _FULL)
    typing = min(room.online, rng.randrange(3))
    users = [f"@guest{rng.randrange(100)}:{MATRIX}" for _ in range(typing)]
    payload = {
        "type": "room.presence",
        "room_slug": room.place.slug,
        "matrix_room_id": f"!{room.place.slug}:{MATRIX}",
        "matrix_room_alias": f"#{room.place.slug}:{MATRIX}",
        "online_count": room.online,
        "typing_count": typing,
        "typing_users": users,
        "last_event_ts": int(now.timestamp() * 1000),
    }
    return [Message(f"city.presence.room.{room.place.slug}", payload)]


def agent_starts(network: Network, now: datetime) -> list[Message]:
    """Let a new agent start, unless enough did lately."""
    if len(network.new_agents) >= max(2, int(len(network.agents) * _NEWCOMERS)):
        return []
    agent = hire(network, network.microdaos.draw(network.rng), now)
    network.new_agents.append(agent)
    if agent.microdao.channels:
        agent.microdao.channels[0].agents.append(agent)
    payload = {
        "agent_id": agent.external_id,
        "name": agent.name,
        "kind": agent.kind,
        "microdao_id": agent.microdao.uuid,
        "ts": offset(now),
    }
    return [Message("agent.event.created", payload), _status(agent, now)]


def agent_leaves(network: Network, now: datetime) -> list[Message]:
    """Let an agent that came after the start leave again."""
    if not network.new_agents:
        return []
    return [dismiss(network, network.rng.choice(network.new_agents), now)]


def dismiss(network: Network, agent: Agent, now: datetime) -> Message:
    """Remove an agent from the network, and return the messages about it."""
    network.new_agents.remove(agent)
    network.agents.remove(agent.handle)
    network.count_agent(agent, -1)
    network.former_agents.append(agent)
    network.namer.release(agent.handle)
    if agent.microdao.orchestrator is agent:
        agent.microdao.orchestrator = None
    for channel in agent.microdao.channels:
        if agent in channel.agents:
            channel.agents.remove(agent)
    return Message("agent.event.deleted", {"agent_id": agent.external_id, "ts": naive(now)})
