"""Handlers of the messages about agents: signs of life, errors, runs, decisions and bots."""

from livingmap.plugin import (
    Change,
    Drop,
    Event,
    Json,
    Part,
    Put,
    canonical_status,
    id_of,
    id_or_none,
    read_event,
    rfc3339,
    without_none,
)
from livingmap_agents.rows import AgentMessage, FilterDecision


def on_event(event: Event, part: Part) -> list[Change]:
    """Fold ``agent.event.created|deleted|status|…``: the last token says what happened."""
    message = read_event(AgentMessage, event)
    entity_id, verb = id_of("agent", message.agent_id), event.type.rsplit(".", 1)[-1]
    if verb == "deleted":
        return [Drop("agents", entity_id)]
    created = verb == "created"
    fields = {
        "name": message.name or (entity_id.partition(":")[2] if created else None),
        "kind": message.kind,
        "microdao_id": id_or_none("microdao", message.microdao_id),
        "status": canonical_status(message.status, None),
    }
    if fields["status"] is not None:
        fields["status_at"] = rfc3339(event.received_at)
    return [Put("agents", entity_id, {**without_none(fields), **_activity(event)}, creates=created)]


def on_activity(event: Event, part: Part) -> list[Change]:
    """Fold a sign of life, such as ``agents.reply``, ``router.invoke.agent`` or ``agent.telegram.update``."""
    return [_put(read_event(AgentMessage, event).agent_id, _activity(event))]


def on_error(event: Event, part: Part) -> list[Change]:
    """Fold ``agents.error`` and ``agent.error``."""
    fields = {**_activity(event), "last_error_at": rfc3339(event.received_at)}
    return [_put(read_event(AgentMessage, event).agent_id, fields)]


def on_run(event: Event, part: Part) -> list[Change]:
    """Fold ``agents.runs.created`` and ``agents.runs.finished``: an agent is busy in between."""
    status = "busy" if event.type.endswith(".created") else "online"
    return [
        _put(
            read_event(AgentMessage, event).agent_id,
            {"status": status, "status_at": rfc3339(event.received_at), **_activity(event)},
        )
    ]


def on_filter_decision(event: Event, part: Part) -> list[Change]:
    """Fold ``agent.filter.decision``: which agent a message was given to. The rewritten prompt is not kept."""
    message = read_event(FilterDecision, event)
    if message.target_agent_id is None:
        return []
    return [_put(message.target_agent_id, {"last_decision": message.decision, **_activity(event)})]


def on_bot(event: Event, part: Part) -> list[Change]:
    """Fold ``bot.registered`` and ``bot.unregistered``: whether the agent can be reached by Telegram."""
    return [_put(read_event(AgentMessage, event).agent_id, {"telegram": event.type == "bot.registered"})]


def _put(agent: str, fields: dict[str, Json]) -> Put:
    return Put("agents", id_of("agent", agent), fields, creates=False)


def _activity(event: Event) -> dict[str, Json]:
    return {"last_active_at": rfc3339(event.received_at)}
