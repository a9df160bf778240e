"""Handlers of ``microdao.event.*``: microDAOs come, change and go, and so do members, treasuries and settings."""

from livingmap.plugin import (
    Change,
    Drop,
    Event,
    Fields,
    Part,
    Put,
    add_counts,
    id_of,
    is_later,
    namespaces_of,
    read_event,
    rfc3339,
    updated_amount,
    without_none,
)
from livingmap_microdao.rows import Creation, MicrodaoMessage, SettingsChange, TreasuryChange, Update


def on_created(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.created``: a microDAO appears."""
    message = read_event(Creation, event)
    received_at = rfc3339(event.received_at)
    aliases = tuple({id_of("microdao", message.microdao_id)} - {message.entity_id})
    shown = {
        "slug": message.slug,
        "name": message.name or message.slug or message.microdao_id,
        "status": "active",
        "created_at": rfc3339(message.ts) or received_at,
    }
    own = {"owner": message.owner_user_id, "last_active_at": received_at}
    namespaces = namespaces_of("microdao", uuid=message.microdao_id, slug=message.slug)
    return [
        Put("city", message.entity_id, without_none(shown), aliases=aliases, namespaces=namespaces),
        Put("microdao", message.entity_id, without_none(own), aliases=aliases, namespaces=namespaces),
    ]


def on_updated(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.updated``: the fields that its ``changes`` name."""
    message = read_event(Update, event)
    fields = without_none({"name": message.changes.name, "description": message.changes.description})
    if message.changes.is_active is not None:
        fields["status"] = "active" if message.changes.is_active else "inactive"
    fields["updated_at"] = rfc3339(message.ts) or rfc3339(event.received_at)
    return [Put("city", message.entity_id, fields, creates=False), _activity(message, event, {})]


def on_deleted(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.deleted``: the microDAO goes."""
    message = read_event(MicrodaoMessage, event)
    return [Drop("city", message.entity_id), Drop("microdao", message.entity_id)]


def on_member(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.member_added`` and ``member_removed``: a count that is known goes up or down.

    A message that is not later than the last one is a repetition, and counts nothing.
    """
    message = read_event(MicrodaoMessage, event)
    items = {layer: part.get(layer, message.entity_id) or {} for layer in ("city", "microdao")}
    if not is_later(message.ts, items["microdao"].get("members_changed_at")):
        return []
    step = 1 if event.type.endswith(".member_added") else -1
    counts = {layer: add_counts(item, members=step) for layer, item in items.items()}
    moved = [Put(layer, message.entity_id, count, creates=False) for layer, count in counts.items() if count]
    return [*moved, _activity(message, event, {"members_changed_at": rfc3339(message.ts)})]


def on_role(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.member_role_updated``: when it was. Who may do what is not the map's to show."""
    message = read_event(MicrodaoMessage, event)
    return [_activity(message, event, {"roles_changed_at": rfc3339(event.received_at)})]


def on_treasury(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.treasury_updated``: the new balance of one token."""
    message = read_event(TreasuryChange, event)
    item = part.get("microdao", message.entity_id) or {}
    treasury = item.get("treasury") or {}
    balance = updated_amount(treasury.get(message.token_symbol), message.delta, message.new_balance)
    if balance is None or not is_later(message.ts, item.get("treasury_changed_at")):
        return []
    fields = {"treasury": {**treasury, message.token_symbol: balance}, "treasury_changed_at": rfc3339(message.ts)}
    return [_activity(message, event, fields)]


def on_settings(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.settings_updated`` and ``setting_deleted``: which keys changed, never the values."""
    message = read_event(SettingsChange, event)
    keys = sorted({*message.updated_keys, *filter(None, [message.setting_key])})
    fields = {"settings_changed": keys, "settings_changed_at": rfc3339(event.received_at)}
    return [_activity(message, event, fields)]


def on_other(event: Event, part: Part) -> list[Change]:
    """Take any other ``microdao.event.*``: it is kept in the history and changes nothing."""
    return []


def _activity(message: MicrodaoMessage, event: Event, fields: Fields) -> Put:
    fields = {**without_none(fields), "last_active_at": rfc3339(event.received_at)}
    return Put("microdao", message.entity_id, fields, creates=False)
