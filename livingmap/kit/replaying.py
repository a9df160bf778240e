"""Replays: what a version of a plugin makes of recorded samples, compared with what an earlier one made."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from livingmap.core.model import Fields
from livingmap.core.source import Source
from livingmap.sources.harness import SourceHarness
from livingmap.sources.samples import Samples

ITEMS: Final = "items.jsonl"
"""The file beside the samples that holds what was made of them, one item or total a line."""

Items = dict[tuple[str, str], Fields]
"""By place (``tides.items``) and id; the totals of a layer have no id."""


async def replay(source: Source, samples: Samples, settings: Mapping[str, Any]) -> tuple[Items, list[str]]:
    """Return what the source makes of the samples, a poll and then each message, and what went wrong."""
    harness = SourceHarness(source, samples, **settings)
    await harness.poll()
    for message in samples.messages:
        await harness.deliver(message.type, message.payload)
    problems = [*(harness.health.error or "").split("; "), *map("dropped {}".format, harness.health.dropped)]
    problems += [f"{fault.source}: {fault.error}" for fault in harness.faults]
    return dict(_items(harness)), [problem for problem in problems if problem]


def _items(harness: SourceHarness) -> Iterator[tuple[tuple[str, str], Fields]]:
    part = harness.fold.scene.part(harness.source.name)
    for name in sorted({layer.name for layer in harness.source.layers}):
        if totals := part.total(name):
            yield (name, ""), dict(totals)
    for layer in harness.source.layers:
        for entity_id, fields in sorted(part.items(layer.name, layer.collection)):
            yield (f"{layer.name}.{layer.collection}", entity_id), dict(fields)


def read(file: Path) -> Items:
    """Return the items of a file. Raises ValueError if it is not one of them."""
    items: Items = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            one = json.loads(line)
            items[str(one["place"]), str(one["id"])] = dict(one["fields"])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{file}:{number}: not an item: {error!r}") from None
    return items


def save(file: Path, items: Items) -> None:
    """Write the items to a file."""
    rows = ({"place": place, "id": entity_id, "fields": fields} for (place, entity_id), fields in items.items())
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def differences(before: Items, after: Items) -> Iterator[str]:
    """Yield a line for each item that came or went, and for each field that differs."""
    for place, entity_id in sorted(before.keys() | after.keys()):
        old, new = before.get((place, entity_id)), after.get((place, entity_id))
        where = f"{place} {entity_id}".strip()
        if old is None:
            yield f"+ {where} {_text(new)}"
        elif new is None:
            yield f"- {where}"
        else:
            for name in sorted(old.keys() | new.keys()):
                if old.get(name) != new.get(name):
                    yield f"~ {where} {name}: {_text(old.get(name))} -> {_text(new.get(name))}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
