"""The simulated world: it answers in place of services, and lets one thing after another happen."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple

from livingmap.plugin import Message, Reply, Request, Source
from livingmap_mock import governance as hours
from livingmap_mock import happenings as minutes
from livingmap_mock.founding import Sizes, establish, remember
from livingmap_mock.happenings import Happening
from livingmap_mock.replay import Replay
from livingmap_mock.services import SERVICES

_FAMILIES: Final = {
    "agent": "agents",
    "city": "city",
    "dao": "dao",
    "messaging": "messaging",
    "microdao": "microdao",
    "node": "space",
    "router": "agents",
    "usage": "usage",
}
"""By the first token of a subject, the source whose service is behind it."""


class _Habit(NamedTuple):
    weight: float
    happening: Happening
    sources: frozenset[str]
    """It happens when any of these is simulated, and only their messages are published."""


def _habit(weight: float, happening: Happening, *sources: str) -> _Habit:
    return _Habit(weight, happening, frozenset(sources))


_HABITS: Final = (
    _habit(30, minutes.node_reports, "space"),
    _habit(20, minutes.person_writes, "messaging", "agents"),
    _habit(12, minutes.agent_answers, "messaging", "usage"),
    _habit(12, minutes.agent_changes, "agents", "city"),
    _habit(10, minutes.agent_works, "usage"),
    _habit(6, minutes.room_fills, "city"),
    _habit(0.6, minutes.node_changes, "space"),
    _habit(0.3, minutes.agent_starts, "agents"),
    _habit(0.2, minutes.agent_leaves, "agents"),
    _habit(3, hours.vote_is_cast, "dao"),
    _habit(0.7, hours.dao_pays, "dao"),
    _habit(0.3, hours.proposal_is_made, "dao"),
    _habit(0.3, hours.proposal_opens, "dao"),
    _habit(0.25, hours.proposal_closes, "dao"),
    _habit(1, hours.microdao_pays, "microdao"),
    _habit(0.6, hours.member_joins, "microdao"),
    _habit(0.5, hours.member_goes, "microdao"),
    _habit(0.4, hours.microdao_rewrites, "microdao"),
    _habit(0.1, hours.microdao_begins, "microdao"),
    _habit(0.1, hours.microdao_ends, "microdao"),
)
_REPLAY_WEIGHT: Final = 4


def _plugin(source: Source) -> str:
    return source.plugin or source.name


_TRIES: Final = 4


class SimulatedWorld:
    """A world in which the services of all known sources share one network; for other sources it replays samples.

    The same settings and the same calls give the same world. Nothing of it is real: no clock, no network, no file
    but the samples.
    """

    def __init__(self, settings: Sizes, sources: Sequence[Source]) -> None:
        self._network = establish(settings)
        self._awake = False
        self._replays = {source.name: Replay(source) for source in sources if _plugin(source) not in SERVICES}
        self._mocked = frozenset(map(_plugin, sources)) - self._replays.keys()
        self._habits = [habit for habit in _HABITS if habit.sources & self._mocked]
        self._habits += [
            _habit(_REPLAY_WEIGHT, replay.next_message, name) for name, replay in self._replays.items()
        ]
        self._weights = list(accumulate(habit.weight for habit in self._habits))

    def reply(self, request: Request, now: datetime) -> Reply | None:
        """Answer as the service behind ``request.source`` would; None if it has no such path."""
        self._wake(now)
        if request.source in self._replays:
            return self._replays[request.source].reply(request)
        service = SERVICES.get(request.plugin or request.source)
        return service.reply(self._network, request, now) if service else None

    def step(self, now: datetime) -> Iterable[Message]:
        """Let one thing happen and return what the simulated services publish of it, maybe nothing."""
        self._wake(now)
        self._network.steps += 1
        for _ in range(_TRIES if self._habits else 0):
            habit = self._network.rng.choices(self._habits, cum_weights=self._weights)[0]
            if messages := habit.happening(self._network, now):
                return messages if habit.sources & self._replays.keys() else self._of_mocked(messages)
        return []

    def _of_mocked(self, messages: list[Message]) -> list[Message]:
        return [message for message in messages if _FAMILIES[message.type.partition(".")[0]] in self._mocked]

    def _wake(self, now: datetime) -> None:
        if not self._awake:
            remember(self._network, now)
            self._awake = True
