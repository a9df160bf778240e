"""microdao-service (:7015): microDAOs, their owners and treasuries, and what happens to them on NATS.

The specification's ``/microdaos`` does not exist in the service as it runs; its ``/microdao`` lists only what the
caller, the service account of the setting ``token``, is a member of. ``agent_count`` there is always 0, so the map
counts agents and nodes itself unless an answer of the specification's shape does.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import (
    Change,
    Count,
    Drop,
    Event,
    Fields,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    Tally,
    hookimpl,
    id_of,
    is_later,
    read_event,
    rfc3339,
    without_none,
)
from livingmap_microdao.answers import fetch_city, fetch_microdaos, microdao_details
from livingmap_microdao.rows import Creation, MicrodaoMessage, SettingsChange, TreasuryChange, Update


class MicrodaoSettings(SourceSettings):
    """Section ``sources.microdao``."""

    base_url: str = "http://microdao-service:7015"
    """Address of microdao-service."""
    most_treasuries: Annotated[int, Field(ge=0)] = 100
    """Of how many microDAOs at most a poll asks the treasury, one request each; 0 leaves that to events."""


def on_created(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.created``: a microDAO appears."""
    said = read_event(Creation, event)
    now = rfc3339(event.received_at)
    aliases = tuple({id_of("microdao", said.microdao_id)} - {said.entity_id})
    citizen = {
        "slug": said.slug,
        "name": said.name or said.slug or said.microdao_id,
        "status": "active",
        "created_at": rfc3339(said.ts) or now,
    }
    owned = {"owner": said.owner_user_id, "last_active_at": now}
    return [
        Put("city", said.entity_id, without_none(citizen), aliases=aliases),
        Put("microdao", said.entity_id, without_none(owned), aliases=aliases),
    ]


def on_updated(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.updated``: what its ``changes`` name."""
    said = read_event(Update, event)
    fields = without_none({"name": said.changes.name, "description": said.changes.description})
    if said.changes.is_active is not None:
        fields["status"] = "active" if said.changes.is_active else "inactive"
    fields["updated_at"] = rfc3339(said.ts) or rfc3339(event.received_at)
    return [Put("city", said.entity_id, fields, creates=False), _heard(said, event, {})]


def on_deleted(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.deleted``: the microDAO goes."""
    said = read_event(MicrodaoMessage, event)
    return [Drop("city", said.entity_id), Drop("microdao", said.entity_id)]


def on_member(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.member_added`` and ``member_removed``: a known count goes up or down.

    A message that is not later than the last one comes again, and counts nothing.
    """
    said = read_event(MicrodaoMessage, event)
    known = part.get("microdao", said.entity_id) or {}
    if not is_later(said.ts, known.get("members_changed_at")):
        return []
    step = 1 if event.type.endswith(".member_added") else -1
    counts = {layer: (part.get(layer, said.entity_id) or {}).get("members") for layer in ("city", "microdao")}
    moved = [
        Put(layer, said.entity_id, {"members": max(count + step, 0)}, creates=False)
        for layer, count in counts.items()
        if count is not None
    ]
    return [*moved, _heard(said, event, {"members_changed_at": rfc3339(said.ts)})]


def on_role(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.member_role_updated``: when it was. Who may do what is not the map's to show."""
    said = read_event(MicrodaoMessage, event)
    return [_heard(said, event, {"roles_changed_at": rfc3339(event.received_at)})]


def on_treasury(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.treasury_updated``: the new balance of one token."""
    said = read_event(TreasuryChange, event)
    known = part.get("microdao", said.entity_id) or {}
    treasury = known.get("treasury") or {}
    balance = said.balance(treasury.get(said.token_symbol))
    if balance is None or not is_later(said.ts, known.get("treasury_changed_at")):
        return []
    fields = {"treasury": {**treasury, said.token_symbol: balance}, "treasury_changed_at": rfc3339(said.ts)}
    return [_heard(said, event, fields)]


def on_settings(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.settings_updated`` and ``setting_deleted``: which keys changed, never the values."""
    said = read_event(SettingsChange, event)
    keys = sorted({*said.updated_keys, *filter(None, [said.setting_key])})
    return [_heard(said, event, {"settings_changed": keys, "settings_changed_at": rfc3339(event.received_at)})]


def on_other(event: Event, part: Part) -> list[Change]:
    """Take ``microdao.event.*`` that is not known yet: it is in the history and changes nothing."""
    return []


def _heard(said: MicrodaoMessage, event: Event, fields: Fields) -> Put:
    fields = {**without_none(fields), "last_active_at": rfc3339(event.received_at)}
    return Put("microdao", said.entity_id, fields, creates=False)


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
                defaults={"agents": None, "nodes": None, "status": "active"},
            ),
            Layer("microdao", fetch=fetch_microdaos, complete=False, defaults={"members": None, "treasury": None}),
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
            Tally("city", "agents", (Count("agents"),), per="microdao_id"),
            Tally("city", "nodes", (Count("nodes"),), per="microdao_id"),
        ),
        samples=Path(__file__).with_name("samples"),
    )
