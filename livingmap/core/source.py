"""Sources: what a plugin declares, namely the layers it fills, the subjects it handles, the numbers it counts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from livingmap.core.model import Change, CollectionKey, Event, Fields, Json, Put, Total
from livingmap.core.paging import Paging
from livingmap.core.record import Superseded
from livingmap.core.templates import Sentences
from livingmap.core.types import Type, Words

if TYPE_CHECKING:
    from livingmap.core.part import Part

M = TypeVar("M")


class Client(Protocol):
    """How a fetch asks its service: only for JSON, bounded in time, size and concurrency.

    One client lives for one poll of one source; the same request made twice in a poll is sent once, so
    two layers may be filled from one answer. Failures raise `livingmap.plugin.SourceError`; a fetch lets
    them pass, the host retries what can be retried and keeps the last good part.
    """

    @property
    def settings(self) -> Any:
        """The source's own validated section of the YAML."""

    @property
    def now(self) -> datetime:
        """The time at which the poll started, UTC: the only clock that a plugin sees."""

    async def get(self, path: str, /, **query: Json) -> Json:
        """Return the decoded JSON answer of ``GET base_url + path``. A list in ``query`` repeats the parameter.

        An answer with an ``ETag`` is remembered, and the next poll asks whether it has changed.

        Raises NotFound for 404, RequestRejected for other 4xx, Unreachable when no answer comes or a 5xx stays,
        InvalidAnswer for an answer that is not JSON or too large.
        """

    async def first(self, *paths: str, accept: Callable[[Json], bool] = ..., **query: Json) -> tuple[str, Json]:
        """Return ``(path, answer)`` of the first path that exists and whose answer is accepted.

        A path that is missing is not requested again for an hour, unless no other is left.
        Raises NotFound if none exists.
        """

    async def post(self, path: str, body: Json, /, **query: Json) -> Json:
        """Return the decoded JSON answer of a POST of ``body`` as JSON, with the errors of `get`.

        For questions that are asked by POST, such as GraphQL. It is repeated like a GET: it must change nothing.
        """

    async def get_all(self, path: str, paging: Paging, /, **query: Json) -> list[Json]:
        """Return the rows of all pages of a list, up to 200 pages and 100,000 rows.

        ``await client.get_all("/orders", ByCursor(rows="orders", cursor="meta.next"), limit=500)`` asks for
        ``/orders?limit=500``, then for ``/orders?limit=500&cursor=…``. Raises InvalidAnswer for what does not end.
        """

    def each(self, model: type[M], path: str, key: str = "items", /, **query: Json) -> AsyncIterator[M]:
        """Yield the valid rows of a list, an array or that under ``key``, as `get` and `read` would return them.

        ``[put(row) async for row in client.each(Row, "/agents")]`` reads a list of 100,000 rows piece by piece:
        neither all of them as JSON nor all as models are in memory at once, and the map runs on meanwhile.
        """

    def each_optional(self, model: type[M], path: str, key: str = "items", /, **query: Json) -> AsyncIterator[M]:
        """Yield the same as `each`; nothing, remembered for an hour, if the service does not have the path."""

    async def optional(self, path: str, /, *, accept: Callable[[Json], bool] = ..., **query: Json) -> Json | None:
        """Return the answer of a path, or None, remembered for an hour, if the service does not have it.

        An answer that is not accepted counts as none.
        """

    def read(self, model: type[M], rows: Json, at: str = "") -> list[M]:
        """Validate each of ``rows``, a JSON array, with a pydantic model and return the good ones.

        A bad row is dropped and reported with its reason (``livingmap probe`` shows it), and harms no other.
        Raises InvalidAnswer if ``rows`` is not an array. ``at`` names the path for the report, e.g. ``/agents``.
        """

    def read_one(self, model: type[M], value: Json, at: str = "") -> M:
        """Validate one JSON object, such as the answer about a single item. Raises InvalidAnswer."""

    def note(self, text: str) -> None:
        """Say what is odd in an answer that can be used all the same; ``livingmap probe`` shows it."""


Fetch: TypeAlias = Callable[[Client], Awaitable[Iterable[Put | Total]]]
"""Returns the full content of one layer's collection as the service has it now."""

Details: TypeAlias = Callable[[Client, str], Awaitable[Fields]]
"""Returns more fields of one item, by what its id has after the colon, quoted so that it fits into a path."""

Handler: TypeAlias = "Callable[[Event, Part], Iterable[Change]]"
"""Turns an event into changes. Pure: no I/O, no clock; the ``Part`` is that of this source."""


