"""Requests to city-service: the content of each layer, and the details of one item."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from livingmap.plugin import (
    Client,
    Fields,
    InvalidAnswer,
    Json,
    NotFound,
    Put,
    Total,
    canonical_status,
    id_and_aliases,
    id_of,
    id_or_none,
    namespaces_of,
    rfc3339,
    rows_in,
)
from livingmap_city.rows import (
    AgentRow,
    CityTotals,
    CountedMicrodao,
    Mention,
    MicrodaoDetail,
    MicrodaoRow,
    NodeRow,
    RoomDetail,
    RoomRow,
    Spot,
)
from livingmap_city.totals import active_users

_SNAPSHOT: Final = "/api/city/snapshot"
_MICRODAOS: Final = "/city/microdao"
_ROOMS: Final = "/city/rooms"
_MAP: Final = "/city/map"
_AGENTS: Final = "/public/agents"
_PRESENT: Final = "/city/agents"
_NODES: Final = "/public/nodes"
_PAGE: Final = {"limit": 100, "offset": 0}
_MOST_PAGES: Final = 2000
_NOT_FOUND: Final = 404


async def fetch_microdaos(client: Client) -> list[Put | Total]:
    """Return all microDAOs, and the totals of the city if its snapshot is the specification's."""
    _, answer = await client.first(_SNAPSHOT, _MICRODAOS, accept=_lists_microdaos, **_PAGE)
    if isinstance(answer, dict):
        totals = client.read_one(CityTotals, answer, _SNAPSHOT).model_dump(exclude_none=True)
        counted = client.read(CountedMicrodao, answer["items"], _SNAPSHOT)
        return [Total("city", totals), *map(_microdao, counted)]
    rows = client.read(MicrodaoRow, await _pages(client, _MICRODAOS), _MICRODAOS)
    return [_microdao(row) for row in rows]


async def fetch_rooms(client: Client) -> list[Put | Total]:
    """Return all public places, and how many people are in them unless the snapshot has it."""
    rooms = [room for _, room in await _rooms(client)]
    snapshot = await _snapshot(client)
    if snapshot and snapshot.get("active_users") is not None:
        return [*rooms]
    return [active_users(room.set for room in rooms), *rooms]


async def fetch_agents(client: Client) -> list[Put]:
    """Return the city's agents: who they are from one list, where they are from the other."""
    residents: dict[str, _Resident] = {}
    async for page in _each_page(client, _AGENTS):
        _add(residents, client.read(AgentRow, page, _AGENTS))
    async for row in client.each_optional(AgentRow, _PRESENT):
        _add(residents, [row])
    return [_agent(key, resident) for key, resident in residents.items()]


async def fetch_nodes(client: Client) -> list[Put]:
    """Return the nodes of the city."""
    return [_node(row) for row in client.read(NodeRow, await _rows(client, _NODES), _NODES)]


async def microdao_details(client: Client, name: str) -> Fields:
    """Return one microDAO with the agents, rooms and microDAOs that belong to it."""
    path = f"{_MICRODAOS}/{name}"
    row = client.read_one(MicrodaoDetail, await client.get(path), path)
    return {
        **_microdao(row).set,
        "agent_ids": _ids("agent", row.agents),
        "room_ids": _ids("city", row.rooms),
        "child_ids": _ids("microdao", row.child_microdaos),
    }


async def room_details(client: Client, name: str) -> Fields:
    """Return one public place and the time of its last message.

    The map's id is made of the slug, but the service asks for its own id.
    """
    match = next(((row, room) for row, room in await _rooms(client) if name in {row.slug, row.id}), None)
    if match is None:
        raise NotFound(f"{_ROOMS}: no room {name!r}", _NOT_FOUND)
    row, room = match
    path = f"{_ROOMS}/{quote(row.id, safe='')}"
    detail = client.read_one(RoomDetail, await client.get(path), path)
    times = filter(None, (rfc3339(message.created_at) for message in detail.messages))
    return {**room.set, "last_message_at": max(times, default=None)}


async def node_details(client: Client, name: str) -> Fields:
    """Return one node with the agents that look after it and the microDAOs that it carries."""
    path = f"{_NODES}/{name}"
    row = client.read_one(NodeRow, await client.get(path), path)
    return {
        **_node(row).set,
        "guardian_id": id_or_none("agent", row.guardian_agent_id),
        "steward_id": id_or_none("agent", row.steward_agent_id),
        "microdao_ids": _ids("microdao", row.microdaos or []),
    }


def _lists_microdaos(answer: Json) -> bool:
    return isinstance(answer, list) or _is_city(answer)


def _is_city(answer: Json) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("items"), list)


async def _snapshot(client: Client) -> Fields | None:
    """Return the snapshot if it is the specification's."""
    return await client.optional(_SNAPSHOT, accept=_is_city, **_PAGE)


async def _pages(client: Client, path: str) -> list[Json]:
    """Return the rows of all pages. Raises InvalidAnswer if they do not end."""
    return [row async for page in _each_page(client, path) for row in page]


