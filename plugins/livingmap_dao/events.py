"""Handlers of the messages about DAOs: they come, change and go, and so do their members and treasuries."""

from livingmap.plugin import (
    Change,
    Drop,
    Event,
    Json,
    Part,
    Put,
    id_of,
    id_or_none,
    is_later,
    moved_digest,
    moved_members,
    namespaces_of,
    read_event,
    rfc3339,
    updated_amount,
    without_none,
)
from livingmap_dao.items import holding, holding_id
from livingmap_dao.rows import Creation, DaoMessage, MemberChange, TreasuryChange, Update, time_of


def on_created(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.created``: a DAO appears, and its owner is the first member."""
    message = read_event(Creation, event)
    aliases = tuple({id_of("dao", message.dao_id)} - {message.entity_id})
    shared = {
        "name": message.name or message.slug or message.dao_id,
        "status": "active",
        "microdao_id": id_or_none("microdao", message.microdao_id),
    }
    own: dict[str, Json] = {
        "slug": message.slug,
        "owner": message.owner_user_id,
        "created_at": time_of(message.ts, event),
    }
    if message.owner_user_id and part.get("dao", message.entity_id) is None:
        own |= {"members": 1, "members_by_role": {"owner": 1}}
    planet = without_none({**shared, "type": "dao"})
    namespaces = namespaces_of("dao", uuid=message.dao_id, slug=message.slug)
    return [
        Put("space", message.entity_id, planet, (), "planets", aliases, namespaces=namespaces),
        Put("dao", message.entity_id, without_none({**shared, **own}), aliases=aliases, namespaces=namespaces),
    ]


def on_updated(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.updated``: the fields that its ``changes`` name."""
    message = read_event(Update, event)
    fields = message.changes.model_dump(exclude={"is_active"}, exclude_none=True)
    if message.changes.is_active is not None:
        fields["status"] = "active" if message.changes.is_active else "inactive"
    planet = {name: value for name, value in fields.items() if name in {"name", "status"}}
    fields["updated_at"] = time_of(message.ts, event)
    return [
        Put("space", message.entity_id, planet, collection="planets", creates=False),
        Put("dao", message.entity_id, fields, creates=False),
    ]


def on_deleted(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.deleted``: the DAO goes, with its proposals, votes and treasury."""
    message = read_event(DaoMessage, event)
    daos = {message.entity_id, id_of("dao", message.dao_id)}
    proposals = _of(part, "proposals", "dao_id", daos)
    ids = {
        "votes": _of(part, "votes", "proposal_id", proposals),
        "proposals": proposals,
        "treasury": _of(part, "treasury", "dao_id", daos),
    }
    drops = [Drop("dao", entity_id, collection) for collection, some in ids.items() for entity_id in sorted(some)]
    return [*drops, Drop("dao", message.entity_id), Drop("space", message.entity_id, "planets")]


def _of(part: Part, collection: str, reference: str, ids: set[str]) -> set[str]:
    return {entity_id for entity_id, fields in part.items("dao", collection) if fields.get(reference) in ids}


def on_member(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.member_added`` and ``member_removed``: a count that is known goes up or down.

    A message that is not later than the last one is a repetition, and counts nothing.
    """
    message = read_event(MemberChange, event)
    item = part.get("dao", message.entity_id) or {}
    if not is_later(message.ts, item.get("members_changed_at")):
        return []
    counts = moved_members(item, (message.role, 1 if event.type.endswith(".member_added") else -1))
    if "members_digest" in item:
        counts["members_digest"] = moved_digest(item["members_digest"], message.user_id)
    fields = {**counts, **without_none({"members_changed_at": rfc3339(message.ts)})}
    return [Put("dao", message.entity_id, fields, creates=False)]


def on_treasury(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.treasury_updated``: the new balance of one token."""
    message = read_event(TreasuryChange, event)
    name = message.slug or message.dao_id
    item = part.get("dao", holding_id(name, message.token_symbol), "treasury") or {}
    balance = updated_amount(item.get("balance"), message.delta, message.new_balance)
    if balance is None or not is_later(message.ts, item.get("changed_at")):
        return []
    put = holding(name, message.token_symbol, balance)
    fields = {**put.set, "changed_at": rfc3339(message.ts)}
    changes: list[Change] = [Put("dao", put.id, without_none(fields), collection="treasury")]
    planet = part.get("space", message.entity_id, "planets")
    if planet and "holdings" in planet:
        holdings = {"holdings": {**planet["holdings"], message.token_symbol: balance}}
        changes.append(Put("space", message.entity_id, holdings, collection="planets", creates=False))
    return changes


def on_other(event: Event, part: Part) -> list[Change]:
    """Take any other ``dao.event.*``: it is kept in the history and changes nothing."""
    return []
