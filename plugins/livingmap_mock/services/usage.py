"""usage-engine (:7013). As in reality it lists no more than the 20 busiest agents."""

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask
from livingmap_mock.things import Agent, Usage
from livingmap_mock.times import naive
from livingmap_mock.words import MODELS, tool_name

_LISTED: Final = 20
_LLM_MS: Final = 840.0
_TOOL_MS: Final = 310.0
_PROMPT_SHARE: Final = 0.8


def _summary(ask: Ask) -> Json:
    hours = ask.number("period_hours", 24, least=1, most=720)
    home, wanted = ask.query.get("microdao_id"), ask.query.get("agent_id")
    agents = [one for one in ask.network.agents if home in (None, one.microdao.external_id)]
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
    used = Usage()
    for agent in agents:
        used.add(agent.used)
    prompt = int(used.tokens * _PROMPT_SHARE)
    return {
        "llm_calls_total": used.llm_calls,
        "llm_tokens_total": used.tokens,
        "llm_tokens_prompt": prompt,
        "llm_tokens_completion": used.tokens - prompt,
        "llm_latency_avg_ms": _LLM_MS if used.llm_calls else 0.0,
        "tool_calls_total": used.tool_calls,
        "tool_calls_success": used.tool_calls,
        "tool_calls_failed": 0,
        "tool_latency_avg_ms": _TOOL_MS if used.tool_calls else 0.0,
        "agent_invocations_total": used.invocations,
        "agent_invocations_success": used.invocations,
        "agent_invocations_failed": 0,
        "messages_sent": used.messages,
        "messages_total_length": used.messages * 64,
    }


def _models(agents: Iterable[Agent]) -> Json:
    calls: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for agent in agents:
        calls[agent.model] += agent.used.llm_calls
        tokens[agent.model] += agent.used.tokens
    return [
        {
            "model": model,
            "provider": MODELS[model],
            "calls": number,
            "tokens": tokens[model],
            "avg_latency_ms": _LLM_MS,
        }
        for model, number in calls.most_common()
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
    calls: Counter[str] = Counter()
    for agent in agents:
        calls[agent.tools[0]] += agent.used.tool_calls
    return [
        {
            "tool_id": tool,
            "tool_name": tool_name(tool),
            "calls": number,
            "success_rate": 1.0,
            "avg_latency_ms": _TOOL_MS,
        }
        for tool, number in calls.most_common()
    ]


ANSWERS: Final[Answers] = {"/internal/usage/summary": _summary}
