"""The past: any moment that the history keeps, as readers with certain rights may see it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from livingmap import __version__
from livingmap.access.filtered_scenes import PastFilter
from livingmap.access.mentions import ids_in
from livingmap.access.view import Rights, View
from livingmap.core.bounded import LRU
from livingmap.core.layers import Layers, layer, layer_names
from livingmap.core.model import Json, Position
from livingmap.history import History
from livingmap.history.capture import Still
from livingmap.past.difference import differences
from livingmap.past.moment import Moment, Moments
from livingmap.past.past_scene import PastScene
from livingmap.past.rebuilding import Missing, Rebuilding, Rebuilt, Turns
from livingmap.past.rollups import RollUps
from livingmap.state.reader import MapReader

_SILENCE: Final = timedelta(minutes=1)
"""Without an entry for so long, the log may have been away."""
_NOT_RUNNING: Final = "the map may not have been running"
_ON_ITS_OWN: Final = "the log was away; what the map showed meanwhile was not kept"
_STATE_SECONDS: Final = 1.0
"""A state is written right after its entry: so long it is waited for."""
_LOOK_SECONDS: Final = 0.05
_MOST_FILTERED: Final = 8
_MOST_BODIES: Final = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """The map at a moment as readers with certain rights may see it."""

    moment: Moment
    rebuilt: Rebuilt
    layers: Layers
    missing: Sequence[Missing]
    """What it may lack."""
    is_restricted: bool
    """Whether there can be anything that is not shown."""
    is_silent: bool
    """Whether the map may not have been running then."""


@dataclass(frozen=True, slots=True)
class _Filtered:
    """A past scene as it was filtered, and by what."""

    by: PastFilter
    alias_revision: int
    scene: Layers


class Past:
    """Rebuilds what ``history`` keeps; what things are called, and who may see them, is as ``reader`` has it."""

    def __init__(self, reader: MapReader, history: History, moments: Moments, turns: Turns | None = None) -> None:
        self.moments = moments
        self._reader = reader
        self._history = history
        self._turns = turns or Turns()
        self._rebuilding = Rebuilding(
            history, lambda content: PastScene.of(reader.scene, reader.redaction, content), self._turns
        )
        self._filtered: LRU[tuple[Position, Rights], _Filtered] = LRU(_MOST_FILTERED)
        self._bodies: LRU[tuple[Position, tuple[str, ...]], bytes] = LRU(_MOST_BODIES)

    async def shown(self, moment: Moment, rights: Rights) -> Shown:
        """Return the map at ``moment``. Raises MomentError and HistoryUnavailable."""
        rebuilt = await self._rebuilt(moment)
        silence = await self._silence(moment)
        missing = (*rebuilt.missing, *silence)
        layers = await self._visible(rebuilt, rights)
        return Shown(moment, rebuilt, layers, missing, rights.restricted, bool(silence))

    async def _rebuilt(self, moment: Moment) -> Rebuilt:
        is_new = self._reader.now() - moment.entry.received_at < _SILENCE
        for _ in range(round(_STATE_SECONDS / _LOOK_SECONDS) if is_new else 1):
            rebuilt = await self._rebuilding.at(moment.position)
            if rebuilt is not None:
                return rebuilt
            await asyncio.sleep(_LOOK_SECONDS)
        raise await self.moments.not_kept(moment.text)

    async def silence_until_now(self) -> list[Missing]:
        """Return since when the map has had nothing, if that is because it began anew a moment ago."""
        now = self._reader.now()
        entry = await self._history.newest_at(now)
        return await self._silence(Moment(now, entry.position, entry)) if entry else []

    async def _silence(self, moment: Moment) -> list[Missing]:
        """Return for how long the map had nothing around ``moment``, if it may not have been running."""
        entry = moment.entry
        if moment.time <= entry.mark.time:
            return []
        progress = self._reader.progress
        later = next(iter(await self._history.entries_from(entry.mark, 1)), None)
        if later is None and progress.is_on_its_own:
            is_long = moment.time - entry.mark.time >= _SILENCE
            return [Missing(entry.mark.time, moment.time, None, _ON_ITS_OWN)] if is_long else []
        epoch = later.position.epoch if later else progress.position.epoch
        if epoch == entry.position.epoch:
            return []
        return [Missing(entry.mark.time, later.mark.time if later else moment.time, None, _NOT_RUNNING)]

    async def _visible(self, rebuilt: Rebuilt, rights: Rights) -> Layers:
        """Return the scene as readers see it who see that of today by these rights."""
        if not rights.restricted:
            return rebuilt.scene
        async with self._turns.one():
            return await self._filtered_scene(rebuilt, rights)

    async def _filtered_scene(self, rebuilt: Rebuilt, rights: Rights) -> Layers:
        names = await asyncio.to_thread(_names_in, rebuilt.scene)
        # no await from here on: all of it is of one moment of today
        scene, by = self._reader.scene, self._reader.filtered_scenes.past(rights)
        kept = self._filtered.get((rebuilt.position, rights))
        if kept is not None and (kept.by, kept.alias_revision) == (by, scene.alias_revision):
            return kept.scene
        revision, meanings = scene.alias_revision, {name: scene.resolve(name) for name in names}
        past = rebuilt.scene.resolving(lambda name: meanings.get(name) or scene.resolve(name))
        filtered = await asyncio.to_thread(by.filtered, past)
        self._filtered.put((rebuilt.position, rights), _Filtered(by, revision, filtered))
        return filtered

    async def snapshot(self, shown: Shown, view: View) -> bytes:
        """Return the JSON of a snapshot of ``shown``, in the form of one of the present."""
        names = tuple(layer_names(shown.layers) if view.layers is None else view.layers)
        layers = await self._layers(shown, names, view.rights)
        at = shown.moment.text
        meta = {
            "version": __version__,
            "generated_at": at,
            "at": at,
            "cursor": self._reader.cursor(view, shown.moment.position),
            "source_services": shown.rebuilt.sources.services(),
            "sources": self.sources(shown, reports=view.rights.reports),
            "phase": "past",
            "standing_still_since": None,
            "collisions": [],
            "access": "pending" if view.rights.pending else "complete",
            "gaps": gaps(shown.missing, view.rights),
        }
        return b'{"generated_at":%b,"layers":%b,"meta":%b}' % (orjson.dumps(at), layers, orjson.dumps(meta))

    def sources(self, shown: Shown, *, reports: bool) -> list[dict[str, Json]]:
        """Return how far each source could be trusted."""
        return shown.rebuilt.sources.at(shown.moment.time, silent=shown.is_silent, reports=reports)

    async def _layers(self, shown: Shown, names: tuple[str, ...], rights: Rights) -> bytes:
        key = (shown.rebuilt.position, names)
        body = None if rights.restricted else self._bodies.get(key)
        if body is None:
            body = await asyncio.to_thread(_encoded, shown.layers, names)
            if not rights.restricted:
                self._bodies.put(key, body)
        return body

    def present(self, rights: Rights) -> Layers:
        """Return the map as it is now, which does not go on."""
        return Still(self._reader.shown(rights))

    async def differences(self, before: Layers, after: Layers, view: View) -> list[dict[str, Json]]:
        """Return how ``after`` differs from ``before`` in the layers of ``view``."""
        return await asyncio.to_thread(differences, before, after, view.layers)


async def silences(roll_ups: RollUps, start: datetime, end: datetime) -> list[Missing]:
    """Return the times within a span, oldest first, in which the map may not have been running.

    These are the times between the last entry of one epoch and the first of the next, however short.
    """
    await roll_ups.follow()
    return [Missing(one.since, one.until, None, _NOT_RUNNING) for one in await roll_ups.silences(start, end)]


def gaps(missing: Sequence[Missing], rights: Rights) -> list[dict[str, Json]]:
    """Return what is missing as in ``meta.gaps``."""
    return [one.shown(restricted=rights.restricted) for one in missing]


def _encoded(scene: Layers, names: Sequence[str]) -> bytes:
    return orjson.dumps({name: _layer(scene, name) for name in names})


def _layer(scene: Layers, name: str) -> dict[str, Json]:
    """Return a layer as the snapshot has it; of a past scene that is not filtered most items are JSON already."""
    if not isinstance(scene, PastScene):
        return layer(scene, name)
    collections = {one: orjson.Fragment(items) for one, items in scene.encoded(name).items()}
    return {**scene.vocabulary.standing.get(name, {}), **scene.totals(name), **collections}


def _names_in(scene: PastScene) -> set[str]:
    """Return everything on a scene that may be an id."""
    names: set[str] = set()
    for name, collections in scene.layers().items():
        names.update(ids_in(scene.totals(name)))
        for collection in collections:
            for entity_id, item in scene.items(name, collection).items():
                names.add(entity_id)
                names.update(ids_in(item))
    return names