class Emit(Protocol):
    """How a run says what it learns. Each call returns when the map's log has it: acknowledge a message after it.

    Calls are taken in their order. A run that has been stopped gets ConnectionAbortedError.
    """

    async def event(self, subject: str, payload: Fields) -> None:
        """Append an event, which goes to the handlers of its subject as if NATS had brought it.

        Raises ValueError for a subject that the source does not handle. A payload that is not JSON is noted as a
        fault of the source, and left out.
        """

    async def replace(self, layer: str, rows: Iterable[Put | Total], collection: str = "items") -> None:
        """Say what a collection holds now, as a fetch does. What ``rows`` lack is removed, be it everything."""

    async def change(self, *changes: Change) -> None:
        """Say how collections of the source change, without an event: by puts, drops and totals."""

    async def alive(self) -> None:
        """Say that the source is well although it has nothing new. Silent for three intervals, it is stale."""


Run: TypeAlias = Callable[[Client, Emit], Awaitable[None]]
"""Says by itself what happens, for as long as the map runs: a connection, a subscription, a file that grows.

One that returns is begun again after ``interval_seconds``, one that raises after a pause that grows from 1 s to
60 s. It is cancelled when the map stops, and ends then. In a cluster one process runs it."""


Unlisted: TypeAlias = Callable[[Client, str, Fields], Awaitable[Fields | None]]
"""Returns what becomes of an item, by its id and the source's own fields, that a poll no longer lists.

None: it is gone. Else the fields that mark it, such as ``{"status": "hidden"}``; all others stay. A service that
cannot be asked about it now lets it stay as it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One collection of one layer that a source fills or decorates."""

    name: str
    """The layer: ``city``, ``agents`` …; in the snapshot ``layers.<name>.<collection>``."""
    collection: str = "items"
    fetch: Fetch | None = None
    """None: filled by events alone."""
    decorates: bool = False
    """True: lends fields to items of other sources and never creates one."""
    complete: bool = True
    """False: the service lists only some items, such as a caller's own; those that events alone created stay."""
    unlisted: Unlisted | None = None
    """Asked about each item that a poll no longer lists. None: all of them are gone."""
    references: tuple[str, ...] = ()
    """Fields that hold an id, or a list of ids, of other items; aliases in them are resolved."""
    defaults: Fields = field(default_factory=dict)
    """The values of fields that no source fills, such as ``{"status": "unknown"}``."""
    superseded: Superseded = field(default_factory=dict)
    """By field, values that the service goes on giving after they are over: from a poll, they do not undo another
    value that an event set. With ``{"status": frozenset({"draft", "active"})}`` a proposal that an event closed
    stays closed."""
    volatile: tuple[str, ...] = ()
    """Fields that change all the time, such as the time of the last heartbeat. Their changes are shown like all
    others, but a poll that found nothing else is not listed in the history."""
    private: tuple[str, ...] = ()
    """Fields that nobody is shown, whatever source they come from: handlers and polls compare by them what the map
    must not tell, such as a digest of the ids of members."""
    copies: Mapping[str, CollectionKey] = field(default_factory=dict)
    """Fields that items take over, where no source fills them, from the item of the same id in another collection:
    ``{"status": ("nodes", "items")}``."""
    title: Words = field(default_factory=dict)
    """What people call the layer: ``{"en": "Monitoring"}``. The first source that says it wins."""
    hint: Words = field(default_factory=dict)
    """What the layer shows, in a sentence."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""
    standing: Fields | None = None
    """With a mapping, even an empty one, the layer and this collection are in every snapshot, filled or not; the
    mapping has the totals that the layer shows while no source fills them: ``{"health": None}``."""


@dataclass(frozen=True, slots=True)
class Count:
    """A count of the items in a collection, of all sources together."""

    layer: str
    collection: str = "items"
    field: str | None = None
    values: frozenset[str] = frozenset()
    """With ``field``: only items whose field has one of these values."""

    def takes(self, item: Fields) -> bool:
        """Tell whether ``item`` is counted."""
        value = item.get(self.field) if self.field else None
        return self.field is None or (isinstance(value, str) and value in self.values)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The exact sums of what the items of a collection have of each unit, such as of each token."""

    layer: str
    field: str
    """A field with an amount as decimal text; without ``by`` a mapping of such amounts by unit."""
    collection: str = "items"
    by: str | None = None
    """The field that says the unit of the amount."""

    def of(self, item: Fields) -> Mapping[str, Json]:
        """Return by unit what ``item`` has."""
        amount, unit = item.get(self.field), item.get(self.by) if self.by else None
        if self.by is None:
            return amount if isinstance(amount, Mapping) else {}
        return {unit: amount} if isinstance(unit, str) else {}


