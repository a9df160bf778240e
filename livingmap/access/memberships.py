"""Memberships: what an actor belongs to, asked with its own credential, remembered until an event changes it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

import structlog

from livingmap.core.actor import Actor, Credential
from livingmap.core.auth import EVERYBODY, MembershipLookup
from livingmap.core.bounded import LRU
from livingmap.core.fold import Folded
from livingmap.core.route import matches
from livingmap.errors import InvalidAnswer, SourceError
from livingmap.sources.service_client import ServiceClient

MOST_ACTORS: Final = 10_000
"""Of how many actors the memberships are remembered; the one that was not needed for longest makes room."""
_SOFT: Final = 0.5
"""The part of an answer's life after which it is asked for again; the rest bridges a service that is away."""

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class MembershipState:
    """How asking for memberships goes."""

    sources: list[str] = field(default_factory=list)
    """The sources whose services are asked."""
    asked: int = 0
    failed: int = 0
    error: str | None = None
    """Why they could not be asked the last time."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """An actor with its memberships, and when they were asked for."""

    actor: Actor
    asked_at: float


class Memberships:
    """Completes actors by what ``lookup`` finds out of ``clients``, those of the services by name of source."""

    def __init__(
        self,
        lookup: MembershipLookup,
        clients: Mapping[str, ServiceClient],
        ttl_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = MembershipState(list(clients))
        self._lookup = lookup
        self._clients = clients
        self._ttl = ttl_seconds
        self._clock = clock
        self._answers: LRU[Actor, _Answer] = LRU(MOST_ACTORS)
        self._changed: LRU[str, float] = LRU(MOST_ACTORS)
        """By actor id, when an event said that its memberships changed."""
        self._all_changed_at = float("-inf")
        self._locks: WeakValueDictionary[Actor, asyncio.Lock] = WeakValueDictionary()

    async def complete(self, actor: Actor, credential: Credential) -> tuple[Actor, bool]:
        """Return ``actor`` with what it belongs to, and whether that could be found out."""
        lock = self._locks.setdefault(actor, asyncio.Lock())
        async with lock:
            answer, now = self._answers.get(actor), self._clock()
            if answer is None or now - answer.asked_at >= self._ttl * _SOFT or self._has_changed(actor, answer):
                try:
                    answer = _Answer(await self._ask(actor, credential), now)
                    self._answers.put(actor, answer)
                except SourceError as error:
                    self._note(str(error))
        if answer is None or now - answer.asked_at >= self._ttl:
            return actor, False
        return answer.actor, True

    def _has_changed(self, actor: Actor, answer: _Answer) -> bool:
        changed_at = self._changed.get(actor.actor_id) or float("-inf")
        return max(changed_at, self._all_changed_at) >= answer.asked_at

    async def _ask(self, actor: Actor, credential: Credential) -> Actor:
        self.state.asked += 1
        try:
            complete: object = await self._lookup.complete(self._clients, actor, credential)
        except (SourceError, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the plugin rim: its message may hold the credential
            raise InvalidAnswer(f"the lookup of memberships raised {type(error).__name__}") from None
        if not isinstance(complete, Actor):
            raise InvalidAnswer("the lookup of memberships answered with something other than an Actor")
        if self.state.error is not None:
            _logger.info("memberships are found out again", sources=self.state.sources)
            self.state.error = None
        return complete

    def _note(self, error: str) -> None:
        self.state.failed += 1
        if self.state.error is None:
            _logger.warning("memberships cannot be found out for now", error=error)
        self.state.error = error

    # as something that follows the log

    def on_entry(self, folded: Folded, _: int) -> None:
        """Note whose memberships an event changes: they are asked for again when they are needed next."""
        for pattern, concerned in self._lookup.concerned.items():
            if matches(pattern, folded.event.type):
                actor_id = concerned(folded.event)
                if actor_id == EVERYBODY:
                    self._all_changed_at = self._clock()
                elif isinstance(actor_id, str):
                    self._changed.put(actor_id, self._clock())

    def on_restored(self) -> None:
        """Forget what is remembered: events that changed it may have been missed."""
        self._answers = LRU(MOST_ACTORS)
        self._all_changed_at = self._clock()  # also for what is being asked now

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()
