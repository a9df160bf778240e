"""Following: how the events after a moment of the past are shown to readers with certain rights, one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.filtered_scenes import PastFilter
from livingmap.access.mentions import Mentions
from livingmap.access.payload_ids import payload_ids
from livingmap.access.view import Rights
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Fields, change_from_json, change_to_json
from livingmap.history import Entry
from livingmap.history.changes import decoded
from livingmap.past.past_scene import PastScene
from livingmap.past.rebuilding import Rebuilt
from livingmap.state.reader import MapReader


@dataclass(frozen=True, slots=True)
class VisibleEntry:
    """An entry as readers are shown it."""

    entry: Entry
    changes: Sequence[Fields]
    """How what they see of the map changed, in the wire form."""


class Following:
    """Shows the entries after a moment, in their order, by what ``reader`` shows today."""

    def __init__(self, reader: MapReader, rights: Rights, scene: "_FilteredScene | None") -> None:
        self._reader = reader
        self._rights = rights
        self._scene = scene

    @classmethod
    async def begin(cls, reader: MapReader, rebuilt: Rebuilt, rights: Rights) -> "Following":
        """Return what shows the entries after ``rebuilt``."""
        if not rights.restricted:
            return cls(reader, rights, None)
        by, scene = reader.filtered_scenes.past(rights), rebuilt.scene
        return cls(reader, rights, await asyncio.to_thread(_FilteredScene, by, scene.copy()))

    @property
    def is_current(self) -> bool:
        """Whether all that readers with these rights saw of today, when this began, is still shown to them."""
        if self._scene is None:
            return True
        now = self._reader.filtered_scenes.past(self._rights).verdicts
        return all(now.get(entity_id, True) for entity_id, shown in self._scene.by.verdicts.items() if shown)

    def visible(self, entry: Entry) -> VisibleEntry | None:
        """Return the next entry as it is shown; None if it is not."""
        redaction = self._reader.redaction
        changes = [
            change
            if change["op"] == "drop"
            else {**change, "set": redaction.fields(change["layer"], change["set"])}
            for change in decoded(entry.changes)
        ]
        if self._scene is None:
            visible = self._reader.entry(entry, self._rights)
            return VisibleEntry(visible, changes) if visible else None
        payload = redaction.payload(entry.payload)
        return self._scene.visible(replace(entry, payload=payload), changes, self._reader)


class _FilteredScene:
    """A past scene that goes on, and what is shown of it. Building it takes a while."""

    def __init__(self, by: PastFilter, scene: PastScene) -> None:
        self.by = by
        self._scene = scene
        self._mentions = Mentions(scene, by.namespaces)
        self._mentions.types.update(by.types)
        self._filtered = FilteredScene(scene, self._mentions, by.rights, by.rules, by.tallies, by.verdicts)

    def visible(self, entry: Entry, changes: Sequence[Fields], reader: MapReader) -> VisibleEntry | None:
        self._scene.take(changes)
        sources = (entry.source,) if entry.source else ()
        event = Event(entry.position, entry.event_type, entry.payload, entry.received_at)
        folded = Folded(event, tuple(map(change_from_json, changes)), sources=sources, redacted=entry.payload)
        shown = self._filtered.take(folded, self._mentions.take(folded))
        named = payload_ids(entry.payload, self._mentions)
        visible = reader.filtered_scenes.event_then(self._filtered, self.by.rights, folded, shown, named)
        if visible is None:
            return None
        public = replace(entry, event_type=visible.event.type, payload=visible.public_payload)
        return VisibleEntry(public, [change_to_json(change) for change in visible.changes])
