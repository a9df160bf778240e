"""The bodies of answers, for OpenAPI and for typed clients. Plugins may add fields."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, RootModel

from livingmap.core.progress import Phase
from livingmap.history.writer import WriterState


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
    phase: Phase
    """Whether the map follows its log; ``on_its_own`` while the log is away and the process polls for itself."""
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


class EntityLine(BaseModel):
    """One entity in the catalogue."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    type: str
    """The part of the id before its colon; ``/living-map/types`` says what there are."""
    label: str
    status: str
    layer: str


class EntityPage(BaseModel):
    """A page of the catalogue, ordered by id."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[EntityLine]
    next_cursor: str | None
    """Send it as ``cursor`` to get the next page; null on the last one."""


class EntityLink(BaseModel):
    """A page about an entity elsewhere."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    source: str
    """The source whose setting ``links`` has it."""
    url: str


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
    """Where it has a page, by the settings of its sources."""


class DriftReport(BaseModel):
    """How many items polls found otherwise than events had left them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    appeared: int
    """Items that no event had announced."""
    gone: int
    """Items that went without an event."""
    changed: int
    """Items that changed without an event."""
    unconfirmed: int
    """Items of which a poll said otherwise than an event before it."""


class SourceReport(SourceFreshness):
    """The health of one source in full."""

    polled_at: str | None
    next_poll_at: str | None
    polls: int
    failures: int
    """How many polls in a row were incomplete."""
    breaker: str
    """``closed``, ``opened`` (not asked at the moment) or ``half-opened``."""
    rows: int
    """How many rows the last poll read."""
    dropped_rows: int
    dropped: list[str]
    """The first unusable rows, each with the reason."""
    missing: list[str]
    """Paths that the service does not have; for an hour, alternatives are used in their place."""
    drift: DriftReport | None
    """Since the start of the process that polls; null for a source that is not polled or has no events."""
    events: int
    """How many events concerned this source."""
    faults: int
    """How many of them its handlers could not fold."""
    last_faults: list[str]
    overruns: int
    """How often its plugin held this process, or its own thread there, for longer than it may."""
    held_seconds: float
    """For how long, in all."""
    last_overruns: list[str]
    """The last of them, each with the file and line of the plugin."""
    set_aside: list[str]
    """The subject patterns of its handlers that get no messages for now, because they held up the map."""
    grade: Literal["bronze", "silver", "gold"] | None
    """How good the plugin is, by what it has; null if it is not loaded."""
    lacks: list[str]
    """What the next grade wants."""


class DeadLetter(BaseModel):
    """A message that could not be read."""

    received_at: str
    subject: str
    reason: str
    excerpt: str


class IntakeReport(BaseModel):
    """One transport that brings messages: its connection, and what became of the messages."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """The name of the transport: ``nats``."""
    url: str
    connected: bool
    error: str | None
    refused: list[str]
    """Subjects that the server does not let the map subscribe to."""
    differences: list[str]
    """What the stream keeps beyond this process's configuration, setting by setting."""
    reconnects: int
    received: int
    logged: int
    dropped: int
    """Messages that were discarded because too many were waiting."""
    missed: int
    """Messages that were published and that the stream did not take, as while it had no leader."""
    missed_until: str | None
    dead: int
    """Messages that could not be read; dead_letters has the last hundred."""
    dead_letters: list[DeadLetter]


class MembershipReport(BaseModel):
    """The services that are asked what callers belong to."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sources: list[str]
    asked: int
    failed: int
    error: str | None
    """Why they could not be asked last time; null once they answer again."""


class PolicyReport(BaseModel):
    """The state of the policy decision point (PDP)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    url: str
    asked: int
    permitted: int
    denied: int
    failed: int
    """Questions that got no answer; they count as denied."""
    error: str | None
    """Why the last question got no answer; null once the PDP answers again."""


class AccessReport(BaseModel):
    """The services that decide about callers."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    mode: str
    service: str | None
    error: str | None
    """Why the service could not be asked last time; null once it answers again."""
    policies: PolicyReport | None
    """Null if there is no PDP."""
    memberships: MembershipReport | None
    """Null if nobody is asked what callers belong to."""


class HistoryReport(BaseModel):
    """How the history fares."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: WriterState
    """As in ``/living-map/health/ready``."""
    error: str | None
    """Why the history cannot be written now."""
    retention_error: str | None
    """Why nothing old is deleted from it; of the process that leads."""
    waiting: int
    """Entries that wait to be written."""
    behind: int
    """Positions of the log before those that wait; they are written from the stream."""
    written: int
    """Entries that this process has written."""
    lost: int
    """Entries that had to make room while the database was away."""


class ConfigurationReport(BaseModel):
    """The configuration that is used, and what became of a newer one."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: str | None
    """Null if all of it is in the environment."""
    used_at: str
    """When the configuration was read that is used."""
    refused: list[str]
    """Why a newer one that was read since is not used, line by line; empty if there is none."""
    refused_at: str | None


class SourceReports(BaseModel):
    """All sources in order of precedence, the transports of their events, the history, and access control."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[SourceReport]
    intakes: list[IntakeReport]
    """Empty if no server is configured."""
    history: HistoryReport
    access: AccessReport | None
    """Null if there is no access control."""
    collisions: list[CollisionReport]
    """Ids that several entities claim; the setting ``same_as`` joins or separates them."""
    configuration: ConfigurationReport
