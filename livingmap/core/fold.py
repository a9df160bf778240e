"""The fold: a pure function from the log to the scene, event by event. The same log always gives the same scene.

Example: the log holds a poll of ``agents`` at 1, which lists ``agent:sofia`` as idle, and the NATS message
``agent.event.status`` at 2, whose handler returns ``Put("agents", "agent:sofia", {"status": "busy"})``. Folding 1
yields the change that makes her appear, folding 2 the one that makes her busy. Every process that folds 1 and 2
shows her busy; a client that has the snapshot of 1 gets there by the changes of 2.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from livingmap.core.calls import Calls
from livingmap.core.model import (
    Change,
    CollectionKey,
    Drop,
    Event,
    Fields,
    Json,
    Message,
    Put,
    Total,
    change_from_json,
    change_to_json,
)
from livingmap.core.part import MOST_MADE
from livingmap.core.read_only import read_only
from livingmap.core.redaction import Redaction
from livingmap.core.route import Route, Routes
from livingmap.core.same_as import NOBODY, SameAs
from livingmap.core.scene import Scene
from livingmap.core.source import Source
from livingmap.core.validity import ID, OTHER_ID, invalid_reason, without_id
from livingmap.core.value import value

REFRESHED = "livingmap.source.refreshed"
TOUCHED = "livingmap.source.touched"
"""A poll that found nothing but other values of volatile fields, such as the time of the last heartbeat."""

RECALLED = "livingmap.source.recalled"
"""What the history has of a source from before this process, and no poll says: in a log that begins with it."""

DOWN = "livingmap.source.down"
UP = "livingmap.source.up"
TIME_PASSED = "livingmap.time.passed"
"""An entry that only carries its time, appended when something is no longer valid."""

CLOCK_SET = "livingmap.clock.set"
"""An entry of a log that goes by the clock of one machine: that was set, by ``seconds``."""

SOURCES_CHANGED = "livingmap.sources.changed"
"""An entry of a process that has other sources now: which were ``added``, ``changed`` and ``removed``.

What this changes on the map comes with it in that process; other processes have configurations of their own."""

POSSIBLE_LOSS = "livingmap.log.possible_loss"
"""An entry about messages that were published and that the log does not have: how many, and when."""

SET_ASIDE = "livingmap.source.set_aside"
"""An entry from which on a ``handler`` of a source, named by its pattern, gets no messages: it held up the map."""
RESUMED = "livingmap.source.resumed"
"""An entry from which on it gets them again."""

ACKNOWLEDGED: Final = "livingmap.problem.acknowledged"
"""An entry about a problem that somebody has seen: it is to be quiet ``until`` a time."""

NOTIFIED: Final = "livingmap.problem.notified"
"""An entry about problems that somebody was sent: which ``begun``, and which ``ended``."""

OF_SOURCES: Final = frozenset({REFRESHED, TOUCHED, RECALLED, DOWN, UP, SET_ASIDE, RESUMED})
"""The types of the entries about one source; their payload names it as ``source``."""
OF_POLLS: Final = frozenset({REFRESHED, TOUCHED})
"""Those of them that hold what a poll found."""
WITH_CHANGES: Final = OF_POLLS | {RECALLED}
"""Those of them that hold changes."""
OWN_TYPES: Final = OF_SOURCES | {TIME_PASSED, CLOCK_SET, POSSIBLE_LOSS, SOURCES_CHANGED, ACKNOWLEDGED, NOTIFIED}
"""The types of all entries that the map itself appends. They carry the time by which lifetimes are judged."""

MOST_CHANGES: Final = 10_000
"""How many changes a handler may return for one event."""
_CHANGE: Final = (Put, Drop, Total)


_NO_STATES: Final[Mapping[str, Json]] = MappingProxyType({})


def refreshed(source: str, from_seq: int, changes: Iterable[Change], kind: str = REFRESHED) -> Message:
    """Return the log entry of a poll of ``source`` that began at position ``from_seq``."""
    wire = [change_to_json(change) for change in changes]
    return Message(kind, {"source": source, "since": from_seq, "changes": wire})


def recalled(source: str, changes: Iterable[Change], from_seq: int | None = None) -> Message:
    """Return the log entry of what the history has of ``source``: of events, or with ``from_seq`` of polls."""
    wire = [change_to_json(change) for change in changes]
    return Message(RECALLED, {"source": source, "since": from_seq, "changes": wire})


@dataclass(frozen=True, slots=True)
class Fault:
    """An event that the handler of one source could not fold. Other sources got it all the same."""

    source: str
    event: Event
    error: str
    route: Route | None = field(default=None, compare=False, repr=False)
    """The handler; None if it was a poll that could not be folded."""
    raised: BaseException | None = field(default=None, compare=False, repr=False)
    """What it raised, for the program's log: whoever keeps the fault lets go of it."""


