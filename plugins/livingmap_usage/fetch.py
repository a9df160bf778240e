"""Requests to usage-engine: one summary, of which each layer takes its list."""

from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import ValidationError

from livingmap.plugin import Client, InvalidAnswer, Json, Put, Total
from livingmap_usage.prices import Prices, agent_cost, average_price, model_cost
from livingmap_usage.rows import AgentRow, ModelRow, Summary, ToolRow
from livingmap_usage.sums import added

SUMMARY: Final = "/internal/usage/summary"
DAY_HOURS: Final = 24

R = TypeVar("R", AgentRow, ModelRow, ToolRow)


async def fetch_agent_usage(client: Client) -> list[Put]:
    """Return the usage of the agents that used most in the last 24 hours."""
    agents = await _listed(client, AgentRow, "agents", DAY_HOURS)
    prices = client.settings.prices
    price = _average_price(await _answer(client, DAY_HOURS), prices) if prices else None
    return [
        Put("agents", agent, {"usage": usage | agent_cost(usage["tokens_24h"], price, prices)}, creates=False)
        for agent, usage in agents.items()
    ]


async def fetch_models(client: Client) -> list[Put | Total]:
    """Return the totals of the period and the models that were used most."""
    hours = client.settings.period_hours
    answer = await _answer(client, hours)
    summary = client.read_one(Summary, answer.get("summary"), f"{SUMMARY} summary")
    models = {
        entity_id: model | model_cost(model, client.settings.prices)
        for entity_id, model in (await _listed(client, ModelRow, "models", hours)).items()
    }
    total = Total("usage", {"period_hours": hours, **summary.fields()})
    return [total, *(Put("usage", entity_id, model, collection="models") for entity_id, model in models.items())]


async def fetch_tools(client: Client) -> list[Put]:
    """Return the tools that were used most in the period."""
    tools = await _listed(client, ToolRow, "tools", client.settings.period_hours)
    return [Put("usage", entity_id, tool, collection="tools") for entity_id, tool in tools.items()]


def _average_price(answer: Mapping[str, Json], prices: Prices) -> float | None:
    """Return what a token costs on average; None where a model cannot be read, which its own layer reports."""
    rows = answer.get("models")
    try:
        models = [ModelRow.model_validate(row).fields() for row in (rows if isinstance(rows, list) else ())]
    except ValidationError:
        return None
    return average_price(model | model_cost(model, prices) for model in models)


async def _answer(client: Client, hours: int) -> dict[str, Json]:
    answer = await client.get(SUMMARY, period_hours=hours)
    if not isinstance(answer, dict):
        raise InvalidAnswer(f"{SUMMARY}: expected an object, got {type(answer).__name__}")
    return answer


async def _listed(client: Client, model: type[R], name: str, hours: int) -> dict[str, dict[str, Json]]:
    """Return one list of the answer by id; rows of the same id are added up."""
    answer = await _answer(client, hours)
    items: dict[str, dict[str, Json]] = {}
    for row in client.read(model, answer.get(name, []), f"{SUMMARY} {name}"):
        fields, previous = row.fields(), items.get(row.id)
        items[row.id] = fields if previous is None else {**previous, **added(previous, fields)}
    return items
