"""microdao-service (:7015): microDAOs, their owners and treasuries, and what happens to them on NATS.

The specification's ``/microdaos`` does not exist in the service as it runs; its ``/microdao`` lists only what the
caller, the service account of the setting ``token``, is a member of. ``agent_count`` there is always 0, so the map
counts agents and nodes itself unless an answer of the specification's shape does.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Amounts, Count, Layer, Source, SourceSettings, Tally, hookimpl, sentences_in
from livingmap_microdao.events import (
    on_created,
    on_deleted,
    on_member,
    on_other,
    on_role,
    on_settings,
    on_treasury,
    on_updated,
)
from livingmap_microdao.fetch import (
    fetch_city,
    fetch_microdaos,
    microdao_details,
    unlisted_city,
    unlisted_microdao,
)
from livingmap_microdao.types import MICRODAO


class MicrodaoSettings(SourceSettings):
    """Section ``sources.microdao``."""

    base_url: str = "http://microdao-service:7015"
    """Address of microdao-service."""
    most_counted: Annotated[int, Field(ge=0)] = 300
    """Of how many microDAOs at most a poll asks how many members they have and in which roles, two requests each.

    The list counts only the account's own membership, so the others' number is unknown until an event says it.
    """
    hidden_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    """For how long a microDAO stays on the map that the account may no longer see, unless it is deleted."""
    most_treasuries: Annotated[int, Field(ge=0)] = 100
    """Of how many microDAOs at most a poll asks the treasury, one request each; 0 leaves that to events."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="microdao",
        service="microdao-service",
        settings=MicrodaoSettings,
        layers=(
            # not complete: the service lists only the microDAOs of the account that asks
            Layer(
                "city",
                fetch=fetch_city,
                complete=False,
                unlisted=unlisted_city,
                defaults={"agents": None, "members": None, "nodes": None, "status": "active", "treasury": None},
                standing={"microdaos_total": None, "active_users": None, "active_agents": None, "health": None},
            ),
            Layer(
                "microdao",
                fetch=fetch_microdaos,
                complete=False,
                unlisted=unlisted_microdao,
                defaults={"members": None, "members_by_role": None, "treasury": None},
                private=("members_digest",),
                title={"en": "microDAOs", "uk": "мікроДАО"},
            ),
        ),
        handlers={
            "microdao.event.*": on_other,
            "microdao.event.created": on_created,
            "microdao.event.updated": on_updated,
            "microdao.event.deleted": on_deleted,
            "microdao.event.member_added": on_member,
            "microdao.event.member_removed": on_member,
            "microdao.event.member_role_updated": on_role,
            "microdao.event.treasury_updated": on_treasury,
            "microdao.event.settings_updated": on_settings,
            "microdao.event.setting_deleted": on_settings,
        },
        details={"microdao": microdao_details},
        tallies=(
            Tally("city", "microdaos_total", (Count("city"),)),
            Tally("microdao", "treasury_totals", (Amounts("microdao", field="treasury"),)),
            Tally("city", "agents", (Count("agents"),), per="microdao_id"),
            Tally("city", "nodes", (Count("nodes"),), per="microdao_id"),
        ),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(MICRODAO,),
    )
