"""agents-service (:7014): the agents of the network, and the messages about them on NATS.

The specification's ``/agents/metrics`` does not exist in the service as it runs (it takes the path for an agent
called ``metrics``), so it is optional here. ``system_prompt``, which ``/agents`` shows to anybody, is never read.
"""

from pathlib import Path

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl
from livingmap_agents.events import (
    on_activity,
    on_bot,
    on_error,
    on_event,
    on_filter_decision,
    on_run,
)
from livingmap_agents.fetch import agent_details, fetch_agents


class AgentsSettings(SourceSettings):
    """Section ``sources.agents``."""

    base_url: str = "http://agents-service:7014"
    """Address of agents-service."""


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
        samples=Path(__file__).with_name("samples"),
    )
