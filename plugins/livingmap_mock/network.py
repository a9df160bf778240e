"""The simulated network: one population for all services."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, Generic, TypeVar, overload
from uuid import UUID

from livingmap_mock.names import Namer
from livingmap_mock.things import MATRIX, Agent, Channel, Dao, MicroDao, Node, Room
from livingmap_mock.used import Usage

T = TypeVar("T")

_DAY: Final = timedelta(hours=24)
_MOST_SPENT: Final = 20_000
_MOST_ASKED: Final = 50
_MOST_FORMER: Final = 100


class Roll(Generic[T]):
    """Things by key, in the order in which they came, any of which can be drawn at once."""

    def __init__(self) -> None:
        self._by_key: dict[str, T] = {}
        self._all: list[T] = []

    def __iter__(self) -> Iterator[T]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        return self._all[place]

    def get(self, key: str) -> T | None:
        """Return the thing with this ``key``, or None."""
        return self._by_key.get(key)

    def add(self, key: str, thing: T) -> T:
        """Add ``thing`` at the end and return it."""
        self._by_key[key] = thing
        self._all.append(thing)
        return thing

    def remove(self, key: str) -> None:
        """Remove the thing with this ``key``."""
        self._all.remove(self._by_key.pop(key))

    def draw(self, rng: Random) -> T:
        """Return one at random."""
        return rng.choice(self._all)


@dataclass(slots=True, eq=False)
class Network:
    """The whole population, and what it did lately."""

    rng: Random
    namer: Namer
    users: list[str] = field(default_factory=list)
    microdaos: Roll[MicroDao] = field(default_factory=Roll)
    """By slug."""
    nodes: Roll[Node] = field(default_factory=Roll)
    """By slug."""
    agents: Roll[Agent] = field(default_factory=Roll)
    """By handle."""
    daos: Roll[Dao] = field(default_factory=Roll)
    """By slug."""
    channels: Roll[Channel] = field(default_factory=Roll)
    """By UUID."""
    rooms: Roll[Room] = field(default_factory=Roll)
    """By id."""
    steps: int = 0
    """How many things have happened."""
    agents_in: Counter[str] = field(default_factory=Counter)
    """How many agents a microDAO has, by its slug."""
    agents_on: Counter[str] = field(default_factory=Counter)
    """How many agents a node has, by its slug."""
    new_microdaos: list[MicroDao] = field(default_factory=list)
    """Those that came after the start. Only they leave."""
    new_agents: list[Agent] = field(default_factory=list)
    former_agents: deque[Agent] = field(default_factory=lambda: deque(maxlen=_MOST_FORMER))
    """Those that left lately. Their usage still counts."""
    asked: deque[tuple[Agent, Channel]] = field(default_factory=lambda: deque(maxlen=_MOST_ASKED))
    """Agents that were asked in a channel and have not answered yet."""
    spent: deque[tuple[datetime, Agent, Usage]] = field(default_factory=deque)
    """What agents used, until it is a day old or too much to remember."""

    def count_agent(self, agent: Agent, step: int) -> None:
        """Count an agent that came, or with -1 one that goes."""
        self.agents_in[agent.microdao.slug] += step
        self.agents_on[agent.node.slug] += step

    def uuid(self) -> str:
        """Return a new UUID."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def matrix_event(self) -> str:
        """Return a new id of a Matrix event."""
        return f"${self.rng.getrandbits(128):032x}:{MATRIX}"

    def spend(self, agent: Agent, used: Usage, now: datetime) -> None:
        """Count what ``agent`` used; it is forgotten after 24 hours."""
        agent.used = agent.used.plus(used)
        self.spent.append((now, agent, used))
        while self.spent[0][0] < now - _DAY or len(self.spent) > _MOST_SPENT:
            _, who, before = self.spent.popleft()
            who.used = who.used.minus(before)
