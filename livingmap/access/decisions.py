"""What the PDP decides: each question asked once for many, remembered for a while, and never assumed."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import structlog

from livingmap.access.settings import PolicySettings
from livingmap.core.actor import Actor
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, SourceError
from livingmap.sources.json_client import JsonClient

_PATH: Final = "/internal/pdp/evaluate"
_MOST_KEPT: Final = 200_000
_SOFT: Final = 0.5
"""The part of a decision's life after which it is asked for again; until its end it bridges a PDP that is away."""

_logger = structlog.get_logger(__name__)


class Question(NamedTuple):
    """Whether an actor may do something to a resource, in the PDP's words."""

    action: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class _Decision:
    permits: bool
    made_at: float


@dataclass(slots=True)
class PolicyState:
    """How the PDP fares."""

    url: str
    asked: int = 0
    permitted: int = 0
    denied: int = 0
    failed: int = 0
    error: str | None = None
    """Why it could not be asked the last time."""


@dataclass(slots=True)
class _Round:
    """The questions about one actor that have to be asked now."""

    open: list[Question] = field(default_factory=list)
    answers: dict[Question, bool] = field(default_factory=dict)


class Decisions:
    """Asks the PDP. What it did not permit in time is not permitted."""

    def __init__(self, settings: PolicySettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.state = PolicyState(settings.base_url)
        self._settings = settings
        self._exchange = JsonClient("auth.pdp", settings)
        self._clock = clock
        self._known: OrderedDict[tuple[Actor, Question], _Decision] = OrderedDict()

    async def permitted(self, actor: Actor, questions: Iterable[Question]) -> tuple[set[Question], bool]:
        """Return the questions that are answered with yes, and whether all could be answered."""
        todo = self._recall(actor, questions)
        if todo.open:
            waiting = iter(todo.open)  # shared: each worker takes the next
            workers = min(self._settings.concurrency, len(todo.open))
            try:
                async with asyncio.timeout(self._settings.patience_seconds), asyncio.TaskGroup() as group:
                    for _ in range(workers):
                        group.create_task(self._work(actor, waiting, todo), name="pdp")
            except TimeoutError:
                self._note(f"{self.state.url}: not all was decided within {self._settings.patience_seconds:g} s")
        whole = all(question in todo.answers for question in todo.open)
        return {question for question, permits in todo.answers.items() if permits}, whole

    def _recall(self, actor: Actor, questions: Iterable[Question]) -> _Round:
        found, now = _Round(), self._clock()
        for question in questions:
            known = self._known.get((actor, question))
            age = now - known.made_at if known else self._settings.ttl_seconds
            if known and age < self._settings.ttl_seconds:
                found.answers[question] = known.permits
            if age >= self._settings.ttl_seconds * _SOFT:
                found.open.append(question)
        return found

    async def _work(self, actor: Actor, waiting: Iterable[Question], todo: _Round) -> None:
        for question in waiting:
            try:
                permits = await self._ask(actor, question)
            except SourceError as error:
                self._note(str(error))
                continue
            todo.answers[question] = permits
            self._keep(actor, question, permits=permits)

    async def _ask(self, actor: Actor, question: Question) -> bool:
        self.state.asked += 1
        told = {
            "actor_id": actor.actor_id,
            "actor_type": actor.actor_type,
            "microdao_ids": list(actor.microdao_ids),
            "roles": list(actor.roles),
        }
        resource = {"type": question.type, "id": question.id}
        said = await self._exchange.post(_PATH, {"actor": told, "action": question.action, "resource": resource})
        return _permits(said)

    def _keep(self, actor: Actor, question: Question, *, permits: bool) -> None:
        state = self.state
        state.permitted, state.denied = state.permitted + permits, state.denied + (not permits)
        self._known[actor, question] = _Decision(permits, self._clock())
        self._known.move_to_end((actor, question))
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        if state.error is not None:
            _logger.info("policies are decided again", url=state.url)
            state.error = None

    def _note(self, error: str) -> None:
        self.state.failed += 1
        if self.state.error is None:
            _logger.warning("policies cannot be asked for now; what is not known is denied", error=error)
        self.state.error = error

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()


def _permits(said: Json) -> bool:
    """Return what an answer says; deny is a 200 too. A permit with duties that the map does not know is none."""
    effect = said.get("effect") if isinstance(said, dict) else None
    if effect not in ("permit", "deny"):
        raise InvalidAnswer("auth.pdp: an answer that neither permits nor denies")
    return effect == "permit" and not said.get("obligations")
