"""The bodies of answers, for OpenAPI and for typed clients. What plugins add is open."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema

from livingmap.core.vocabulary import TYPES


def _known_type(name: str) -> str:
    if name not in TYPES:
        raise ValueError(f"no such type (there are: {', '.join(TYPES)})")
    return name


EntityType: TypeAlias = Annotated[
    str, AfterValidator(_known_type), WithJsonSchema({"type": "string", "enum": list(TYPES)})
]
"""A type of the vocabulary; anything else is a 422."""


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class Item(_Open):
    """One item of a layer: an id and whatever its sources say of it."""

    id: str
    """A typed id such as ``agent:sofia``."""


class CityLayer(_Open):
    """microDAOs and the totals of the city."""

    microdaos_total: int | None = None
    """None while nobody has told."""
    active_users: int | None = None
    active_agents: int | None = None
    health: Literal["green", "yellow", "red"] | None = None
    items: list[Item]


class SpaceLayer(_Open):
    """DAO planets, and nodes as they orbit them."""

    planets: list[Item]
    nodes: list[Item]


class ItemsLayer(_Open):
    """A layer of plain items."""

    items: list[Item]


class Layers(_Open):
    """The layers; the specification's four are always there unless ``layers=`` leaves them out."""

    city: CityLayer | None = None
    space: SpaceLayer | None = None
    nodes: ItemsLayer | None = None
    agents: ItemsLayer | None = None


class SourceFreshness(BaseModel):
    """How far one source can be trusted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    service: str
    status: Literal["fresh", "stale", "down", "mock", "disabled", "failed"]
    observed_at: str | None
    """When the last poll that got everything started."""
    age_seconds: float | None
    """How old that was when the snapshot was made."""
    error: str | None


class Meta(BaseModel):
    """Where a snapshot comes from."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: str
    cursor: str
    """Opaque: where the stream goes on after this snapshot."""
    source_services: list[str]
    """The services that something on the map came from."""
    sources: list[SourceFreshness]


class Snapshot(BaseModel):
    """The state of the whole network."""

    generated_at: str
    layers: Layers
    meta: Meta


class EntityLine(BaseModel):
    """One entity in the catalogue."""

    id: str
    type: EntityType
    label: str
    status: str
    layer: str


class EntityPage(BaseModel):
    """A page of the catalogue, in order of id."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[EntityLine]
    next_cursor: str | None
    """Give it as ``cursor`` to get the next page; null on the last."""


class EntityDetails(BaseModel):
    """One entity with everything that is known of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    type: str
    """One of the catalogue's types, or one that a plugin brought along."""
    layer: str
    data: dict[str, Any]
    sources: dict[str, str]
    """By field, the source whose value is shown."""
    observed_at: str | None


class SourceReport(SourceFreshness):
    """Everything that is known about one source's health."""

    polled_at: str | None
    next_poll_at: str | None
    polls: int
    failures: int
    """How many polls in a row missed something."""
    breaker: str
    """``closed``, ``opened`` (not asked for now) or ``half-opened``."""
    rows: int
    """How many rows the last poll read."""
    dropped_rows: int
    dropped: list[str]
    """The first few of what could not be used, each with the reason."""
    missing: list[str]
    """Paths that the service does not have; others are asked in their place, for an hour."""
    events: int
    """How many events concerned this source."""
    faults: int
    """How many of them its handlers could not fold."""
    last_faults: list[str]


class DeadLetter(BaseModel):
    """A message that could not be read."""

    received_at: str
    subject: str
    reason: str
    excerpt: str


class IntakeReport(BaseModel):
    """One way by which messages come: its connection, and what became of the messages."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """What the transport is called: ``nats``."""
    url: str
    connected: bool
    error: str | None
    refused: list[str]
    """Subjects that the server does not let the map subscribe to."""
    reconnects: int
    received: int
    logged: int
    dropped: int
    """Given up because too many were waiting."""
    dead: int
    """Could not be read; the last hundred stand in dead_letters."""
    dead_letters: list[DeadLetter]


class PolicyReport(BaseModel):
    """How the PDP fares."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    url: str
    asked: int
    permitted: int
    denied: int
    failed: int
    """Questions that got no answer; they count as denied."""
    error: str | None
    """Why the last question got no answer; null since it answers again."""


class AccessReport(BaseModel):
    """Who is asked about callers."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    mode: str
    service: str | None
    error: str | None
    """Why it could not be asked the last time."""
    policies: PolicyReport | None
    """None if no PDP is asked."""


class SourceReports(BaseModel):
    """All sources in the order in which they win fields, and where their events come from."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[SourceReport]
    intakes: list[IntakeReport]
    """Empty if no server is configured."""
    access: AccessReport | None
    """None if everybody reads everything."""
