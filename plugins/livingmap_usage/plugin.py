"""usage-engine (:7013): one summary of the language models, tools and agents in use, and each use on NATS.

The field ``usage`` that agents get always covers 24 hours, as its names say; the layer ``usage`` covers
``period_hours``. With the default of 24 both are read from one answer.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl, sentences_in
from livingmap_usage.events import on_invocation, on_llm_call, on_tool_call
from livingmap_usage.fetch import DAY_HOURS, fetch_agent_usage, fetch_models, fetch_tools
from livingmap_usage.prices import with_costs
from livingmap_usage.types import AGENT, MODEL, TOOL

Model = Annotated[str, Field(pattern=r"^(\*|[^/\s]+/\S+)$")]


class UsageSettings(SourceSettings):
    """Section ``sources.usage``."""

    base_url: str = "http://usage-engine:7013"
    """Address of usage-engine."""
    period_hours: Annotated[int, Field(ge=1, le=720)] = DAY_HOURS
    """Hours that the layer ``usage`` looks back; the usage shown at agents always covers 24."""
    prices: dict[Model, Annotated[float, Field(ge=0)]] = Field(default={})
    """What a million tokens cost, by ``provider/model``, ``provider/*`` or ``*``. With it, use has a cost."""
    currency: Annotated[str, Field(min_length=1, max_length=8)] = "USD"
    """The currency of the prices, shown after each cost."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="usage",
        service="usage-engine",
        settings=UsageSettings,
        layers=(
            Layer("agents", fetch=fetch_agent_usage, decorates=True),
            Layer("usage", "models", fetch=fetch_models, title={"en": "Usage", "uk": "Використання"}),
            Layer("usage", "tools", fetch=fetch_tools),
        ),
        handlers={
            "usage.llm": on_llm_call,
            "usage.llm.*": on_llm_call,
            "usage.tool": on_tool_call,
            "usage.agent": on_invocation,
            "usage.agent.*": on_invocation,
        },
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(
            AGENT,
            MODEL,
            TOOL,
        ),
        configured=with_costs,
    )
