"""The rows that agents-service answers with and the payloads on NATS, as far as the map reads them."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import Identifier


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


class PastEvent(BaseModel):
    """One row of ``GET /agents/{id}/events``. What was said or done is not read."""

    kind: str
    ts: str | None = None
    channel_id: str | None = None
    tool_id: str | None = None


class Quota(BaseModel):
    """The answer of ``GET /agents/{id}/quota``: what the agent has used."""

    tokens_minute: int | None = None
    runs_today: int | None = None
    users_today: int | None = None
    concurrent_runs: int | None = None


class MetricsRow(BaseModel):
    """One row of the specification's ``GET /agents/metrics``."""

    agent_id: Annotated[Identifier, Field(validation_alias=AliasChoices("agent_id", "id"))]
    status: str | None = None


class AgentMessage(BaseModel):
    """The payload of ``agent.event.*`` and ``agents.*``."""

    agent_id: Identifier
    name: str | None = None
    kind: str | None = None
    microdao_id: Identifier | None = None
    status: str | None = None


class FilterDecision(BaseModel):
    """The payload of ``agent.filter.decision``."""

    decision: str
    target_agent_id: Identifier | None = None
