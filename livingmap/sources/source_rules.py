"""Rules for the description of a source: whatever can be seen of it without running it.

Each fault says what is wrong and what would do, and for a function, at which file and line it stands.
"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from livingmap.core.api_version import unmet_reason
from livingmap.core.model import CollectionKey
from livingmap.core.route import invalid_reason
from livingmap.core.sentences import invalid_sentences
from livingmap.core.source import Amounts, Count, Layer, Lifetime, Source, Tally
from livingmap.core.validity import ID
from livingmap.sources.plugin_code import place
from livingmap.sources.settings import SectionSettings
from livingmap.sources.type_rules import invalid_types

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_TYPE: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = frozenset({"meta", "livingmap"})
_TUPLES: Final = (("layers", Layer), ("tallies", Tally), ("lifetimes", Lifetime))
_PATH_LIKE: Final = (Path, type(None))


def invalid_source(source: Source) -> list[str]:
    """Return what is wrong with the description of a source. It has no layers yet if its settings give them."""
    if reason := unmet_reason(source.requires_api):
        return [reason]  # whatever else is odd may be because of that
    if faults := list(_shape_faults(source)):
        return faults  # what follows relies on it
    faults = [f"layer {_name(layer)} {fault}" for layer in source.layers for fault in _layer_faults(layer)]
    places = Counter((layer.name, layer.collection) for layer in source.layers)
    faults += [f"layer {'.'.join(map(str, key))} is declared twice" for key, n in places.items() if n > 1]
    faults += [
        f"handler {name!r} {fault}" for name, one in source.handlers.items() for fault in _handler(name, one)
    ]
    faults += [
        f"details of {name!r} {fault}" for name, one in source.details.items() for fault in _details(name, one)
    ]
    faults += [f"tally {one.layer}.{one.field} {fault}" for one in source.tallies for fault in _tally(one, places)]
    faults += [f"a lifetime {fault}" for one in source.lifetimes for fault in _lifetime(one, source, places)]
    if source.run is not None:
        faults += [f"it {fault}" for fault in _function_faults("a run", source.run, ("client", "emit"))]
    faults += invalid_sentences(source.sentences)
    faults += invalid_types(source)
    if not source.layers and source.configured is None:
        faults.append("it has no layers")
    return faults


def _shape_faults(source: Source) -> Iterator[str]:
    settings: object = source.settings
    if not (isinstance(settings, type) and issubclass(settings, SectionSettings)):
        yield f"its settings are {settings!r}, not a subclass of SourceSettings or SectionSettings"
    for name in ("name", "service"):
        if not _is_text(getattr(source, name)):
            yield f"its {name} is {getattr(source, name)!r}, not a text"
    for name, kind in _TUPLES:
        yield from _tuple_faults(name, getattr(source, name), kind)
    handlers: object = source.handlers
    if not (isinstance(handlers, Mapping) and all(map(callable, handlers.values()))):
        yield "its handlers are not a mapping from subject to function"
    details: object = source.details
    if not (isinstance(details, Mapping) and all(map(callable, details.values()))):
        yield "its details are not a mapping from type to function"
    if not isinstance(source.samples, _PATH_LIKE):
        yield f"its samples are {source.samples!r}, not a Path: write Path(__file__).parent / 'samples'"


def _tuple_faults(name: str, value: object, kind: type) -> Iterator[str]:
    if isinstance(value, kind):
        yield f"its {name} are one {kind.__name__}, not a tuple: write ({kind.__name__}(…),), with the comma"
    elif not isinstance(value, tuple | list):
        yield f"its {name} are {value!r}, not a tuple of {kind.__name__}"
    elif not all(isinstance(one, kind) for one in value):
        yield f"its {name} are not all a {kind.__name__}"


def _layer_faults(layer: Layer) -> Iterator[str]:
    names: tuple[tuple[str, object], ...] = (("a name", layer.name), ("a collection", layer.collection))
    for what, name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
            yield f"has {what} that cannot be one, {name!r}; write it like 'weather'"
    if layer.fetch is not None:
        yield from _function_faults("a fetch", layer.fetch, ("client",))
    if layer.unlisted is not None:
        yield from _function_faults("an unlisted", layer.unlisted, ("client", "id", "fields"))
    yield from _names_faults("references", layer.references)
    for what in ("defaults", "superseded", "copies"):
        yield from _fields_faults(what, getattr(layer, what))
    copies: object = layer.copies
    if isinstance(copies, Mapping) and not all(map(_is_key, copies.values())):
        yield f"has copies={copies!r}; give layer and collection of each, as in {{'status': ('nodes', 'items')}}"


def _handler(pattern: object, handler: Callable[..., object]) -> Iterator[str]:
    if not isinstance(pattern, str):
        yield "is not under a subject pattern"
        return
    if fault := invalid_reason(pattern):
        yield fault
    if pattern.split(".")[0] == "livingmap":
        yield "is for a subject of the map itself, which no service publishes"
    yield from _function_faults("a handler", handler, ("event", "part"), is_async=False)


def _details(kind: object, details: Callable[..., object]) -> Iterator[str]:
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        yield "are not under a type, the part of an id before its colon"
    yield from _function_faults("a function of details", details, ("client", "name"))


def _tally(tally: Tally, places: Mapping[CollectionKey, int]) -> Iterator[str]:
    own = any(layer == tally.layer for layer, _ in places)
    if not own if tally.per is None else (tally.layer, tally.collection) not in places:
        yield "is of a layer that the plugin does not declare"
    if not _is_text(tally.field) or tally.field == ID:
        yield "has no field that it may fill"
    counts: object = tally.counts
    rule: object = tally.rule
    if not isinstance(counts, tuple | list) or not all(isinstance(one, Count | Amounts) for one in counts):
        yield f"has counts={counts!r}; give a tuple of Count or Amounts: (Count('agents'),)"
    elif not counts:
        yield "counts nothing"
    elif tally.per is not None and any(isinstance(one, Amounts) for one in counts):
        yield "has amounts and per: they are totals of a layer"
    elif not callable(rule) or _misfit(rule, len(counts)) is not None:
        yield f"has a rule that does not take {len(counts)} counts{_at(rule)}"


def _lifetime(one: Lifetime, source: Source, places: Mapping[CollectionKey, int]) -> Iterator[str]:
    if one.setting not in source.settings.model_fields:
        yield f"has the setting {one.setting!r}, which {source.settings.__name__} lacks"
    if (one.layer, one.collection) not in places:
        yield f"is of {one.layer}.{one.collection}, which the plugin does not declare as a layer"
    yield from _names_faults("since", one.since)


def _function_faults(
    what: str, function: Callable[..., object], given: tuple[str, ...], *, is_async: bool = True
) -> Iterator[str]:
    if not callable(function):
        yield f"has {what} that is {function!r}, not a function"
    elif is_async and not _is_async(function):
        yield f"has {what} that is not async: write async def{_at(function)}"
    elif not is_async and (_is_async(function) or inspect.isasyncgenfunction(function)):
        yield f"has {what} that is async: it asks nobody and waits for nothing, write def{_at(function)}"
    elif misfit := _misfit(function, len(given)):
        yield f"has {what} that does not take ({', '.join(given)}): {misfit}{_at(function)}"


def _is_async(function: object) -> bool:
    call = getattr(function, "__call__", None)  # noqa: B004 - of an object that is called like a function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def _misfit(function: Callable[..., object], number: int) -> str | None:
    """Return why ``function`` cannot be called with so many positional arguments; None if it can."""
    try:
        inspect.signature(function).bind(*range(number))
    except TypeError as error:
        return str(error)
    except ValueError:  # a function in C does not say
        pass
    return None


def _names_faults(what: str, names: object) -> Iterator[str]:
    if isinstance(names, str):
        yield f"has {what}={names!r}, not a tuple: write ({names!r},), with the comma"
    elif not isinstance(names, tuple | list) or not all(map(_is_text, names)):
        yield f"has {what}={names!r}, not a tuple of names of fields"


def _fields_faults(what: str, fields: object) -> Iterator[str]:
    if not isinstance(fields, Mapping) or not all(map(_is_text, fields)):
        yield f"has {what}={fields!r}, not a mapping by field"
    elif ID in fields:
        yield f"has {what} of a field called id, which is the item's own"


def _is_key(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_text, value))  # noqa: PLR2004 - a pair


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _name(layer: Any) -> str:
    return f"{layer.name}.{layer.collection}"


def _at(function: object) -> str:
    return f" ({at})" if (at := place(function)) else ""
