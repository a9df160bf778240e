"""Handlers of the messages about single uses: each is added to what the last poll counted."""

from typing import Final

from livingmap.plugin import Change, Event, Fields, Part, Put, Total, id_of, read_event
from livingmap_usage.prices import grown, model_cost, prices_of
from livingmap_usage.rows import Invocation, LlmCall, ToolCall, UsageMessage, model_id
from livingmap_usage.sums import added

MOST_LISTED: Final = 20
"""How long each list of the summary gets: a shorter one is complete, and what it lacks was not used."""

_NO_USAGE: Final = {"llm_calls_24h": 0, "tokens_24h": 0, "invocations_24h": 0, "tool_calls_24h": 0}
_NO_CALLS: Final[dict[str, Fields]] = {
    "models": {"calls": 0, "tokens": 0, "avg_latency_ms": None},
    "tools": {"calls": 0, "success_rate": None, "avg_latency_ms": None},
}


def on_llm_call(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.llm`` and ``usage.llm.*``: one call of a language model."""
    call = read_event(LlmCall, event)
    split = {"tokens_prompt": call.prompt_tokens, "tokens_completion": call.completion_tokens}
    total = {"llm_calls": 1, "tokens": call.tokens, **split, "llm_latency_avg_ms": call.latency_ms}
    changes = _agent(part, call, {"llm_calls_24h": 1, "tokens_24h": call.tokens})
    if call.model and call.provider:
        names = {"name": call.model, "provider": call.provider}
        numbers = {"calls": 1, "tokens": call.tokens, "avg_latency_ms": call.latency_ms}
        changes += _used(part, "models", model_id(call.provider, call.model), names, numbers)
    return _counted(part, total, changes)


def on_tool_call(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.tool``: one call of a tool."""
    call = read_event(ToolCall, event)
    total = {"tool_calls": 1, "tool_calls_failed": 1 - call.success, "tool_latency_avg_ms": call.latency_ms}
    names = {"name": call.tool_name or call.tool_id}
    numbers = {"calls": 1, "success_rate": float(call.success), "avg_latency_ms": call.latency_ms}
    changes = _agent(part, call, {"tool_calls_24h": 1}) + _used(part, "tools", call.id, names, numbers)
    return _counted(part, total, changes)


def on_invocation(event: Event, part: Part) -> list[Change]:
    """Fold ``usage.agent`` and ``usage.agent.*``: one run of an agent.

    The calls that the run made come as messages of their own and are counted there.
    """
    run = read_event(Invocation, event)
    total = {"invocations": 1, "invocations_failed": 1 - run.success}
    return _counted(part, total, _agent(part, run, {"invocations_24h": 1}))


def _counted(part: Part, more: Fields, changes: list[Change]) -> list[Change]:
    """Return ``changes`` and the new totals."""
    total = added(part.total("usage"), more)
    return [*changes, Total("usage", total)] if total else changes


def _agent(part: Part, message: UsageMessage, more: Fields) -> list[Change]:
    if message.agent_id is None:
        return []
    entity_id = id_of("agent", message.agent_id)
    agent = part.get("agents", entity_id)
    if agent is None and _may_be_unlisted(part, "agents", "items"):
        return []
    usage = (agent or {}).get("usage", _NO_USAGE)
    sums = {**usage, **added(usage, more)}
    return [Put("agents", entity_id, {"usage": {**sums, **grown(usage, sums["tokens_24h"])}}, creates=False)]


def _used(part: Part, collection: str, entity_id: str, names: Fields, numbers: Fields) -> list[Change]:
    item = part.get("usage", entity_id, collection)
    if item is None and _may_be_unlisted(part, "usage", collection):
        return []
    none = _NO_CALLS[collection]
    fields = added(item, numbers) if item else {**names, **none, **added(none, numbers)}
    if collection == "models":
        fields |= model_cost({**(item or {}), **fields}, prices_of(part))
    return [Put("usage", entity_id, fields, collection=collection)]


def _may_be_unlisted(part: Part, layer: str, collection: str) -> bool:
    """Tell whether something may have been used although no list names it: the list is cut, or not there yet."""
    return "llm_calls" not in part.total("usage") or part.count(layer, collection) >= MOST_LISTED
