"""The answers of a NATS server's monitoring port, as far as the map reads them."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator

from livingmap.plugin import Identifier, Json

_NEVER: Final = "0001-01-01"
_GLOBAL: Final = "$G"
_SILENT_NANOSECONDS: Final = 10_000_000_000

Time = Annotated[
    AwareDatetime | None,
    BeforeValidator(lambda value: None if isinstance(value, str) and value.startswith(_NEVER) else value),
]
"""A time; the year 1 means never."""


class Stats(BaseModel):
    """What JetStream stores."""

    storage: int | None = None


class JetStream(BaseModel):
    """JetStream in the answer of ``GET /varz``."""

    stats: Stats = Stats()


class ServerRow(BaseModel):
    """The answer of ``GET /varz``."""

    server_name: Identifier
    version: str
    start: Time = None
    connections: int | None = None
    subscriptions: int | None = None
    slow_consumers: int | None = None
    cpu: float | None = None
    mem: int | None = None
    in_msgs: int | None = None
    out_msgs: int | None = None
    jetstream: JetStream = JetStream()


class Connection(BaseModel):
    """A connection of ``GET /connz``. Who holds it is not read."""

    pending_bytes: int = 0


class ConnectionsAnswer(BaseModel):
    """The answer of ``GET /connz``."""

    connections: list[Connection] = []


class HealthAnswer(BaseModel):
    """The answer of ``GET /healthz``."""

    status: str
    error: str | None = None


class Peer(BaseModel):
    """Another server of a group, as the group's leader sees it."""

    name: Identifier
    current: bool = False
    offline: bool = False
    active: int = 0
    """Nanoseconds since the leader was last in contact with it; 0 if it never was."""

    @property
    def status(self) -> str:
        """How it is."""
        if self.current:
            return "online"
        silent = self.active == 0 or self.active > _SILENT_NANOSECONDS
        return "down" if self.offline or silent else "degraded"


class Group(BaseModel):
    """The servers that keep something together, and which of them leads."""

    leader: str | None = None
    replicas: list[Peer] = []

    def status(self, server: str) -> str | None:
        """Return how the group is, as ``server`` sees it; None if only its leader knows."""
        if not self.leader:
            return "no_leader"
        if not self.replicas:
            return "online"
        if self.leader != server:
            return None
        return "online" if all(peer.current for peer in self.replicas) else "degraded"


class ConsumerConfig(BaseModel):
    """How a consumer is configured."""

    max_ack_pending: int | None = None
    deliver_subject: str | None = None


class Delivered(BaseModel):
    """How far a consumer has come."""

    last_active: Time = None


class ConsumerRow(BaseModel):
    """One consumer of a stream."""

    name: Identifier
    created: Time = None
    config: ConsumerConfig = ConsumerConfig()
    delivered: Delivered = Delivered()
    num_ack_pending: int = 0
    num_redelivered: int = 0
    num_pending: int = 0
    paused: bool = False
    cluster: Group | None = None

    def status(self, server: str, now: datetime, stalled_seconds: float) -> str | None:
        """Return how it is, as ``server`` sees it at its time ``now``; None if only its leader knows."""
        group = self.cluster.status(server) if self.cluster else "online"
        if group is None or group == "no_leader":
            return group
        if self.paused:
            return "paused"
        if self.config.max_ack_pending and 0 < self.config.max_ack_pending <= self.num_ack_pending:
            return "blocked"
        last = self.delivered.last_active or self.created
        if self.num_pending and last and (now - last).total_seconds() > stalled_seconds:
            return "stalled"
        return group


class StreamConfig(BaseModel):
    """How a stream is configured."""

    description: str | None = None
    subjects: list[str] = []
    max_msgs: int = -1
    max_bytes: int = -1
    discard: str = "old"


class StreamState(BaseModel):
    """What a stream holds."""

    messages: int = 0
    bytes: int = 0
    last_ts: Time = None


class StreamRow(BaseModel):
    """One stream of an account."""

    name: Identifier
    config: StreamConfig = StreamConfig()
    state: StreamState = StreamState()
    cluster: Group | None = None
    consumer_detail: list[Json] = []
    account: str = _GLOBAL

    @property
    def key(self) -> str:
        """Its name; in any other account than the global one behind that of the account."""
        return self.name if self.account == _GLOBAL else f"{self.account}.{self.name}"

    def status(self, server: str) -> str | None:
        """Return how it is, as ``server`` sees it; None if only its leader knows."""
        group = self.cluster.status(server) if self.cluster else "online"
        return "full" if group in ("online", "degraded") and self._is_full() else group

    def _is_full(self) -> bool:
        full = ((self.config.max_msgs, self.state.messages), (self.config.max_bytes, self.state.bytes))
        return self.config.discard == "new" and any(0 < most <= held for most, held in full)


class Account(BaseModel):
    """One account of ``GET /jsz``."""

    name: str
    stream_detail: list[Json] = []


class JetStreamAnswer(BaseModel):
    """The answer of ``GET /jsz``."""

    now: AwareDatetime
    meta_cluster: Group | None = None
    account_details: list[Account] = []
