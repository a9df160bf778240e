"""Visible roll-ups: what callers may see of troubles and numbers of the past, by their rights of today."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from livingmap.access.view import Rights
from livingmap.core.labels import short_id
from livingmap.core.vocabulary import type_of
from livingmap.history.rollups import Episode
from livingmap.past.rollups import RollUps
from livingmap.state.reader import MapReader

MOST_EPISODES: Final = 20_000
"""So many troubles of a span are looked at, the newest."""

_FIELDS: Final = {"alert": ("alerts",), "load": ("metrics", "cpu", "gpu", "ram", "memory")}


class VisibleRollUps:
    """What ``reader`` lets be seen of ``roll_ups``."""

    def __init__(self, reader: MapReader, roll_ups: RollUps) -> None:
        self._reader = reader
        self.roll_ups = roll_ups

    async def episodes(
        self, start: datetime, end: datetime, rights: Rights, layers: Sequence[str] | None = None
    ) -> list[Episode]:
        """Return the troubles that overlap a span of time, newest first."""
        every = await self.roll_ups.episodes(start, end, MOST_EPISODES)
        return list(self._visible((one for one in every if layers is None or one.layer in layers), rights))

    def shows(self, entity_id: str, rights: Rights) -> bool:
        """Tell whether callers may see a thing that is on the map, or once was."""
        return not self._reader.filtered_scenes.hides(entity_id, rights)

    def shows_number(self, entity_id: str, field: str, rights: Rights) -> bool:
        """Tell whether callers may see a number of a thing: not if it counts what may be hidden."""
        if not self.shows(entity_id, rights):
            return False
        declared = self._reader.scene.vocabulary.types.get(type_of(entity_id))
        places = [] if declared is None else [declared.home, *declared.elsewhere]
        layers, names = {layer for layer, _ in places}, field.split(".")
        if any(self._reader.redaction.removes(layer, name) for layer in (layers or {""}) for name in names):
            return False
        if not rights.restricted:
            return True
        shown = rights.layers is None or (declared is not None and declared.home[0] in rights.layers)
        return shown and not self._reader.filtered_scenes.counts(layers, names[0])

    def _visible(self, episodes: Iterable[Episode], rights: Rights) -> Iterator[Episode]:
        removes = self._reader.redaction.removes
        for one in episodes:
            declared = self._reader.scene.vocabulary.types.get(one.type)
            status = ("status", declared.status.partition(".")[0] if declared else "status")
            if any(removes(one.layer, name) for name in _FIELDS.get(one.kind, status)):
                continue
            if not rights.restricted:
                yield one
            elif (rights.layers is None or one.layer in rights.layers) and self.shows(one.entity_id, rights):
                yield self._scrubbed(one, rights)

    def _scrubbed(self, one: Episode, rights: Rights) -> Episode:
        """Return an episode without the ids of what is hidden."""
        texts = {"label": one.label, "status": one.status}
        clean = self._reader.filtered_scenes.scrub(texts, rights)
        return replace(one, label=clean["label"] or short_id(one.entity_id), status=clean["status"] or "")
