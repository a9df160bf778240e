"""Decisions of the policy engine: each question is asked once for many, remembered for a while, never assumed."""

import asyncio
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
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
from livingmap.supervision import stop

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
    """One round of questions about an actor: what was decided when it began, and the answers so far."""

    open: list[Question] = field(default_factory=list)
    before: dict[Question, bool] = field(default_factory=dict)
    answers: dict[Question, bool] = field(default_factory=dict)
    shown: dict[Question, bool] | None = None
    """What counts from the end of the patience to that of the round: one answer, not a series."""
    task: asyncio.Task[None] | None = None
    patience_ends_at: float = 0.0


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
        self.members_may = engine.members_may
        self.namespace = engine.namespace
        self.state = PolicyState(own.base_url)
        self._engine = engine
        self._settings = settings
        self._workers = own.concurrency
        self._client = ServiceClient("auth.pdp", own, clock)
        self._clock = clock
        self._decisions: LRU[tuple[Actor, Question], _Decision] = LRU(MOST_DECISIONS)
        self._rounds: dict[Actor, _Round] = {}
        """The rounds of questions that are under way."""
        self._is_closed = False

    async def permitted(self, actor: Actor, questions: Iterable[Question]) -> tuple[set[Question], bool]:
        """Return the questions that are answered with yes, and whether all could be answered.

        A caller waits until the patience with a round of questions is over. The round goes on; until it has ended,
        the answer stays as it is then, so that it changes once.
        """
        wanted, asked = list(questions), set[Question]()
        while (last := self._rounds.get(actor)) is not None:
            if not await self._has_ended(last):
                return self._outcome(actor, wanted, last)
            asked.update(last.open)  # what it could not find out is not asked again for those who waited for it
            if self._is_closed or asked.issuperset(self._remembered(actor, wanted).open):
                return self._outcome(actor, wanted, last)
        return self._outcome(actor, wanted, await self._asked(actor, wanted, asked))

    def _outcome(self, actor: Actor, wanted: list[Question], last: _Round) -> tuple[set[Question], bool]:
        if last.task is not None and not last.task.done():
            answers = last.before if last.shown is None else last.shown
        else:
            answers = {**self._remembered(actor, wanted).before, **last.answers}
        permitted = {question for question in wanted if answers.get(question)}
        return permitted, all(question in answers for question in wanted)

    async def _asked(self, actor: Actor, wanted: list[Question], asked: AbstractSet[Question]) -> _Round:
        """Begin a round with what has to be asked of ``wanted``, and was not ``asked`` a moment ago.

        Return it when it or the patience has ended.
        """
        round_ = self._remembered(actor, wanted)
        round_.open = [question for question in round_.open if question not in asked]
        if round_.open and not self._is_closed:
            round_.patience_ends_at = asyncio.get_running_loop().time() + self._settings.patience_seconds
            round_.task = asyncio.create_task(self._run(actor, round_), name="policy")
            self._rounds[actor] = round_
            await self._has_ended(round_)
        return round_

    async def _has_ended(self, round_: _Round) -> bool:
        """Wait for the end of a round while there is patience; tell whether it has ended."""
        assert round_.task is not None  # noqa: S101 - only rounds that run are waited for
        patience = round_.patience_ends_at - asyncio.get_running_loop().time()
        if not round_.task.done() and patience > 0:
            await asyncio.wait({round_.task}, timeout=patience)
            if not round_.task.done():
                round_.shown = round_.shown or {**round_.before, **round_.answers}
                self._note(f"{self.state.url}: not all was decided within {self._settings.patience_seconds:g} s")
        return round_.task.done()

    async def _run(self, actor: Actor, round_: _Round) -> None:
        """Ask the questions of a round. What it has not asked after the life of a decision is given up."""
        waiting = iter(round_.open)  # shared: each worker takes the next
        workers = min(self._workers, len(round_.open))
        seconds = max(self._settings.ttl_seconds, self._settings.patience_seconds)
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(actor, waiting, round_), name="policy")
        except TimeoutError:
            self._note(f"{self.state.url}: not all was decided within {seconds:g} s")
        finally:
            del self._rounds[actor]

    def _remembered(self, actor: Actor, questions: Iterable[Question]) -> _Round:
        todo, now = _Round(), self._clock()
        for question in questions:
            decision = self._decisions.get((actor, question))
            age = now - decision.made_at if decision else self._settings.ttl_seconds
            if decision and age < self._settings.ttl_seconds:
                todo.before[question] = decision.permits
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
        except (SourceError, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the plugin rim: what raises permits nothing
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
        """Ask nothing more, and close the connections."""
        self._is_closed = True
        await stop([one.task for one in self._rounds.values() if one.task is not None])
        await self._client.close()
