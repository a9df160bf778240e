"""The bodies of answers, for OpenAPI and for typed clients. Plugins may add fields."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from livingmap.api.summaries import Summary
from livingmap.core.progress import Phase


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class Item(_Open):
    """One item of a layer: its id and the fields that its sources give it."""

    id: str
    """A typed id such as ``agent:sofia``."""


class Layer(BaseModel):
    """One layer: its totals by name, and its collections by name, each a list of items."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, list[Item] | Any]


class Layers(RootModel[dict[str, Layer]]):
    """The layers by name. Standing ones are always there, unless ``layers=`` leaves them out."""


class SourceFreshness(BaseModel):
    """How far one source can be trusted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    service: str
    status: Literal["starting", "fresh", "stale", "down", "mock", "disabled", "failed"]
    observed_at: str | None
    """When the last complete poll started."""
    age_seconds: float | None
    """How long ago that was when the answer was made."""
    error: str | None


class Claim(BaseModel):
    """One of several entities that claim an id."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """The id under which the entity is on the map."""
    namespace: str | None
    """Where it has that id: ``external``, ``uuid``, ``slug``, or a service's own; null if that is unknown."""


class CollisionReport(BaseModel):
    """An id that several entities claim."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    refers_to: str
    """The entity that the id means where nothing says which; the strongest claim decides."""
    claims: list[Claim]


class PastGap(BaseModel):
    """Events that a map of the past may lack, because the history does not have them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    since: str
    until: str
    events: int | None
    """How many events; null if that is not known, and for callers with restricted rights."""
    reason: str


class Meta(BaseModel):
    """The origin of a snapshot, and its position in the log."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: str
    generated_at: str
    """When the snapshot was made, as at its top."""
    cursor: str
    """Opaque; the stream resumes after this snapshot with it."""
    source_services: list[str]
    """The services that have contributed to the map."""
    sources: list[SourceFreshness]
    phase: Phase | Literal["past"]
    """Whether the map follows its log; ``on_its_own`` while the log is away and the process polls for itself.
    ``past`` in the snapshot of a past moment."""
    at: str | None
    """The moment of the past that is shown; null in a snapshot of now."""
    gaps: list[PastGap]
    """What a snapshot of the past may lack."""
    standing_still_since: str | None
    """Since when the map has had nothing from its log, because the connection is lost; null while there is one."""
    collisions: list[CollisionReport]
    """Ids that several entities claim; the setting ``same_as`` joins or separates them."""
    access: Literal["complete", "pending"]
    """``pending`` while it is still being asked what the caller may see: then this is not all of it."""


class Snapshot(BaseModel):
    """The state of the whole network."""

    generated_at: str
    layers: Layers
    meta: Meta


class MomentEnd(BaseModel):
    """One of the two moments of a difference."""

    at: str
    cursor: str


class NetChange(BaseModel):
    """What became of an item, or of a layer itself, between two moments."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    op: Literal["put", "drop", "total"]
    layer: str
    collection: str = ""
    """Of a put or drop."""
    id: str = ""
    """Of a put or drop."""
    set: dict[str, Any] = {}
    """The fields of a put or total that have other values."""
    unset: list[str] = []
    """The fields that are gone."""
    was: dict[str, Any]
    """The values before of these fields; of a drop, the whole item."""
    came: bool = False
    """Whether the item was not there before."""


class DifferenceReport(BaseModel):
    """How the map differs between two moments."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    from_: MomentEnd = Field(alias="from")
    to: MomentEnd
    gaps: list[PastGap]
    """What the map of either moment, or what lies between them, may lack."""
    changes: list[NetChange] | None
    """The changes that make the first the second."""
    summary: Summary | None
    """What happened; with ``summary=true``, in place of the changes."""


class EntityLink(BaseModel):
    """A page about an entity elsewhere."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    source: str
    """The source whose setting ``links`` has it."""
    url: str


class EntityLine(BaseModel):
    """One entity in the catalogue."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    type: str
    """The part of the id before its colon; ``/living-map/types`` says what there are."""
    label: str
    status: str
    layer: str
    links: list[EntityLink]
    """Where it has a page today, by the settings of its sources."""


class EntityPage(BaseModel):
    """A page of the catalogue, ordered by id."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[EntityLine]
    next_cursor: str | None
    """Send it as ``cursor`` to get the next page; null on the last one."""
    gaps: list[PastGap]
    """Of a past moment, what the map may lack; empty now."""


class EntityDetails(BaseModel):
    """One entity with all its data."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    type: str
    """The part of the id before its colon."""
    layer: str
    data: dict[str, Any]
    sources: dict[str, str]
    """For each field, the source whose value is shown."""
    observed_at: str | None
    links: list[EntityLink]
    """Where it has a page today, by the settings of its sources."""
    gaps: list[PastGap]
    """Of a past moment, what the map may lack; empty now."""
