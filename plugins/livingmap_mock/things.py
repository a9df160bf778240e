"""The things of the simulated network. Each has all the ids that the services use for it."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from livingmap_mock.used import Usage
from livingmap_mock.words import Place

TOKEN: Final = "DCR"  # noqa: S105 - the symbol of a currency
MATRIX: Final = "mock.city"
_MOST_MESSAGES: Final = 100
_SWINGS: Final = ((131.0, 0.07), (37.0, 0.04), (11.0, 0.02))

Condition = Literal["healthy", "overloaded", "degraded", "offline"]


@dataclass(slots=True, eq=False)
class Member:
    """A person in a microDAO or a DAO."""

    uuid: str
    user: str
    role: str
    joined: datetime


@dataclass(slots=True, eq=False)
class MicroDao:
    """A guild: home of agents, nodes and channels."""

    uuid: str
    slug: str
    name: str
    description: str
    district: str
    created: datetime
    updated: datetime
    members: list[Member]
    balance: Decimal
    orchestrator: "Agent | None" = None
    channels: "list[Channel]" = field(default_factory=list)

    @property
    def external_id(self) -> str:
        """The id that usage-engine and messaging-service use."""
        return f"microdao:{self.uuid[:8]}"

    @property
    def city_id(self) -> str:
        """The id in the database of city-service."""
        return f"dao_{self.slug.replace('-', '_')}"

    @property
    def owner(self) -> str:
        """The user who founded it."""
        return self.members[0].user


@dataclass(slots=True, eq=False)
class Node:
    """A machine. Its loads are a function of time, so that every answer and event agrees on them."""

    slug: str
    name: str
    hostname: str
    roles: tuple[str, ...]
    microdao: MicroDao
    vram: float
    memory: float
    usual: dict[str, float]
    """By resource (``cpu``, ``gpu``, ``ram``, ``net``), the load around which it drifts."""
    phase: float
    condition: Condition = "healthy"
    since: datetime | None = None
    """Since when it is in its condition."""

    def load(self, what: str, now: datetime) -> float:
        """Return a load between 0 and 1: the usual one plus waves of minutes and seconds."""
        if self.condition == "offline":
            return 0.0
        usual = 0.93 if self.condition == "overloaded" and what in {"cpu", "gpu"} else self.usual[what]
        seconds = now.timestamp()
        drift = sum(height * math.sin(seconds / length + self.phase * length) for length, height in _SWINGS)
        return round(min(max(usual + drift, 0.02), 0.99), 2)

    def latency(self, now: datetime) -> float:
        """Return the latency in ms."""
        return round(6 + 40 * self.load("net", now) ** 2 + (90 if self.condition == "degraded" else 0), 1)

    @property
    def status(self) -> str:
        """Its condition in the words of city-service and of messages."""
        return self.condition if self.condition in {"offline", "degraded"} else "online"

    @property
    def is_up(self) -> bool:
        """Whether it answers at all."""
        return self.condition != "offline"


@dataclass(slots=True, eq=False)
class Agent:
    """An agent, the same one in agents-service, city-service and usage-engine."""

    uuid: str
    handle: str
    name: str
    kind: str
    tools: tuple[str, ...]
    model: str
    microdao: MicroDao
    node: Node
    room: "Room | None"
    created: datetime
    updated: datetime
    status: str
    used: Usage

    @property
    def external_id(self) -> str:
        """The id that all services but city-service use."""
        return f"agent:{self.handle}"


@dataclass(slots=True, eq=False)
class Vote:
    """One member's vote on a proposal; it may be changed while the proposal is active."""

    uuid: str
    user: str
    value: str
    weight: int
    cast: datetime


@dataclass(slots=True, eq=False)
class Proposal:
    """A proposal of a DAO."""

    uuid: str
    slug: str
    title: str
    author: str
    created: datetime
    status: str = "draft"
    start: datetime | None = None
    end: datetime | None = None
    votes: dict[str, Vote] = field(default_factory=dict)
    """By user."""

    def weight(self, value: str) -> int:
        """Return the weight of all votes of one value."""
        return sum(vote.weight for vote in self.votes.values() if vote.value == value)


@dataclass(slots=True, eq=False)
class Dao:
    """A DAO, which is a planet in space."""

    uuid: str
    slug: str
    name: str
    description: str
    microdao: MicroDao
    model: str
    quorum: int
    created: datetime
    updated: datetime
    members: list[Member]
    balance: Decimal
    position: dict[str, float]
    satellites: list[Node]
    proposals: list[Proposal] = field(default_factory=list)
    proposed: int = 100
    """The number of the last proposal."""

    def with_status(self, status: str) -> list[Proposal]:
        """Return the proposals that have ``status``."""
        return [proposal for proposal in self.proposals if proposal.status == status]


@dataclass(slots=True, eq=False)
class Utterance:
    """A message in a channel."""

    uuid: str
    matrix_id: str
    sender: str
    sender_type: str
    text: str
    sent_at: datetime


@dataclass(slots=True, eq=False)
class Channel:
    """A channel of messaging-service."""

    uuid: str
    slug: str
    name: str
    description: str
    microdao: MicroDao
    visibility: str
    created: datetime
    agents: list[Agent]
    messages: deque[Utterance] = field(default_factory=lambda: deque(maxlen=_MOST_MESSAGES))

    @property
    def matrix_room(self) -> str:
        """The room that carries it on Matrix."""
        return f"!{self.slug}-{self.uuid[:8]}:{MATRIX}"


@dataclass(slots=True, eq=False)
class Room:
    """A public place of the city."""

    place: Place
    created: datetime
    online: int

    @property
    def id(self) -> str:
        """The id in the database of city-service."""
        return f"room_city_{self.place.slug.replace('-', '_')}"