async def _each_page(client: Client, path: str) -> AsyncIterator[list[Json]]:
    """Yield the rows page by page. Raises InvalidAnswer if they do not end."""
    previous: list[Json] = []
    limit = _PAGE["limit"]
    for page in range(_MOST_PAGES):
        more = await _rows(client, path, limit=limit, offset=page * limit)
        if more == previous:  # the service ignores the offset
            return
        yield more
        if len(more) < limit:
            return
        previous = more
    raise InvalidAnswer(f"{path}: more than {_MOST_PAGES} pages of {limit}")


async def _rows(client: Client, path: str, **query: Json) -> list[Json]:
    """Return the rows of one answer, which may be under ``items``.

    A service with the specification's snapshot need not have the path: it has no rows then.
    """
    specified = await _snapshot(client) is not None
    answer = await (client.optional if specified else client.get)(path, **query)
    if specified and answer is None:
        return []
    rows = rows_in(answer)
    if not isinstance(rows, list):
        raise InvalidAnswer(f"{path}: expected an array, got {type(rows).__name__}")
    return rows


async def _rooms(client: Client) -> list[tuple[RoomRow, Put]]:
    rows = client.read(RoomRow, await _pages(client, _ROOMS), _ROOMS)
    answer = await client.optional(_MAP)
    spots = {spot.id: spot for spot in client.read(Spot, rows_in(answer, "rooms") or [], _MAP)}
    return [(row, _room(row, spots.get(row.id, Spot(id=row.id)))) for row in rows]


def _microdao(row: MicrodaoRow) -> Put:
    entity_id, aliases = id_and_aliases("microdao", row.id, row.slug)
    fields: dict[str, Json] = {
        "slug": row.slug,
        "name": row.name,
        "status": _activity(row),
        "description": row.description,
        "district": row.district,
        "members": row.members,
        "orchestrator_id": id_or_none("agent", row.orchestrator_agent_id),
        "parent_id": id_or_none("microdao", row.parent_microdao_id),
    }
    if isinstance(row, CountedMicrodao):
        fields |= {"agents": row.agents, "nodes": row.nodes}
    return Put("city", entity_id, fields, aliases=aliases, namespaces=_namespaces("microdao", row.slug, row.id))


def _activity(row: MicrodaoRow) -> str | None:
    if row.status or row.is_active is None:
        return canonical_status(row.status, None)
    return "active" if row.is_active else "inactive"


def _room(row: RoomRow, spot: Spot) -> Put:
    fields: dict[str, Json] = {
        "slug": row.slug,
        "name": row.name,
        "status": "active",
        "description": row.description,
        "members_online": row.members_online,
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "is_default": row.is_default,
        "created_at": rfc3339(row.created_at),
        **spot.model_dump(exclude={"id"}),
    }
    entity_id, alias = id_of("city", row.slug), id_of("city", row.id)
    return _put("city", entity_id, alias, fields, _namespaces("city", row.slug, row.id), collection="rooms")


@dataclass(slots=True)
class _Resident:
    """An agent as the rows about it describe it together; the values of a later one win."""

    slug: str | None = None
    fields: dict[str, Json] = field(default_factory=dict)


def _add(residents: dict[str, _Resident], rows: Iterable[AgentRow]) -> None:
    for row in rows:
        resident = residents.setdefault(row.id, _Resident())
        resident.slug = resident.slug or row.slug
        fields = resident.fields
        for name, value in _fields(row).items():
            fields[name] = fields.get(name) if value is None else value


def _agent(key: str, resident: _Resident) -> Put:
    slug = resident.slug or key
    return _put(
        "agents", id_of("agent", key), id_of("agent", slug), resident.fields, _namespaces("agent", slug, key)
    )


def _fields(row: AgentRow) -> dict[str, Json]:
    return {
        "name": row.name,
        "kind": row.kind,
        "title": row.title or None,
        "status": canonical_status(row.status, None),
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "node_id": id_or_none("node", row.node_id),
        "room_id": id_or_none("city", row.room_id),
        "district": row.district,
        "is_orchestrator": row.is_orchestrator,
        "color": row.color,
        "capabilities": row.capabilities,
    }


def _node(row: NodeRow) -> Put:
    fields: dict[str, Json] = {
        "name": row.name,
        "microdao_id": id_or_none("microdao", row.microdaos[0].id) if row.microdaos else None,
        "status": canonical_status(row.status, None),
        "roles": row.roles,
        "environment": row.environment,
        "agents": row.agents_total,
        "agents_online": row.agents_online,
        "last_heartbeat": rfc3339(row.last_heartbeat),
    }
    return Put("nodes", id_of("node", row.node_id), fields)


def _namespaces(kind: str, slug: str | None, key: str) -> dict[str, str]:
    """Return the namespaces of a thing's names; the keys of city-service are in one of their own."""
    return namespaces_of(kind, slug=slug, city=key)


def _put(
    layer: str, entity_id: str, alias: str, fields: Fields, namespaces: dict[str, str], collection: str = "items"
) -> Put:
    aliases = (alias,) if alias != entity_id else ()
    return Put(layer, entity_id, fields, collection=collection, aliases=aliases, namespaces=namespaces)


def _ids(kind: str, rows: Iterable[Mention]) -> list[str]:
    return [id_of(kind, row.id) for row in rows]
