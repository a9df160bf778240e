"""Handlers of ``microdao.event.*``: microDAOs come, change and go, and so do members, treasuries and settings."""

from livingmap.plugin import (
    Change,
    Drop,
    Event,
    Fields,
    Json,
    Part,
    Put,
    id_of,
    is_later,
    moved_digest,
    moved_members,
    namespaces_of,
    read_event,
    rfc3339,
    updated_amount,
    without_none,
)
from livingmap_microdao.rows import (
    Creation,
    MemberChange,
    MicrodaoMessage,
    RoleChange,
    SettingsChange,
    TreasuryChange,
    Update,
)


def on_created(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.created``: a microDAO appears, and its owner is the first member."""
    message = read_event(Creation, event)
    received_at = rfc3339(event.received_at)
    aliases = tuple({id_of("microdao", message.microdao_id)} - {message.entity_id})
    shown: dict[str, Json] = {
        "slug": message.slug,
        "name": message.name or message.slug or message.microdao_id,
        "status": "active",
        "created_at": rfc3339(message.ts) or received_at,
    }
    own: dict[str, Json] = {"owner": message.owner_user_id, "last_active_at": received_at}
    if message.owner_user_id and part.get("microdao", message.entity_id) is None:
        shown |= {"members": 1}
        own |= {"members": 1, "members_by_role": {"owner": 1}}
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
    message = read_event(MemberChange, event)
    item = part.get("microdao", message.entity_id) or {}
    if not is_later(message.ts, item.get("members_changed_at")):
        return []
    counts = moved_members(item, (message.role, 1 if event.type.endswith(".member_added") else -1))
    if "members_digest" in item:
        counts["members_digest"] = moved_digest(item["members_digest"], message.user_id)
    own = _activity(message, event, {"members_changed_at": rfc3339(message.ts)}, **counts)
    if "members" not in counts:
        return [own]
    return [Put("city", message.entity_id, {"members": counts["members"]}, creates=False), own]


def on_role(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.member_role_updated``: one role has a member less, another one more."""
    message = read_event(RoleChange, event)
    item = part.get("microdao", message.entity_id) or {}
    if not is_later(message.ts, item.get("roles_changed_at")):
        return []
    counts = moved_members(item, (message.old_role, -1), (message.new_role, 1))
    changed_at = rfc3339(message.ts) or rfc3339(event.received_at)
    return [_activity(message, event, {"roles_changed_at": changed_at}, **counts)]


def on_treasury(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.treasury_updated``: the new balance of one token."""
    message = read_event(TreasuryChange, event)
    item = part.get("microdao", message.entity_id) or {}
    treasury = item.get("treasury") or {}
    balance = updated_amount(treasury.get(message.token_symbol), message.delta, message.new_balance)
    if balance is None or not is_later(message.ts, item.get("treasury_changed_at")):
        return []
    changed = {"treasury": {**treasury, message.token_symbol: balance}}
    own = _activity(message, event, {**changed, "treasury_changed_at": rfc3339(message.ts)})
    return [Put("city", message.entity_id, changed, creates=False), own]


def on_settings(event: Event, part: Part) -> list[Change]:
    """Fold ``microdao.event.settings_updated`` and ``setting_deleted``: which keys changed, never the values."""
    message = read_event(SettingsChange, event)
    keys = sorted({*message.updated_keys, *filter(None, [message.setting_key])})
    fields = {"settings_changed": keys, "settings_changed_at": rfc3339(event.received_at)}
    return [_activity(message, event, fields)]


def on_other(event: Event, part: Part) -> list[Change]:
    """Take any other ``microdao.event.*``: it is kept in the history and changes nothing."""
    return []


def _activity(message: MicrodaoMessage, event: Event, fields: Fields, **counts: Json) -> Put:
    fields = {**counts, **without_none(fields), "last_active_at": rfc3339(event.received_at)}
    return Put("microdao", message.entity_id, fields, creates=False)
