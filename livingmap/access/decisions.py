"""Decisions of the policy engine: each question is asked once for many, remembered for a while, never assumed."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog

from livingmap.access.settings import PolicySettings
from livingmap.core.actor import Actor
from livingmap.core.auth import PolicyEngine, Question
from livingmap.core.bounded import LRU
from livingmap.errors import InvalidAnswer, SourceError
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

MOST_DECISIONS: Final = 200_000
"""How many decisions are remembered; those that were not used for longest make room."""
_SOFT: Final = 0.5
"""The part of a decision's life after which it is asked for again; the rest bridges an engine that is away."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Decision:
    permits: bool
    made_at: float


@dataclass(slots=True)
class PolicyState:
    """How the policy engine is doing."""

    url: str
    asked: int = 0
    permitted: int = 0
    denied: int = 0
    failed: int = 0
    error: str | None = None
    """Why it could not be asked the last time."""


@dataclass(slots=True)
class _Round:
    """The questions about one actor: those to be asked now, and the answers so far."""

    open: list[Question] = field(default_factory=list)
    answers: dict[Question, bool] = field(default_factory=dict)


class Decisions:
    """Asks a policy engine. What it did not permit in time is not permitted."""

    def __init__(
        self,
        engine: PolicyEngine,
        settings: PolicySettings,
        own: ServiceSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``own`` are the engine's settings, ``settings`` the host's."""
        self.state = PolicyState(own.base_url)
        self._engine = engine
        self._settings = settings
        self._workers = own.concurrency
        self._client = ServiceClient("auth.pdp", own, clock)
        self._clock = clock
        self._decisions: LRU[tuple[Actor, Question], _Decision] = LRU(MOST_DECISIONS)

    async def permitted(self, actor: Actor, questions: Iterable[Question]) -> tuple[set[Question], bool]:
        """Return the questions that are answered with yes, and whether all could be answered."""
        todo = self._remembered(actor, questions)
        if todo.open:
            waiting = iter(todo.open)  # shared: each worker takes the next
            workers = min(self._workers, len(todo.open))
            try:
                async with asyncio.timeout(self._settings.patience_seconds), asyncio.TaskGroup() as group:
                    for _ in range(workers):
                        group.create_task(self._work(actor, waiting, todo), name="policy")
            except TimeoutError:
                self._note(f"{self.state.url}: not all was decided within {self._settings.patience_seconds:g} s")
        whole = all(question in todo.answers for question in todo.open)
        return {question for question, permits in todo.answers.items() if permits}, whole

    def _remembered(self, actor: Actor, questions: Iterable[Question]) -> _Round:
        todo, now = _Round(), self._clock()
        for question in questions:
            decision = self._decisions.get((actor, question))
            age = now - decision.made_at if decision else self._settings.ttl_seconds
            if decision and age < self._settings.ttl_seconds:
                todo.answers[question] = decision.permits
            if age >= self._settings.ttl_seconds * _SOFT:
                todo.open.append(question)
        return todo

    async def _work(self, actor: Actor, waiting: Iterable[Question], todo: _Round) -> None:
        for question in waiting:
            self.state.asked += 1
            try:
                permits = await self._ask(actor, question)
            except SourceError as error:
                self._note(str(error))
                continue
            todo.answers[question] = permits
            self._keep(actor, question, permits=permits)

    async def _ask(self, actor: Actor, question: Question) -> bool:
        try:
            permits: object = await self._engine.decide(self._client, actor, question)
        except SourceError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin rim: what raises permits nothing
            raise InvalidAnswer(f"auth.pdp: {self._engine.name} raised {type(error).__name__}: {error}") from None
        if not isinstance(permits, bool):
            raise InvalidAnswer(
                f"auth.pdp: {self._engine.name} neither permits nor denies: it returned {permits!r}"
            )
        return permits

    def _keep(self, actor: Actor, question: Question, *, permits: bool) -> None:
        state = self.state
        state.permitted, state.denied = state.permitted + permits, state.denied + (not permits)
        self._decisions.put((actor, question), _Decision(permits, self._clock()))
        if state.error is not None:
            _logger.info("policies are decided again", url=state.url)
            state.error = None

    def _note(self, error: str) -> None:
        self.state.failed += 1
        if self.state.error is None:
            _logger.warning("policies cannot be decided for now; what is not remembered is denied", error=error)
        self.state.error = error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
