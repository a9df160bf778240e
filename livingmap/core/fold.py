"""The fold: event after event turns into changes of the scene. The same log always gives the same scene."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from livingmap.core.model import (
    Change,
    CollectionKey,
    Event,
    Fields,
    Message,
    Put,
    Total,
    change_from_json,
    change_to_json,
)
from livingmap.core.part import MOST_MADE
from livingmap.core.redaction import Redaction
from livingmap.core.route import Routes
from livingmap.core.scene import Scene
from livingmap.core.source import Source
from livingmap.core.validity import invalid_reason

REFRESHED = "livingmap.source.refreshed"
DOWN = "livingmap.source.down"
UP = "livingmap.source.up"


def refreshed(source: str, since: int, changes: Iterable[Change]) -> Message:
    """Return what a poll says to the log: how ``source`` differs from position ``since`` on."""
    wire = [change_to_json(change) for change in changes]
    return Message(REFRESHED, {"source": source, "since": since, "changes": wire})


@dataclass(frozen=True, slots=True)
class Fault:
    """An event that one source's handler could not fold. It is set aside; everybody else got theirs."""

    source: str
    event: Event
    error: str


@dataclass(frozen=True, slots=True)
class Folded:
    """An event together with what it did to the scene."""

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
        if self.event.type == REFRESHED:
            return {"source": self.event.payload["source"], "changed": len(self.event.payload["changes"])}
        return self.event.payload


class Fold:
    """Applies events to the scene of ``sources``, in the order of the log."""

    def __init__(self, sources: Sequence[Source], redaction: Redaction | None = None) -> None:
        self.scene = Scene(sources)
        self.redaction = redaction or Redaction()
        self.routes = Routes(sources)
        self._may = {source.name: _places(source) for source in sources}

    def apply(self, event: Event) -> Folded:
        """Fold ``event`` in and return how the scene changed. A handler that raises harms only itself."""
        if event.type == REFRESHED:
            return self._apply_poll(event)
        changes: list[Change] = []
        faults: list[Fault] = []
        concerned = self.routes.of(event.type)
        for source, handler in concerned:
            try:
                said = [self.redaction.change(one) for one in handler(event, self.scene.part(source))]
                self._check(source, said)
                changes += self.scene.apply(source, said, event.position.seq)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin rim: nobody may stop the log
                faults.append(Fault(source, event, f"{type(error).__name__}: {error}"))
        payload = self.redaction.payload(event.payload)
        return Folded(
            event,
            tuple(changes),
            tuple(faults),
            tuple(source for source, _ in concerned),
            None if payload is event.payload else payload,
        )

    def _check(self, source: str, said: Iterable[Change]) -> None:
        may = self._may[source]
        for change in said:
            place = change.layer if isinstance(change, Total) else (change.layer, change.collection)
            if place not in may:
                where = place if isinstance(place, str) else ".".join(place)
                raise ValueError(f"changed {where}, which its Source does not declare as a layer")
            if reason := invalid_reason(change):
                raise ValueError(reason)
            if isinstance(change, Put) and self.scene.part(source).refuses(change):
                raise ValueError(f"events alone brought {MOST_MADE} items already; {change.id} is not taken, too")

    def _apply_poll(self, event: Event) -> Folded:
        source = str(event.payload["source"])
        try:
            said = [self.redaction.change(change_from_json(wire)) for wire in event.payload["changes"]]
            changes = self.scene.apply(source, said, event.position.seq, since=int(event.payload["since"]))
        except Exception as error:  # noqa: BLE001 - a poll that cannot be folded must not stop the log either
            return Folded(
                event, faults=(Fault(source, event, f"{type(error).__name__}: {error}"),), sources=(source,)
            )
        return Folded(event, tuple(changes), sources=(source,))


def _places(source: Source) -> frozenset[str | CollectionKey]:
    """Return what a source may speak of: its layers, and their collections."""
    return frozenset(one for layer in source.layers for one in (layer.name, (layer.name, layer.collection)))