def the_count(*counts: Json) -> Json:
    """Return the first count, or sums: the rule of a tally that shows just these."""
    return counts[0]


@dataclass(frozen=True, slots=True)
class Tally:
    """A number that the map computes from counts, updated at every event in constant time.

    Of `Amounts`, the sums by unit: ``{"SILT": "40.5"}``; they are totals of a layer, without ``per``.
    None until some source has filled every layer that it counts. A source's own value of the field wins.
    """

    layer: str
    field: str
    counts: tuple[Count | Amounts, ...]
    rule: Callable[..., Json] = the_count
    """Gets the counts in order, returns the value. Pure; if it raises, the number is None."""
    per: str | None = None
    """None: a total of the layer. Else a reference field of the counted items, and the number is a field of the
    item that they refer to: ``Tally("city", "agents", (Count("agents"),), per="microdao_id")``."""
    collection: str = "items"
    """With ``per``: the collection of ``layer`` whose items get the field."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a field of an item is valid.

    With ``becomes`` the field is shown as that afterwards, whichever source it came from. Without, what this
    source says of it is passed over: the next source's value is shown, or the default.
    """

    layer: str
    since: tuple[str, ...]
    """Fields of the item with times; the latest counts. Without any of them the field is valid for ever."""
    setting: str
    """The setting of the source that says for how many seconds; an entity's ``sources`` name it."""
    field: str = "status"
    values: frozenset[str] = frozenset()
    """Only these values end; none: all do."""
    becomes: Json = None
    collection: str = "items"
    seconds: float = 0.0
    """The value of the setting. The host fills it in."""


@dataclass(frozen=True, slots=True)
class Source:
    """A plugin's contribution: data and plain functions. The host calls them; the plugin itself does nothing."""

    name: str
    """Its name: that of its section in the YAML, unless the section says ``plugin:`` or ``module:``: ``city``."""
    service: str
    """The service behind it as ``meta.source_services`` names it: ``city-service``."""
    settings: type[Any]
    """A subclass of `livingmap.plugin.SourceSettings`, or without HTTP of `livingmap.plugin.SectionSettings`, that
    validates the section."""
    layers: tuple[Layer, ...]
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """By NATS subject pattern (``*`` one token, ``>`` the rest). Of several that match, the most exact one."""
    details: Mapping[str, Details] = field(default_factory=dict)
    """By id type (``agent``): where ``/living-map/entities/{id}`` may ask for more."""
    tallies: tuple[Tally, ...] = ()
    lifetimes: tuple[Lifetime, ...] = ()
    sentences: Sentences = field(default_factory=dict)
    """By subject pattern, what an event of that type says to people, in English and in other languages:
    ``{"meter.event.read": {"en": "{meter_id:meter} shows {watts} W", "uk": "{meter_id:meter}: {watts} Вт"}}``."""
    samples: Path | None = None
    """Folder of recorded answers and messages, which mocks replay and the contract suite feeds to the plugin."""
    configured: "Callable[[Source, Any], Source] | None" = None
    """Returns this source as its settings describe it; called once, at start, with both. For a plugin whose layers
    or handlers are given in its section of the YAML: before, it may have none. No I/O."""
    run: Run | None = None
    """For what is pushed or has no HTTP: says by itself what happens; see `Run`."""
    types: tuple[Type, ...] = ()
    """What the things are called that it lists, how they are judged, and where they stand on the map."""
    requires_api: str = "1.0"
    """The least `livingmap.plugin.API_VERSION` that has what the plugin uses."""
    plugin: str = ""
    """The name that the plugin itself gives; that of the section may be another. The host fills it in."""
    namespace: str = ""
    """The namespace in which its ids are on the map, if its section gives one. The host fills it in."""
    given: Any = None
    """Its validated section, which handlers see as ``part.settings``. The host fills it in."""


def with_settings(source: Source, settings: object) -> Source:
    """Return ``source`` with its settings, and with what they say about its lifetimes."""
    lifetimes = tuple(replace(one, seconds=float(getattr(settings, one.setting))) for one in source.lifetimes)
    return replace(source, lifetimes=lifetimes, given=settings)
