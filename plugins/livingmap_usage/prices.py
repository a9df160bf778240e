"""What use costs, by prices of the configuration: usage-engine reports tokens and no amounts.

A model costs its tokens at its price. Of an agent nobody says which models it used: its cost is an estimate, its
tokens at the average price of the models that are listed, the 20 most used.

A module of its own because the description, the fetches and the handlers all need it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from livingmap.plugin import Fields, Json, Part, Source, TypeField
from livingmap_usage.types import AGENT, MODEL, TOOL

if TYPE_CHECKING:
    from livingmap_usage.plugin import UsageSettings

_MILLION: Final = 1_000_000
_DIGITS: Final = 6
COST: Final = "cost"
AGENT_COST: Final = "cost_24h"

Prices = Mapping[str, float]
"""By ``provider/model``, ``provider/*`` or ``*``, what a million tokens cost."""


def with_costs(source: Source, settings: "UsageSettings") -> Source:
    """Return the source with costs as fields of its types, if there are prices."""
    if not settings.prices:
        return source
    unit = settings.currency
    of_model = TypeField(COST, {"en": "cost", "uk": "вартість"}, "number", unit, additive=True)
    label = {"en": "cost, 24 h, estimated", "uk": "вартість, 24 год, орієнтовно"}
    of_agent = TypeField(f"usage.{AGENT_COST}", label, "number", unit, additive=True)
    agent = replace(AGENT, fields=(*AGENT.fields, of_agent))
    return replace(source, types=(agent, replace(MODEL, fields=(*MODEL.fields, of_model)), TOOL))


def prices_of(part: Part) -> Prices:
    """Return the prices that a handler knows: none if its part has no settings."""
    return part.settings.prices if part.settings else {}


def model_cost(model: Fields, prices: Prices) -> dict[str, Json]:
    """Return the field ``cost`` of a model; nothing without prices, None where its price or tokens are unknown."""
    if not prices:
        return {}
    provider = model["provider"]
    names = (f"{provider}/{model['name']}", f"{provider}/*", "*")
    price = next((prices[name] for name in names if name in prices), None)
    tokens = model.get("tokens")
    return {COST: None if price is None or tokens is None else round(tokens * price / _MILLION, _DIGITS)}


def average_price(models: Iterable[Fields]) -> float | None:
    """Return what a token of these models costs on average; None where one's cost is unknown, or none was used."""
    listed = list(models)
    if any(model.get(COST) is None for model in listed):
        return None
    tokens = sum(model["tokens"] for model in listed)
    return sum(model[COST] for model in listed) / tokens if tokens else None


def agent_cost(tokens: int | None, price: float | None, prices: Prices) -> dict[str, Json]:
    """Return the field ``cost_24h`` of an agent's usage; nothing without prices, None where it is unknown."""
    if not prices:
        return {}
    return {AGENT_COST: None if tokens is None or price is None else round(tokens * price, _DIGITS)}


def grown(usage: Fields, tokens: int | None) -> dict[str, Json]:
    """Return the cost of an agent whose tokens have become ``tokens``, at the price of what it used before."""
    before, cost = usage.get("tokens_24h"), usage.get(AGENT_COST)
    if AGENT_COST not in usage or tokens == before:
        return {}
    return {AGENT_COST: round(cost / before * tokens, _DIGITS) if cost is not None and before and tokens else None}
