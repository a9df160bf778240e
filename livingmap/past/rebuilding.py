"""Rebuilding: the map at a position of the log, made of the newest state before it and the changes after that.

Example: the history has a state at ``a1-5000``, and the map is wanted as it was at ``a1-5123``. The changes of the
entries from 5001 to 5123 are applied to the state. If 5040 names 5030 as the entry before it, and that of 5020 was
the last that was read, then something is missing in between: that is a gap, and whoever sees this map is told.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog

from livingmap.core.model import Json, Position
from livingmap.core.units import rfc3339
from livingmap.history import Effect, Gap, History, State
from livingmap.history.changes import decoded
from livingmap.history.state import Unpacked
from livingmap.past.moment import MomentError
from livingmap.past.past_scene import PastScene
from livingmap.past.sources_then import SourcesThen

_logger = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 2
"""So many moments are rebuilt at once; other requests wait."""
MOST_SECONDS: Final = 10.0
"""A moment that takes longer to rebuild is given up."""
_PAGE: Final = 1000
_NEAR: Final = 5_000
"""From a rebuilt moment up to so many positions before another it is quicker than from a state."""
_MOST_KEPT: Final = 16
_MOST_KEPT_ITEMS: Final = 60_000

_LACKING: Final = "the history no longer has what happened then"
_NO_CHANGES: Final = "how the map changed then was not kept"


class PastBusy(MomentError):
    """More moments are wanted at once than can be rebuilt in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "past_busy"
    retry_seconds = 5


