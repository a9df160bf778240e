"""agents-service (:7014): the list of agents, and what is heard of them on NATS.

The specification's ``/agents/metrics`` does not exist in the service as it runs (it takes the path for an agent
called ``metrics``), so it is optional here. ``system_prompt``, which ``/agents`` shows to anybody, is never read.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import (
    Change,
    Client,
    Drop,
    Event,
    Fields,
    Identifier,
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


class AgentsSettings(SourceSettings):
    """Section ``sources.agents``."""

    base_url: str = "http://agents-service:7014"
    """Address of agents-service."""


class AgentRow(BaseModel):
    """One row of ``GET /agents``."""

    id: Identifier
    external_id: Identifier | None = None
    name: str
    kind: str | None = None
    description: str | None = None
    microdao_id: Identifier | None = None
    node_id: Identifier | None = None
    model: str | None = None
    tools_enabled: list[str] = []
    status: str | None = None
    is_active: bool = True
    created_at: str | None = None
    updated_at: str | None = None


class MetricsRow(BaseModel):
    """One row of the specification's ``GET /agents/metrics``."""

    agent_id: Annotated[Identifier, Field(validation_alias=AliasChoices("agent_id", "id"))]
    status: str | None = None


class AgentMessage(BaseModel):
    """The payload of ``agent.event.*`` and ``agents.*``, as far as the map reads it."""

    agent_id: Identifier
    name: str | None = None
    kind: str | None = None
    microdao_id: Identifier | None = None
    status: str | None = None


class FilterDecision(BaseModel):
    """The payload of ``agent.filter.decision``."""

    decision: str
    target_agent_id: Identifier | None = None


async def fetch_agents(client: Client) -> list[Put]:
    """Return all agents of the service."""
    rows = client.read(AgentRow, await client.get("/agents"), "/agents")
    metrics = await client.optional("/agents/metrics")
    statuses = {id_of("agent", row.agent_id): row.status for row in _metrics(client, metrics)}
    return [_agent(row, statuses) for row in rows]


async def agent_details(client: Client, name: str) -> Fields:
    """Return one agent as the service tells it now."""
    row = client.read(AgentRow, [await client.get(f"/agents/agent:{name}")], f"/agents/agent:{name}")[0]
    return _agent(row, {}).set


def _metrics(client: Client, answer: Json) -> list[MetricsRow]:
    if isinstance(answer, dict):
        answer = answer.get("items", answer.get("agents", []))
    return client.read(MetricsRow, answer or [], "/agents/metrics")


def _agent(row: AgentRow, statuses: dict[str, str | None]) -> Put:
    entity_id = id_of("agent", row.external_id or row.id)
    told = row.status or statuses.get(entity_id)
    fields: dict[str, Json] = {
        "name": row.name,
        "kind": row.kind,
        "microdao_id": id_of("microdao", row.microdao_id) if row.microdao_id else None,
        "description": row.description,
        "model": row.model,
        "tools": row.tools_enabled,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    if status_told := _status(told, active=row.is_active):
        fields["status"] = status_told
    if row.node_id:
        fields["node_id"] = id_of("node", row.node_id)
    return Put("agents", entity_id, fields, aliases=(id_of("agent", row.id),) if row.external_id else ())


def _status(told: str | None, *, active: bool) -> str | None:
    """None if the service is silent: then an event's word stays, or another source's, or the layer's default."""
    if not active:
        return "inactive"
    return canonical_status(told) if told else None


def on_agent_event(event: Event, part: Part) -> list[Change]:
    """Fold ``agent.event.created|deleted|status|…``: the last token says what happened."""
    said = read_event(AgentMessage, event)
    entity_id, verb = id_of("agent", said.agent_id), event.type.rsplit(".", 1)[-1]
    if verb == "deleted":
        return [Drop("agents", entity_id)]
    fields: dict[str, Json] = {"name": said.name, "kind": said.kind}
    fields["microdao_id"] = id_of("microdao", said.microdao_id) if said.microdao_id else None
    fields["status"] = canonical_status(said.status) if said.status else None
    told = {name: value for name, value in fields.items() if value is not None}
    if verb == "created":
        told = {"name": entity_id.partition(":")[2], **told}
    return [Put("agents", entity_id, {**told, **_seen(event)}, creates=verb == "created")]


def on_agent_activity(event: Event, part: Part) -> list[Change]:
    """Fold a sign of life, such as ``agents.reply``, ``router.invoke.agent`` or ``agent.telegram.update``."""
    said = read_event(AgentMessage, event)
    return [Put("agents", id_of("agent", said.agent_id), _seen(event), creates=False)]


def on_agent_error(event: Event, part: Part) -> list[Change]:
    """Fold ``agents.error`` and ``agent.error``."""
    said = read_event(AgentMessage, event)
    fields = {**_seen(event), "last_error_at": rfc3339(event.received_at)}
    return [Put("agents", id_of("agent", said.agent_id), fields, creates=False)]


def on_agent_run(event: Event, part: Part) -> list[Change]:
    """Fold ``agents.runs.created`` and ``agents.runs.finished``: an agent is busy in between."""
    said = read_event(AgentMessage, event)
    now = "busy" if event.type.endswith(".created") else "online"
    return [Put("agents", id_of("agent", said.agent_id), {"status": now, **_seen(event)}, creates=False)]


def on_filter_decision(event: Event, part: Part) -> list[Change]:
    """Fold ``agent.filter.decision``: which agent a message was given to. The rewritten prompt is not kept."""
    said = read_event(FilterDecision, event)
    if said.target_agent_id is None:
        return []
    fields = {"last_decision": said.decision, **_seen(event)}
    return [Put("agents", id_of("agent", said.target_agent_id), fields, creates=False)]


def on_bot(event: Event, part: Part) -> list[Change]:
    """Fold ``bot.registered`` and ``bot.unregistered``: whether the agent can be reached by Telegram."""
    said = read_event(AgentMessage, event)
    fields = {"telegram": event.type == "bot.registered"}
    return [Put("agents", id_of("agent", said.agent_id), fields, creates=False)]


def _seen(event: Event) -> dict[str, Json]:
    return {"last_active_at": rfc3339(event.received_at)}


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="agents",
        service="agents-service",
        settings=AgentsSettings,
        layers=(
            Layer(
                "agents",
                fetch=fetch_agents,
                references=("microdao_id", "node_id"),
                defaults={"status": "active"},
            ),
        ),
        handlers={
            "agent.event.*": on_agent_event,
            "agent.filter.decision": on_filter_decision,
            "agent.reply.sent": on_agent_activity,
            "agent.error": on_agent_error,
            "agent.telegram.update": on_agent_activity,
            "agents.*": on_agent_activity,
            "agents.error": on_agent_error,
            "agents.runs.*": on_agent_run,
            "bot.registered": on_bot,
            "bot.unregistered": on_bot,
            "router.invoke.agent": on_agent_activity,
        },
        details={"agent": agent_details},
        samples=Path(__file__).with_name("samples"),
    )
