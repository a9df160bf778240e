"""The rows that space-service answers with and the payloads on NATS, as far as the map reads them.

One model reads the specification's shape (``"cpu": 0.42``) and the real one (``"cpu": {"load": 0.42, …}``).
"""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, Field, FiniteFloat

from livingmap.plugin import Fields, Identifier, Json, load_ratio, rfc3339

MOST_ALERTS: Final = 20
"""How many alerts a node shows: the newest."""

NO_METRICS: Final = dict.fromkeys(("cpu", "gpu", "ram", "net_in", "net_out"))
"""The metrics of a node before anything is known of them."""


def _load(value: Json) -> float | None:
    if isinstance(value, dict):
        value = value.get("load")
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return load_ratio(value)


def _share(value: Json) -> float | None:
    if not isinstance(value, dict):
        return _load(value)
    used, total = value.get("used"), value.get("total")
    if not isinstance(used, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return load_ratio(min(used / total, 1.0))


def _above(name: str, *others: str) -> Any:
    """Return a field for a metric that is at the top of a message, or under ``metrics``."""
    names = (name, *others)
    return Field(validation_alias=AliasChoices(*names, *(AliasPath("metrics", one) for one in names)))


Load = Annotated[float | None, BeforeValidator(_load)]
"""A load between 0 and 1, given as a number, a decimal string or ``{"load": number}``."""

Share = Annotated[float | None, BeforeValidator(_share)]
"""Memory in use between 0 and 1, given as such or as ``{"used": number, "total": number}``."""


class Satellite(BaseModel):
    """A node that orbits a planet of ``/space/planets``."""

    node_id: str


class PlanetRow(BaseModel):
    """A planet, one row of ``/space/planets`` or of ``planets`` in the specification's scene."""

    id: Annotated[Identifier, Field(validation_alias=AliasChoices("id", "dao_id"))]
    dao_id: str | None = None
    name: str
    type: str | None = None
    status: str | None = None
    health: str | None = None
    orbits: list[str] | None = None
    satellites: list[Satellite] | None = None
    node_count: int | None = None
    treasury: FiniteFloat | None = None
    activity: FiniteFloat | None = None
    governance_temperature: FiniteFloat | None = None
    anomaly_score: FiniteFloat | None = None
    position: dict[str, FiniteFloat] | None = None


class Network(BaseModel):
    """The traffic of a node of ``/space/nodes``."""

    bandwidth_in: FiniteFloat | None = None
    bandwidth_out: FiniteFloat | None = None


class SpaceEvent(BaseModel):
    """One row of ``/space/events``; also the payload of ``events.space.*`` and ``node.alerts.*``."""

    type: str = "alert"
    node_id: Identifier | None = None
    severity: str = "warn"
    timestamp: Annotated[Json, Field(validation_alias=AliasChoices("timestamp", "ts"))] = None
    meta: dict[str, Json] | None = None

    def is_alert(self) -> bool:
        """Tell whether it warns of a node; an event about a DAO, or one that only informs, is not an alert."""
        return self.node_id is not None and self.severity != "info"

    def alert(self, now: datetime) -> Fields:
        """Return what a node shows of it; ``now`` is its time if it has none."""
        meta = {name: value for name, value in (self.meta or {}).items() if isinstance(value, str | int | float)}
        timestamp = rfc3339(self.timestamp) or rfc3339(now)
        return {**meta, "type": self.type, "severity": self.severity, "timestamp": timestamp}


class NodeRow(BaseModel):
    """A node, one row of ``/space/nodes`` or of ``nodes`` in the specification's scene."""

    id: Annotated[Identifier, Field(validation_alias=AliasChoices("id", "node_id"))]
    name: str
    microdao_id: Annotated[str | None, Field(validation_alias=AliasChoices("microdao_id", "microdao"))] = None
    status: str | None = None
    agents: int | None = None
    cpu: Load = None
    gpu: Load = None
    memory: Share = None
    network: Network | None = None
    alerts: list[Json] | None = None


class NodeMetrics(BaseModel):
    """The payload of ``node.metrics.*``; the numbers may also stand under ``metrics``."""

    node_id: Identifier
    status: str | None = None
    cpu: Annotated[Load, _above("cpu")] = None
    gpu: Annotated[Load, _above("gpu")] = None
    ram: Annotated[Share, _above("ram", "memory")] = None
    net_in: Annotated[FiniteFloat | None, _above("net_in")] = None
    net_out: Annotated[FiniteFloat | None, _above("net_out")] = None
