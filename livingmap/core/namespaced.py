"""Namespaces of instances: what one source calls ``target:web-1`` is ``target:eu/web-1`` on the map.

Example: two sections of the YAML have one plugin, ``prom_eu`` with ``namespace: eu`` and ``prom_us`` with ``us``.
Both services have a ``target:web-1``. The plugin goes on speaking of ``target:web-1``: what it says is put into
its namespace, and what its handlers read and its details are asked about is taken out of it. The functions of the
source are wrapped once, at start; the map knows nothing of namespaces.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from livingmap.core.model import Change, CollectionKey, Drop, Event, Fields, Json, Put, Total
from livingmap.core.part import Part
from livingmap.core.source import Client, Details, Emit, Fetch, Handler, Layer, Run, Source, Unlisted

_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace and the fields that hold ids in it, by collection."""

    name: str
    references: Mapping[CollectionKey, tuple[str, ...]]

    def inside(self, entity_id: str) -> str:
        """Return an id as it is on the map: ``target:eu/web-1`` for ``target:web-1``."""
        kind, colon, rest = entity_id.partition(":")
        return f"{kind}:{self.name}{_SEPARATOR}{rest}" if colon and rest else entity_id

    def outside(self, entity_id: str) -> str:
        """Return an id of the map as the source has it; one of another namespace stays as it is."""
        kind, colon, rest = entity_id.partition(":")
        return f"{kind}{colon}{rest.removeprefix(f'{self.name}{_SEPARATOR}')}"

    def change(self, change: Change) -> Change:
        """Return what the source says, put into the namespace."""
        match change:
            case Put():
                return replace(
                    change,
                    id=self.inside(change.id),
                    aliases=tuple(map(self.inside, change.aliases)),
                    namespaces={self.inside(name): of for name, of in change.namespaces.items()},
                    set=self.fields((change.layer, change.collection), change.set, self.inside),
                )
            case Drop():
                return replace(change, id=self.inside(change.id))
        return change

    def fields(self, key: CollectionKey, fields: Fields, move: Callable[[str], str]) -> Fields:
        """Return ``fields`` of an item with the ids in its references moved."""
        moved = {name: _moved(fields[name], move) for name in self.references.get(key, ()) if name in fields}
        return {**fields, **moved} if moved else fields


def _moved(value: Json, move: Callable[[str], str]) -> Json:
    if isinstance(value, list):
        return [_moved(one, move) for one in value]
    return move(value) if isinstance(value, str) else value


def outside(name: str, value: Json) -> Json:
    """Return a value with the ids in it that are of the namespace ``name`` as the source has them."""
    return _moved(value, Namespace(name, {}).outside) if name else value


def inside(name: str, entity_id: str) -> str:
    """Return an id of a source in the namespace ``name`` as it is on the map; without a name as it is."""
    return Namespace(name, {}).inside(entity_id) if name else entity_id


class NamespacedPart(Part):
    """The `Part` of a source as its handlers read it: in the source's own ids."""

    def __init__(self, part: Part, namespace: Namespace) -> None:
        self._part = part
        self._namespace = namespace

    @property
    def settings(self) -> Any:
        """The settings of the source."""
        return self._part.settings

    def get(self, layer: str, id: str, collection: str = "items") -> Fields | None:  # noqa: A002 - the field's name
        """Return the fields that the source gave to an item; see `Part.get`."""
        fields = self._part.get(layer, self._namespace.inside(id), collection)
        return None if fields is None else self._own((layer, collection), fields)

    def items(self, layer: str, collection: str = "items") -> Iterator[tuple[str, Fields]]:
        """Yield ``(id, fields)`` of every item that the source describes; see `Part.items`."""
        for entity_id, fields in self._part.items(layer, collection):
            yield self._namespace.outside(entity_id), self._own((layer, collection), fields)

    def count(self, layer: str, collection: str = "items") -> int:
        """Return how many items the source describes; see `Part.count`."""
        return self._part.count(layer, collection)

    def total(self, layer: str) -> Fields:
        """Return the totals that the source gave to a layer; see `Part.total`."""
        return self._part.total(layer)

    def _own(self, key: CollectionKey, fields: Fields) -> Fields:
        return self._namespace.fields(key, fields, self._namespace.outside)


def in_namespace(source: Source, name: str) -> Source:
    """Return ``source`` with all that it says in the namespace ``name``."""
    namespace = Namespace(name, {(layer.name, layer.collection): layer.references for layer in source.layers})
    return replace(
        source,
        namespace=name,
        layers=tuple(_layer(layer, namespace) for layer in source.layers),
        handlers={pattern: _Handler(handler, namespace) for pattern, handler in source.handlers.items()},
        details={kind: _Details(details, namespace) for kind, details in source.details.items()},
        run=_Run(source.run, namespace) if source.run else None,
    )


def _layer(layer: Layer, namespace: Namespace) -> Layer:
    key = (layer.name, layer.collection)
    return replace(
        layer,
        fetch=_Fetch(layer.fetch, namespace) if layer.fetch else None,
        unlisted=_Unlisted(layer.unlisted, key, namespace) if layer.unlisted else None,
    )


@dataclass(frozen=True, slots=True)
class _Fetch:
    fetch: Fetch
    namespace: Namespace

    async def __call__(self, client: Client) -> list[Put | Total]:
        rows = [self.namespace.change(row) for row in await self.fetch(client)]
        return [row for row in rows if not isinstance(row, Drop)]


@dataclass(frozen=True, slots=True)
class _Run:
    run: Run
    namespace: Namespace

    async def __call__(self, client: Client, emit: Emit) -> None:
        await self.run(client, _Emit(emit, self.namespace))


@dataclass(frozen=True, slots=True)
class _Emit:
    emit: Emit
    namespace: Namespace

    async def event(self, subject: str, payload: Fields) -> None:
        await self.emit.event(subject, payload)

    async def replace(self, layer: str, rows: Iterable[Put | Total], collection: str = "items") -> None:
        moved = [self.namespace.change(row) for row in rows]
        await self.emit.replace(layer, [row for row in moved if not isinstance(row, Drop)], collection)

    async def change(self, *changes: Change) -> None:
        await self.emit.change(*map(self.namespace.change, changes))

    async def alive(self) -> None:
        await self.emit.alive()


@dataclass(frozen=True, slots=True)
class _Handler:
    handler: Handler
    namespace: Namespace

    def __call__(self, event: Event, part: Part) -> list[Change]:
        own = NamespacedPart(part, self.namespace)
        return [self.namespace.change(change) for change in self.handler(event, own)]


@dataclass(frozen=True, slots=True)
class _Details:
    details: Details
    namespace: Namespace

    async def __call__(self, client: Client, rest: str) -> Fields:
        prefix = quote(f"{self.namespace.name}{_SEPARATOR}", safe=":")
        fields = await self.details(client, rest.removeprefix(prefix))
        names = {name for references in self.namespace.references.values() for name in references}
        moved = {name: _moved(fields[name], self.namespace.inside) for name in names & fields.keys()}
        return {**fields, **moved}


@dataclass(frozen=True, slots=True)
class _Unlisted:
    unlisted: Unlisted
    key: CollectionKey
    namespace: Namespace

    async def __call__(self, client: Client, entity_id: str, fields: Fields) -> Fields | None:
        own = self.namespace.fields(self.key, fields, self.namespace.outside)
        marks = await self.unlisted(client, self.namespace.outside(entity_id), own)
        return None if marks is None else self.namespace.fields(self.key, marks, self.namespace.inside)