@value
class Folded:
    """An event together with the changes that it made to the scene."""

    event: Event
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()
    sources: tuple[str, ...] = field(default=())
    """The sources that the event concerned, whether they changed anything or not."""
    redacted: Fields | None = None
    """The redacted payload, if it differs from the message's own."""

    @property
    def public_payload(self) -> Fields:
        """The payload that clients get: the message's own; of a poll, which source it was and how much changed."""
        if self.redacted is not None:
            return self.redacted
        if self.event.type in WITH_CHANGES:
            return _summary(self.event)
        return self.event.payload


class Fold:
    """Applies events to the scene of ``sources``, in the order of the log."""

    def __init__(
        self,
        sources: Sequence[Source],
        redaction: Redaction | None = None,
        same_as: SameAs = NOBODY,
        calls: Calls | None = None,
    ) -> None:
        self._calls = calls or Calls()
        self.redaction = redaction or Redaction()
        self.scene = Scene(self._shown_sources(sources), same_as)
        self.routes = Routes(sources)
        self._declared = {source.name: _declared(source) for source in sources}
        self.set_aside: set[tuple[str, str]] = set()
        """The handlers that are left out, each by its source and pattern."""
        self._owed: list[Change] = []
        """How the scene changed when its sources did: what the next entry brings."""

    def replace_sources(self, sources: Sequence[Source], states: Mapping[str, Json] = _NO_STATES) -> None:
        """Have ``sources`` make the scene from now on. How it changes by that comes with the next entry.

        ``states`` are those of a scene that has the parts of some of them already. With that entry followers,
        viewers and the history learn of it as of any event: what a removed source alone showed is dropped, and
        what it shared with others shows their values.
        """
        self._owed += self.scene.replace_sources(self._shown_sources(sources), states)
        self.routes = Routes(sources)
        self._declared = {source.name: _declared(source) for source in sources}
        self.restore_set_aside(self.set_aside)

    def restore_set_aside(self, handlers: Iterable[Sequence[str]]) -> None:
        """Leave out ``handlers``, each given by its source and pattern, as far as there are such sources."""
        self.set_aside = {(source, pattern) for source, pattern in handlers if source in self._declared}

    def _shown_sources(self, sources: Iterable[Source]) -> list[Source]:
        return [_without_redacted_copies(source, self.redaction) for source in sources]

    def apply(self, event: Event) -> Folded:
        """Fold ``event`` in and return how the scene changed. A handler that raises harms only itself.

        The entries of a source that is no longer configured change nothing and concern no source. The map's own
        entries carry the time by which lifetimes are judged.
        """
        if event.type not in OWN_TYPES and not self._owed:
            return self._apply(event)
        before, self._owed = self._owed, []
        if event.type in OWN_TYPES:
            before += self.scene.advance(event.received_at)
        folded = self._apply(event)
        return replace(folded, changes=(*before, *folded.changes)) if before else folded

    def _apply(self, event: Event) -> Folded:
        if event.type in OF_SOURCES and event.payload.get("source") not in self._declared:
            return Folded(event)
        if event.type in WITH_CHANGES:
            return self._apply_changes(event)
        if event.type in (SET_ASIDE, RESUMED):
            self._set_aside(event)
        changes: list[Change] = []
        faults: list[Fault] = []
        routes = self.routes.of(event.type)
        shown = _read_only(event) if routes else event
        for route in routes:
            if self.set_aside and (route.source, route.pattern) in self.set_aside:
                faults.append(Fault(route.source, event, f"its handler for {route.pattern} is set aside"))
                continue
            try:
                answer = self._answer(route, shown)
                changes += self.scene.apply(route.source, answer, event.position.seq)
            except BaseException as error:  # noqa: BLE001 - the plugin rim: nobody may stop the log
                faults.append(Fault(route.source, event, f"{type(error).__name__}: {error}", route, error))
        payload = self.redaction.payload(event.payload)
        return Folded(
            event,
            tuple(changes),
            tuple(faults),
            tuple(route.source for route in routes),
            None if payload is event.payload else payload,
        )

    def trial(self, source: str, event: Event) -> str | None:
        """Return why the handler of ``source`` would not take an event, without folding it; None if it would."""
        for route in self.routes.of(event.type):
            if route.source == source:
                try:
                    self._answer(route, _read_only(event))
                except BaseException as error:  # noqa: BLE001 - the plugin rim
                    return f"{type(error).__name__}: {error}"
        return None

    def _set_aside(self, event: Event) -> None:
        key = str(event.payload["source"]), str(event.payload.get("handler"))
        (self.set_aside.add if event.type == SET_ASIDE else self.set_aside.discard)(key)

    def _answer(self, route: Route, event: Event) -> list[Change]:
        """Return what a handler makes of ``event``, redacted. Raises if it is not what a handler may return."""
        part, declared = self.scene.part(route.source), self._declared[route.source]
        self._calls.current = route, event
        try:
            changes = self._changes(route.handler(event, part), declared)
        finally:
            self._calls.current = None
        if refused := part.first_refused(changes):
            raise ValueError(f"events alone created {MOST_MADE} items already; {refused.id} would be one too many")
        return changes

    def _changes(self, answer: Any, declared: frozenset[str | CollectionKey]) -> list[Change]:
        if not hasattr(answer, "__iter__"):
            raise TypeError(f"returned {answer!r}; a handler returns a list of changes, [] for none")
        changes: list[Change] = []
        for change in answer:
            if len(changes) >= MOST_CHANGES:
                raise ValueError(f"returned more than {MOST_CHANGES} changes for one event")
            changes.append(self._checked(change, declared))
        return changes

    def _checked(self, change: object, declared: frozenset[str | CollectionKey]) -> Change:
        if not isinstance(change, _CHANGE):
            raise TypeError(f"returned {change!r} among its changes; they are Put, Drop and Total")
        target = change.layer if isinstance(change, Total) else (change.layer, change.collection)
        if target not in declared:
            where = target if isinstance(target, str) else ".".join(target)
            raise ValueError(f"changed {where}, which its Source does not declare as a layer")
        if isinstance(change, Put) and ID in change.set:
            if change.set[ID] != change.id:
                raise ValueError(OTHER_ID)
            change = without_id(change)
        clean = self.redaction.change(change)
        if reason := invalid_reason(clean):
            raise ValueError(reason)
        return clean

    def _apply_changes(self, event: Event) -> Folded:
        source = str(event.payload["source"])
        try:
            answer = list(self._own(source, event.payload["changes"]))
            since = event.payload["since"]
            from_seq = None if since is None else int(since)
            changes = self.scene.apply(source, answer, event.position.seq, from_seq)
            if event.type == RECALLED:
                self.scene.part(source).revision += 1
        except Exception as error:  # noqa: BLE001 - a poll that cannot be folded must not stop the log either
            self.scene.part(source).revision += 1
            return Folded(
                event, faults=(Fault(source, event, f"{type(error).__name__}: {error}"),), sources=(source,)
            )
        return Folded(_without_changes(event), tuple(changes), sources=(source,))

    def _own(self, source: str, wires: Iterable[Fields]) -> Iterator[Change]:
        """Yield the changes of a poll that ``source`` would still make, redacted.

        The log may hold entries of an older version of its plugin, which had other layers.
        """
        declared = self._declared[source]
        for wire in wires:
            change = change_from_json(wire)
            if _target(change) in declared:
                own = without_id(change) if isinstance(change, Put) and ID in change.set else change
                yield self.redaction.change(own)


