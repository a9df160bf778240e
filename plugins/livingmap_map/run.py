"""The run: follows the stream of another map and says what it says."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from livingmap.client import Change as WireChange
from livingmap.client import LiveMap, LiveMessage, MapError, State, Unauthenticated, follow
from livingmap.plugin import Change, Client, Drop, Emit, Put, Unreachable
from livingmap_map.rows import Place


async def follow_map(client: Client, emit: Emit) -> None:
    """Emit the snapshot of the map, then each of its changes, until the connection is lost."""
    settings = client.settings
    places = frozenset(settings.places())
    layers = sorted({layer for layer, _ in places})
    context = settings.ssl_context() if settings.has_own_tls else None
    try:
        async with follow(settings.base_url, layers=layers, token=settings.bearer, ssl=context) as live:
            async for message in live:
                await _emit(message, live, emit, places)
    except Unauthenticated as error:
        raise Unreachable(f"{settings.base_url}: {error}; give token or token_file") from None
    except MapError as error:
        raise Unreachable(f"{settings.base_url}: {error}") from None


async def _emit(message: LiveMessage, live: LiveMap, emit: Emit, places: Iterable[Place]) -> None:
    match message["kind"]:
        case "snapshot":
            for layer, collection in places:
                await emit.replace(layer, _items(live.state, layer, collection), collection)
        case "event" | "changes":
            await emit.change(*_changes(message["changes"], places))
        case "heartbeat":
            await emit.alive()
        case "disconnected":
            raise Unreachable(f"the connection is lost: {message['detail']}")


def _items(state: State, layer: str, collection: str) -> list[Put]:
    if layer not in state:
        return []
    items: Mapping[str, Mapping[str, Any]] = state[layer].items(collection)
    return [
        Put(layer, entity_id, {name: value for name, value in item.items() if name != "id"}, collection=collection)
        for entity_id, item in items.items()
    ]


def _changes(changes: Iterable[WireChange], places: Iterable[Place]) -> Iterator[Change]:
    """Yield the changes of items. What a layer counts, each map counts for itself."""
    for one in changes:
        if one["op"] == "total" or (one["layer"], one["collection"]) not in places:
            continue
        if one["op"] == "drop":
            yield Drop(one["layer"], one["id"], one["collection"])
        else:
            yield Put(one["layer"], one["id"], one["set"], tuple(one["unset"]), one["collection"])