class Turns:
    """Lets a few at once do what takes long, each for a limited time."""

    def __init__(self, most: int = MOST_AT_ONCE, seconds: float = MOST_SECONDS) -> None:
        self._seconds = seconds
        self._places = asyncio.Semaphore(most)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises PastBusy if that, and what is done then, takes too long."""
        try:
            async with asyncio.timeout(self._seconds), self._places:
                yield
        except TimeoutError as error:
            raise PastBusy("other moments are being rebuilt; try again in a moment") from error


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a rebuilt map may lack, as in ``meta.gaps``."""

    since: datetime
    until: datetime
    events: int | None
    """How many events; None if that is not known."""
    reason: str

    def shown(self, *, restricted: bool) -> dict[str, Json]:
        """Return it as clients get it; how many events there were is not for those with restricted rights."""
        return {
            "since": rfc3339(self.since),
            "until": rfc3339(self.until),
            "events": None if restricted else self.events,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The map at a position."""

    position: Position
    time: datetime
    """When the log received the entry there."""
    scene: PastScene
    sources: SourcesThen
    missing: tuple[Missing, ...] = ()
    """What it may lack, oldest first."""


class Rebuilding:
    """Rebuilds the map from ``history``, and keeps what was rebuilt lately.

    ``scene_of`` makes a scene of what a state holds.
    """

    def __init__(self, history: History, scene_of: Callable[[Unpacked], PastScene], turns: "Turns") -> None:
        self._history = history
        self._scene_of = scene_of
        self._kept: OrderedDict[Position, Rebuilt] = OrderedDict()
        self._turns = turns

    async def at(self, position: Position) -> Rebuilt | None:
        """Return the map as the entry at ``position`` left it; None if no state leads there.

        Raises PastBusy if that takes too long, and HistoryUnavailable.
        """
        async with self._turns.one():
            rebuilt = self._kept.get(position) or await self._rebuilt(position)
        if rebuilt is not None:
            self._keep(rebuilt)
        return rebuilt

    async def _rebuilt(self, position: Position) -> Rebuilt | None:
        state = await self._history.state_before(position)
        near = self._nearest(position, state)
        rebuilt = await self._go_on(_Draft(near), position) if near else None
        if rebuilt is not None and not rebuilt.missing:
            return rebuilt
        begun = await self._begun_before(state)
        return await self._go_on(_Draft(begun), position) if begun else None

    def _nearest(self, position: Position, state: State | None) -> Rebuilt | None:
        """Return the last kept moment before ``position``, but none before ``state``: that may say more."""
        first = max(position.seq - _NEAR, state.position.seq if state else 0)
        near = [one for one in self._kept.values() if one.position.epoch == position.epoch and not one.missing]
        near = [one for one in near if first <= one.position.seq <= position.seq]
        return max(near, key=lambda one: one.position.seq, default=None)

    async def _begun_before(self, state: State | None) -> Rebuilt | None:
        """Return the map of ``state``, or of the newest before it that can be read; None if there is none."""
        while state is not None:
            try:
                return await asyncio.to_thread(self._begun, state)
            except ValueError as error:
                _logger.warning("a damaged state is passed over", error=str(error))
                before = Position(state.position.epoch, state.position.seq - 1)
                state = await self._history.state_before(before)
        return None

    def _begun(self, state: State) -> Rebuilt:
        unpacked = state.unpacked()
        sources = SourcesThen(unpacked.sources)
        return Rebuilt(state.position, state.received_at, self._scene_of(unpacked), sources)

    async def _go_on(self, draft: "_Draft", position: Position) -> Rebuilt:
        while (left := position.seq - draft.position.seq) > 0:
            effects = await self._history.effects_after(draft.position, min(left, _PAGE))
            effects = [effect for effect in effects if effect.seq <= position.seq]
            if not effects:
                break
            await asyncio.to_thread(draft.take, effects)
        return draft.finished([await self._explained(one) for one in draft.missing])

    async def _explained(self, one: "_Hole") -> Missing:
        """Return what is missing with the reason that the history has for it, if it has one."""
        if one.reason is not None:
            return Missing(one.since, one.until, None, one.reason)
        for gap in await self._history.gaps_in(one.since, one.until):
            if gap.epoch == one.epoch and gap.first_seq < one.before and gap.last_seq > one.after:
                return Missing(one.since, one.until, _size(gap), gap.reason)
        return Missing(one.since, one.until, None, _LACKING)

    def _keep(self, rebuilt: Rebuilt) -> None:
        self._kept[rebuilt.position] = rebuilt
        self._kept.move_to_end(rebuilt.position)
        items = sum(one.scene.size for one in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > _MOST_KEPT or items > _MOST_KEPT_ITEMS):
            items -= self._kept.popitem(last=False)[1].scene.size


@dataclass(frozen=True, slots=True)
class _Hole:
    """Something that is missing between two positions of an epoch."""

    epoch: str
    after: int
    before: int
    since: datetime
    until: datetime
    reason: str | None = None
    """Why, if the entry itself says so."""


class _Draft:
    """A map in the making. Runs in a thread of its own, one page at a time."""

    def __init__(self, begun: Rebuilt) -> None:
        self.missing: list[_Hole] = []
        self._begun = begun
        self._seq = begun.position.seq
        self._time = begun.time
        self._scene = begun.scene.copy()
        self._sources = begun.sources.copy()

    def take(self, effects: Sequence[Effect]) -> None:
        """Apply the changes of ``effects``, and note what is missing between them."""
        for effect in effects:
            if effect.previous != self._seq:
                self._note_hole(effect, None)
            if effect.changes is None:
                self._note_hole(effect, _NO_CHANGES)
            else:
                self._scene.take(decoded(effect.changes))
            if effect.report is not None:
                self._sources.take(effect.report)
            self._seq, self._time = effect.seq, effect.received_at

    @property
    def position(self) -> Position:
        """How far it is made."""
        return Position(self._begun.position.epoch, self._seq)

    def _note_hole(self, effect: Effect, reason: str | None) -> None:
        epoch = self._begun.position.epoch
        self.missing.append(_Hole(epoch, self._seq, effect.seq, self._time, effect.received_at, reason))

    def finished(self, missing: Sequence[Missing]) -> Rebuilt:
        """Return the map so far."""
        made = (*self._begun.missing, *missing)
        return replace(
            self._begun,
            position=self.position,
            time=self._time,
            scene=self._scene,
            sources=self._sources,
            missing=made,
        )


def _size(gap: Gap) -> int | None:
    return gap.size or None  # 0: how many is not known
