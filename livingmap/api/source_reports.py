"""The body of the answer about sources, for OpenAPI and for typed clients."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from livingmap.api.models import CollisionReport, SourceFreshness
from livingmap.history.writer import WriterState
from livingmap.past.recollection import RecollectionState


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


class PollReport(BaseModel):
    """How far a poll has come."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rows: int
    """How many rows have been read of the answers."""
    compared: int
    """How many of the items that they make have been compared with what is known."""


class SourceReport(SourceFreshness):
    """The health of one source in full."""

    polled_at: str | None
    next_poll_at: str | None
    polls: int
    failures: int
    """How many polls in a row were incomplete."""
    breaker: str
    """``closed``, ``opened`` (not asked at the moment) or ``half-opened``."""
    polling: PollReport | None
    """The poll that is under way; null between polls."""
    rows: int
    """How many rows the last poll read."""
    dropped_rows: int
    dropped: list[str]
    """The first unusable rows, each with the reason."""
    missing: list[str]
    """Paths that the service does not have; for an hour, alternatives are used in their place."""
    details_error: str | None
    """Why its service gave no details of an entity when this process last asked it; null if it did."""
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
    recollection: RecollectionState | None
    """What sources take over from it at the start of the process: the first polls are ``waiting`` for it, for five
    seconds at most, or have begun without it (``late``); it is ``taken``, or ``failed``, in part at least. Null
    where there is nothing to take over."""
    recollection_error: str | None
    """Why it failed."""
    to_move: int | None
    """About how many entries of an earlier version are still to be moved; of the process that leads, else null."""


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
