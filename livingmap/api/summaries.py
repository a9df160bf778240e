"""Summaries: what happened between two moments, by type and as a story."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights
from livingmap.core.layers import Layers
from livingmap.core.model import Fields
from livingmap.core.trouble import Severity
from livingmap.core.units import rfc3339
from livingmap.history import History
from livingmap.past.happened import Happened, Moved, Stretch, by_type, happened
from livingmap.past.occasions import times_of
from livingmap.past.story import Step, in_time, story
from livingmap.past.timeline import Steps
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.state.reader import MapReader

_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)
_MOST_ITEMS: Final = 10


class SummaryItem(BaseModel):
    """A thing that is counted."""

    id: str
    label: str


class SummaryCount(BaseModel):
    """Things that something happened to."""

    model_config = _DOCUMENTED

    count: int
    items: list[SummaryItem]
    """The first ten."""


class SummaryType(BaseModel):
    """What happened to things of a type."""

    type: str
    layer: str
    came: SummaryCount
    went: SummaryCount
    changed: SummaryCount
    trouble_began: SummaryCount
    trouble_ended: SummaryCount


class StoryStep(BaseModel):
    """One step of the story."""

    model_config = _DOCUMENTED

    at: str
    """When it happened or began, be it before `from`; of several things, the first."""
    until: str | None
    """When the last of it was over; null if any goes on, and for what happened in a moment.

    What happened at a time that the history does not say has the whole span.
    """
    kind: Literal["trouble", "came", "went", "changed", "number"]
    entity_ids: list[str]
    """The first twenty."""
    layer: str
    severity: Severity | None
    text: str
    """In the caller's language. It names no time."""


class Summary(BaseModel):
    """What happened between two moments."""

    model_config = _DOCUMENTED

    types: list[SummaryType]
    story: list[StoryStep]
    """At most twelve steps, the most important ones, in order of time."""
    entries: int | None
    """How many entries the history got; null with restricted rights, and if it is not known."""


class Summaries:
    """Sums up what the map of ``reader`` went through."""

    def __init__(self, reader: MapReader, history: History, visible: VisibleRollUps) -> None:
        self._reader = reader
        self._history = history
        self._visible = visible

    async def of(
        self,
        before: Layers,
        after: Layers,
        changes: Sequence[Fields],
        span: tuple[datetime, datetime],
        layers: Sequence[str] | None,
        rights: Rights,
        language: str,
    ) -> Summary:
        """Return the summary of net ``changes`` in a span of time."""
        start, end = span
        await self._visible.roll_ups.follow()
        episodes = await self._visible.episodes(start, end, rights, layers) if start < end else []
        result = await asyncio.to_thread(happened, before, after, changes, episodes, start, end)
        steps = story(result, language, self._counts)
        occasions = (occasion for step in steps for occasion in step.occasions)
        times = await times_of(self._history, occasions, start, end)
        return Summary(
            types=[_type(name, some, result) for name, some in by_type(result).items()],
            story=[_step(one) for one in in_time(steps, times)],
            entries=None if rights.restricted else await self._entries(start, end, layers),
        )

    def _counts(self, layer: str, name: str) -> bool:
        return self._reader.filtered_scenes.counts([layer], name)

    async def _entries(self, start: datetime, end: datetime, layers: Sequence[str] | None) -> int | None:
        oldest = await self._visible.roll_ups.oldest()
        if oldest is None or start >= end:
            return None if oldest is None else 0
        steps = Steps.of(start, end, 1)
        activity = await self._visible.roll_ups.activity(steps.start, steps.end, steps.size, layers)
        return sum(one.entries for one in activity)


def _type(name: str, some: Sequence[Moved | Stretch], result: Happened) -> SummaryType:
    stretches = [one for one in some if isinstance(one, Stretch)]
    return SummaryType(
        type=name,
        layer=result.vocabulary.homes.get(name, some[0].layer),
        came=_count([one for one in result.came if one.type == name]),
        went=_count([one for one in result.went if one.type == name]),
        changed=_count([one for one in result.changed if one.type == name]),
        trouble_began=_count([one for one in stretches if one.began is not None]),
        trouble_ended=_count([one for one in stretches if one.ended is not None]),
    )


def _count(some: Sequence[Moved | Stretch]) -> SummaryCount:
    items = [SummaryItem(id=one.id, label=one.label) for one in some[:_MOST_ITEMS]]
    return SummaryCount(count=len(some), items=items)


def _step(one: Step) -> StoryStep:
    return StoryStep(
        at=str(rfc3339(one.at)),
        until=rfc3339(one.until),
        kind=one.kind,
        entity_ids=list(one.ids),
        layer=one.layer,
        severity=one.severity,
        text=one.text,
    )
