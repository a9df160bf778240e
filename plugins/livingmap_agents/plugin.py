"""agents-service (:7014): the agents of the network, and the messages about them on NATS.

The specification's ``/agents/metrics`` does not exist in the service as it runs (it takes the path for an agent
called ``metrics``), so it is optional here. ``system_prompt``, which ``/agents`` shows to anybody, is never read.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Count, Layer, Lifetime, Source, SourceSettings, Tally, hookimpl, sentences_in
from livingmap_agents.events import (
    on_activity,
    on_bot,
    on_error,
    on_event,
    on_filter_decision,
    on_run,
)
from livingmap_agents.fetch import agent_details, fetch_agents
from livingmap_agents.types import AGENT


class AgentsSettings(SourceSettings):
    """Section ``sources.agents``."""

    base_url: str = "http://agents-service:7014"
    """Address of agents-service."""
    busy_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    """An agent that a message called busy is so for no longer, unless another message says so again."""
    status_seconds: Annotated[float, Field(gt=0, le=604_800)] = 3600.0
    """How long any other status holds that a message gave."""


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
                title={"en": "Agents", "uk": "Агенти"},
                hint={
                    "en": "Agents: where they live and what they are doing",
                    "uk": "Агенти: де живуть та що роблять",
                },
                standing={"total_agents": None},
            ),
        ),
        handlers={
            "agent.event.*": on_event,
            "agent.filter.decision": on_filter_decision,
            "agent.reply.sent": on_activity,
            "agent.error": on_error,
            "agent.telegram.update": on_activity,
            "agents.*": on_activity,
            "agents.error": on_error,
            "agents.runs.*": on_run,
            "bot.registered": on_bot,
            "bot.unregistered": on_bot,
            "router.invoke.agent": on_activity,
        },
        details={"agent": agent_details},
        tallies=(Tally("agents", "total_agents", (Count("agents"),)),),
        lifetimes=(
            Lifetime("agents", since=("status_at",), setting="busy_seconds", values=frozenset({"busy"})),
            Lifetime("agents", since=("status_at",), setting="status_seconds"),
        ),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(AGENT,),
    )
