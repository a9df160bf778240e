"""The rows that city-service answers with and the payloads on NATS, as far as the map reads them.

One model reads the specification's shape and the real one. Host names, addresses, message texts and the names of
people are never read.
"""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import Identifier, Json


class CityTotals(BaseModel):
    """The totals of the specification's ``/api/city/snapshot``."""

    microdaos_total: int | None = None
    active_users: int | None = None
    active_agents: int | None = None
    health: str | None = None


class MicrodaoRow(BaseModel):
    """A microDAO, one row of ``/city/microdao``."""

    id: Identifier
    slug: Identifier | None = None
    name: str
    status: str | None = None
    is_active: bool | None = None
    description: str | None = None
    district: str | None = None
    members: Annotated[int | None, Field(validation_alias=AliasChoices("member_count", "members"))] = None
    orchestrator_agent_id: str | None = None
    parent_microdao_id: str | None = None


class CountedMicrodao(MicrodaoRow):
    """A microDAO of the specification's snapshot, which counts its agents and nodes itself."""

    agents: int | None = None
    nodes: int | None = None


class Mention(BaseModel):
    """A row of which only the id matters."""

    id: Annotated[str, Field(validation_alias=AliasChoices("agent_id", "id"))]


class MicrodaoDetail(MicrodaoRow):
    """``/city/microdao/{slug}``: a microDAO with who and what belongs to it."""

    agents: list[Mention] = []
    rooms: list[Mention] = []
    child_microdaos: list[Mention] = []


class RoomRow(BaseModel):
    """A public place, one row of ``/city/rooms``."""

    id: Identifier
    slug: Identifier
    name: str
    description: str | None = None
    is_default: bool | None = None
    created_at: str | None = None
    members_online: int | None = None
    microdao_id: str | None = None


class Spot(BaseModel):
    """Where a room lies, one row of ``rooms`` in ``/city/map``."""

    id: str
    room_type: str | None = None
    zone: str | None = None
    icon: str | None = None
    color: str | None = None
    x: int | None = None
    y: int | None = None
    w: int | None = None
    h: int | None = None


class MessageTime(BaseModel):
    """A message of a room, without its text."""

    created_at: str


class RoomDetail(BaseModel):
    """``/city/rooms/{id}``. Its ``members_online`` counts the whole city and is not read."""

    messages: list[MessageTime] = []


class AgentRow(BaseModel):
    """An agent of the city, one row of ``/public/agents`` or of ``/city/agents``."""

    id: Identifier
    slug: Identifier | None = None
    name: Annotated[str, Field(validation_alias=AliasChoices("display_name", "name"))]
    kind: str | None = None
    title: str | None = None
    status: str | None = None
    microdao_id: Annotated[
        str | None, Field(validation_alias=AliasChoices("primary_microdao_id", "microdao_id"))
    ] = None
    node_id: str | None = None
    room_id: Annotated[str | None, Field(validation_alias=AliasChoices("current_room_id", "room_id"))] = None
    district: str | None = None
    is_orchestrator: bool | None = None
    color: str | None = None
    capabilities: list[str] | None = None


class NodeRow(BaseModel):
    """A node, one row of ``/public/nodes``."""

    node_id: Annotated[Identifier, Field(validation_alias=AliasChoices("node_id", "id"))]
    name: str | None = None
    status: str | None = None
    roles: list[str] | None = None
    environment: str | None = None
    agents_total: int | None = None
    agents_online: int | None = None
    last_heartbeat: str | None = None
    guardian_agent_id: str | None = None
    steward_agent_id: str | None = None
    microdaos: list[Mention] | None = None


class CityEvent(BaseModel):
    """The payload of ``city.event.*``."""

    microdao_id: Annotated[
        Identifier | None, Field(validation_alias=AliasChoices("microdao_id", "microdao_slug"))
    ] = None
    room: Annotated[Identifier | None, Field(validation_alias=AliasChoices("room_slug", "room_id"))] = None
    status: str | None = None
    members: Annotated[int | None, Field(validation_alias=AliasChoices("member_count", "members"))] = None
    online: Annotated[int | None, Field(validation_alias=AliasChoices("online_count", "members_online"))] = None
    active_users: int | None = None
    active_agents: int | None = None
    health: str | None = None


class RoomPresence(BaseModel):
    """The payload of ``city.presence.room.*``; who is typing is not read."""

    room_slug: Identifier
    online_count: int | None = None
    typing_count: int | None = None
    last_event_ts: Json = None


class UserPresence(BaseModel):
    """The payload of ``city.presence.user.*``."""

    matrix_user_id: str
    status: str