def _read_only(event: Event) -> Event:
    """Return ``event`` as handlers get it. This is `dataclasses.replace`, in a third of the time."""
    return Event(event.position, event.type, read_only(event.payload), event.received_at, event.size)


def _summary(event: Event) -> Fields:
    """Return what clients get of a poll."""
    payload = event.payload
    changed = payload["changed"] if "changed" in payload else len(payload["changes"])
    return {"source": payload["source"], "changed": changed}


def _without_changes(event: Event) -> Event:
    """Return a poll as it stays in memory once it is folded: with the names of the ``fields`` that it changed."""
    wires = event.payload["changes"]
    fields = sorted(
        {name for wire in wires for names in (wire.get("set", ()), wire.get("unset", ())) for name in names}
    )
    return replace(event, payload={**_summary(event), "fields": fields})


def _target(change: Change) -> str | CollectionKey:
    return change.layer if isinstance(change, Total) else (change.layer, change.collection)


def _declared(source: Source) -> frozenset[str | CollectionKey]:
    """Return what the handlers of a source may change: its layers, and their collections."""
    return frozenset(one for layer in source.layers for one in (layer.name, (layer.name, layer.collection)))


def _without_redacted_copies(source: Source, redaction: Redaction) -> Source:
    """Return ``source`` without the copies of fields that a rule removes: copies are made from what was folded."""
    if not any(layer.copies for layer in source.layers):
        return source
    layers = [
        replace(
            layer,
            copies={
                name: origin for name, origin in layer.copies.items() if not redaction.removes(layer.name, name)
            },
        )
        for layer in source.layers
    ]
    return replace(source, layers=tuple(layers))
