"""Requests to agents-service: the list of agents, and one agent's details."""

import asyncio
from typing import Final

from livingmap.plugin import (
    Client,
    Fields,
    Json,
    Put,
    canonical_status,
    id_of,
    id_or_none,
    in_time,
    namespaces_of,
    rfc3339,
    rows_in,
    without_none,
)
from livingmap_agents.rows import AgentRow, MetricsRow, PastEvent, Quota

_LAST_EVENTS: Final = 10


async def fetch_agents(client: Client) -> list[Put]:
    """Return all agents of the service."""
    metrics = await client.optional("/agents/metrics")
    statuses = {id_of("agent", row.agent_id): row.status for row in _metrics(client, metrics)}
    return [_agent(row, statuses) async for row in client.each(AgentRow, "/agents")]


async def agent_details(client: Client, name: str) -> Fields:
    """Return one agent as the service shows it now, with its last events and what it has used of its quota.

    Neither holds up the agent itself.
    """
    path = f"/agents/agent:{name}"
    row, events, quota = await asyncio.gather(
        client.get(path), in_time(_last_events(client, path), {}), in_time(_quota(client, path), {})
    )
    return {**_agent(client.read_one(AgentRow, row, path), {}).set, **events, **quota}


async def _last_events(client: Client, path: str) -> Fields:
    """Return the last events of an agent, the newest first."""
    rows = client.read(PastEvent, await client.get(f"{path}/events", limit=_LAST_EVENTS), f"{path}/events")
    events = [
        {**row.model_dump(), "ts": rfc3339(row.ts), "channel_id": id_or_none("channel", row.channel_id)}
        for row in rows
    ]
    return {"last_events": [without_none(event) for event in events]}


async def _quota(client: Client, path: str) -> Fields:
    """Return what an agent has used of its quota."""
    quota = client.read_one(Quota, await client.get(f"{path}/quota"), f"{path}/quota")
    return {"quota": without_none(quota.model_dump())}


def _metrics(client: Client, answer: Json) -> list[MetricsRow]:
    key = "items" if isinstance(answer, dict) and "items" in answer else "agents"
    return client.read(MetricsRow, rows_in(answer, key) or [], "/agents/metrics")


def _agent(row: AgentRow, statuses: dict[str, str | None]) -> Put:
    entity_id = id_of("agent", row.external_id or row.id)
    fields: dict[str, Json] = {
        "name": row.name,
        "kind": row.kind,
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "description": row.description,
        "model": row.model,
        "tools": row.tools_enabled,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    if status := _status(row.status or statuses.get(entity_id), active=row.is_active):
        fields |= {"status": status, "status_at": None}  # it holds until the next poll
    if row.node_id:
        fields["node_id"] = id_of("node", row.node_id)
    aliases = (id_of("agent", row.id),) if row.external_id else ()
    namespaces = namespaces_of("agent", external=row.external_id, uuid=row.id)
    return Put("agents", entity_id, fields, aliases=aliases, namespaces=namespaces)


def _status(word: str | None, *, active: bool) -> str | None:
    """Return the status; None if the service gives none: an event's, another source's or the default stays."""
    return canonical_status(word, None) if active else "inactive"
