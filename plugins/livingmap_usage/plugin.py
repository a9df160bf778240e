"""usage-engine (:7013): one summary of the language models, tools and agents in use, and each use on NATS.

The field ``usage`` that agents get always covers 24 hours, as its names say; the layer ``usage`` covers
``period_hours``. With the default of 24 both are read from one answer.
"""

from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import Field

from livingmap.plugin import (
    Change,
    Client,
    Event,
    Fields,
    InvalidAnswer,
    Json,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    Total,
    hookimpl,
    id_of,
    read_event,
)
from livingmap_usage.rows import (
    AgentRow,
    Invocation,
    LlmCall,
    ModelRow,
    Summary,
    ToolCall,
    ToolRow,
    UsageMessage,
    added,
    model_id,
)

SUMMARY: Final = "/internal/usage/summary"
DAY_HOURS: Final = 24
MOST_LISTED: Final = 20
"""How long each list of the summary gets: a shorter one is complete, and what it lacks was not used."""

_NO_USAGE: Final = {"llm_calls_24h": 0, "tokens_24h": 0, "invocations_24h": 0, "tool_calls_24h": 0}
_NO_CALLS: Final[dict[str, Fields]] = {
    "models": {"calls": 0, "tokens": 0, "avg_latency_ms": None},
    "tools": {"calls": 0, "success_rate": None, "avg_latency_ms": None},
}

R = TypeVar("R", AgentRow, ModelRow, ToolRow)


class UsageSettings(SourceSettings):
    """Section ``sources.usage``."""

    base_url: str = "http://usage-engine:7013"
    """Address of usage-engine."""
    period_hours: Annotated[int, Field(ge=1, le=720)] = DAY_HOURS
    """Hours that the layer ``usage`` looks back; the usage shown at agents always covers 24."""


async def fetch_agent_usage(client: Client) -> list[Put]:
    """Return the usage of the agents that used most in the last 24 hours."""
    listed = await _listed(client, AgentRow, "agents", DAY_HOURS)
    return [Put("agents", entity_id, {"usage": usage}, creates=False) for entity_id, usage in listed.items()]


async def fetch_models(client: Client) -> list[Put | Total]:
    """Return the totals of the period and the models that were used most."""
    hours = client.settings.period_hours
    told = (await _answer(client, hours)).get("summary")
    summary = client.read(Summary, [told], f"{SUMMARY} summary")[0]
    listed = await _listed(client, ModelRow, "models", hours)
    total = Total("usage", {"period_hours": hours, **summary.fields()})
    return [total, *(Put("usage", entity_id, model, collection="models") for entity_id, model in listed.items())]


async def fetch_tools(client: Client) -> list[Put]:
    """Return the tools that were used most in the period."""
    listed = await _listed(client, ToolRow, "tools", client.settings.period_hours)
    return [Put("usage", entity_id, tool, collection="tools") for entity_id, tool in listed.items()]


async def _answer(client: Client, hours: int) -> dict[str, Json]:
    answer = await client.get(SUMMARY, period_hours=hours)
    if not isinstance(answer, dict):
        raise InvalidAnswer(f"{SUMMARY}: expected an object, got {type(answer).__name__}")
    return answer


async def _listed(client: Client, model: type[R], name: str, hours: int) -> dict[str, dict[str, Json]]:
    """Return one list of the answer by id; rows of the same id are added up."""
    answer = await _answer(client, hours)
    found: dict[str, dict[str, Json]] = {}
    for row in client.read(model, answer.get(name, []), f"{SUMMARY} {name}"):
        fields = row.fields()
        known = found.get(row.id, fields)
        found[row.id] = known if known is fields else {**known, **added(known, fields)}
    return found


def on_llm_call(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.llm`` and ``usage.llm.*``: one call of a language model."""
    said = read_event(LlmCall, event)
    split = {"tokens_prompt": said.prompt_tokens, "tokens_completion": said.completion_tokens}
    total = {"llm_calls": 1, "tokens": said.tokens, **split, "llm_latency_avg_ms": said.latency_ms}
    changes = _agent(part, said, {"llm_calls_24h": 1, "tokens_24h": said.tokens})
    if said.model and said.provider:
        named = {"name": said.model, "provider": said.provider}
        call = {"calls": 1, "tokens": said.tokens, "avg_latency_ms": said.latency_ms}
        changes += _used(part, "models", model_id(said.provider, said.model), named, call)
    return _counted(part, total, changes)


def on_tool_call(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.tool``: one call of a tool."""
    said = read_event(ToolCall, event)
    total = {"tool_calls": 1, "tool_calls_failed": 1 - said.success, "tool_latency_avg_ms": said.latency_ms}
    named = {"name": said.tool_name or said.tool_id}
    call = {"calls": 1, "success_rate": float(said.success), "avg_latency_ms": said.latency_ms}
    changes = _agent(part, said, {"tool_calls_24h": 1}) + _used(part, "tools", said.id, named, call)
    return _counted(part, total, changes)


def on_invocation(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.agent`` and ``usage.agent.*``: one run of an agent.

    The calls that the run made come as messages of their own and are counted there.
    """
    said = read_event(Invocation, event)
    total = {"invocations": 1, "invocations_failed": 1 - said.success}
    return _counted(part, total, _agent(part, said, {"invocations_24h": 1}))


def _counted(part: Part, more: Fields, changes: list[Change]) -> list[Change]:
    """Return ``changes`` and the new totals."""
    total = added(part.total("usage"), more)
    return [*changes, Total("usage", total)] if total else changes


def _agent(part: Part, said: UsageMessage, more: Fields) -> list[Change]:
    if said.agent_id is None:
        return []
    entity_id = id_of("agent", said.agent_id)
    known = part.get("agents", entity_id)
    if known is None and _may_be_unlisted(part, "agents", "items"):
        return []
    usage = (known or {}).get("usage", _NO_USAGE)
    return [Put("agents", entity_id, {"usage": {**usage, **added(usage, more)}}, creates=False)]


def _used(part: Part, collection: str, entity_id: str, named: Fields, call: Fields) -> list[Change]:
    known = part.get("usage", entity_id, collection)
    if known is None and _may_be_unlisted(part, "usage", collection):
        return []
    fields = (
        added(known, call) if known else {**named, **_NO_CALLS[collection], **added(_NO_CALLS[collection], call)}
    )
    return [Put("usage", entity_id, fields, collection=collection)]


def _may_be_unlisted(part: Part, layer: str, collection: str) -> bool:
    """Tell whether something may have been used although no list names it: the list is cut, or not known yet."""
    return "llm_calls" not in part.total("usage") or part.count(layer, collection) >= MOST_LISTED


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="usage",
        service="usage-engine",
        settings=UsageSettings,
        layers=(
            Layer("agents", fetch=fetch_agent_usage, decorates=True),
            Layer("usage", "models", fetch=fetch_models),
            Layer("usage", "tools", fetch=fetch_tools),
        ),
        handlers={
            "usage.llm": on_llm_call,
            "usage.llm.*": on_llm_call,
            "usage.tool": on_tool_call,
            "usage.agent": on_invocation,
            "usage.agent.*": on_invocation,
        },
        samples=Path(__file__).with_name("samples"),
    )
