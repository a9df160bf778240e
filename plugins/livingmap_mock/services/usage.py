"""usage-engine (:7013). As in reality it lists no more than the 20 busiest agents."""

import heapq
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask
from livingmap_mock.things import Agent
from livingmap_mock.times import naive
from livingmap_mock.used import Usage
from livingmap_mock.words import MODELS, tool_name

_LISTED: Final = 20


def _summary(ask: Ask) -> Json:
    hours = ask.number("period_hours", 24, least=1, most=720)
    home, wanted = ask.query.get("microdao_id"), ask.query.get("agent_id")
    everybody = (*ask.network.agents, *ask.network.former_agents)
    agents = [one for one in everybody if home in (None, one.microdao.external_id)]
    chosen = [one for one in agents if wanted in (None, one.external_id)]
    return {
        "summary": {
            "period_start": naive(ask.now - timedelta(hours=hours)),
            "period_end": naive(ask.now),
            "microdao_id": home,
            "agent_id": wanted,
            **_totals(chosen),
        },
        "models": _models(agents),
        "agents": _busiest(agents),
        "tools": _tools(agents),
    }


def _totals(agents: Iterable[Agent]) -> dict[str, Json]:
    used = _sum(agents)
    return {
        "llm_calls_total": used.llm_calls,
        "llm_tokens_total": used.tokens,
        "llm_tokens_prompt": used.prompt,
        "llm_tokens_completion": used.completion,
        "llm_latency_avg_ms": _mean(used.llm_ms, used.llm_calls),
        "tool_calls_total": used.tool_calls,
        "tool_calls_success": used.tool_calls,
        "tool_calls_failed": 0,
        "tool_latency_avg_ms": _mean(used.tool_ms, used.tool_calls),
        "agent_invocations_total": used.invocations,
        "agent_invocations_success": used.invocations,
        "agent_invocations_failed": 0,
        "messages_sent": used.messages,
        "messages_total_length": used.messages * 64,
    }


def _models(agents: Iterable[Agent]) -> Json:
    used = _by(agents, lambda agent: agent.model)
    return [
        {
            "model": model,
            "provider": MODELS[model],
            "calls": one.llm_calls,
            "tokens": one.tokens,
            "avg_latency_ms": _mean(one.llm_ms, one.llm_calls),
        }
        for model, one in sorted(used.items(), key=lambda entry: -entry[1].llm_calls)
    ]


def _busiest(agents: Iterable[Agent]) -> Json:
    busiest = heapq.nlargest(_LISTED, agents, key=lambda agent: agent.used.invocations)
    return [
        {
            "agent_id": agent.external_id,
            "invocations": agent.used.invocations,
            "llm_calls": agent.used.llm_calls,
            "tool_calls": agent.used.tool_calls,
            "messages_sent": agent.used.messages,
            "total_tokens": agent.used.tokens,
        }
        for agent in busiest
    ]


def _tools(agents: Iterable[Agent]) -> Json:
    used = _by(agents, lambda agent: agent.tools[0])
    return [
        {
            "tool_id": tool,
            "tool_name": tool_name(tool),
            "calls": one.tool_calls,
            "success_rate": 1.0,
            "avg_latency_ms": _mean(one.tool_ms, one.tool_calls),
        }
        for tool, one in sorted(used.items(), key=lambda entry: -entry[1].tool_calls)
    ]


def _by(agents: Iterable[Agent], key: Callable[[Agent], str]) -> dict[str, Usage]:
    groups: dict[str, list[Agent]] = {}
    for agent in agents:
        groups.setdefault(key(agent), []).append(agent)
    return {name: _sum(some) for name, some in groups.items()}


def _sum(agents: Iterable[Agent]) -> Usage:
    """Return what ``agents`` used together."""
    return Usage(*map(sum, zip(*(agent.used for agent in agents), strict=True)))


def _mean(milliseconds: int, calls: int) -> float:
    return milliseconds / calls if calls else 0.0


ANSWERS: Final[Answers] = {"/internal/usage/summary": _summary}
