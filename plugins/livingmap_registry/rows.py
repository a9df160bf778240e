"""The rows that node-registry answers with and the payload on NATS, as far as the map reads them."""

from datetime import datetime

from pydantic import BaseModel

from livingmap.plugin import Fields, Identifier, Json, rfc3339


class Metadata(BaseModel):
    """What a node said of itself when it registered."""

    capabilities: dict[str, Json] = {}


class NodeRow(BaseModel):
    """One node of ``GET /api/v1/nodes``."""

    id: Identifier | None = None
    node_id: Identifier
    node_name: str
    node_role: str | None = None
    node_type: str | None = None
    ip_address: str | None = None
    local_ip: str | None = None
    hostname: str | None = None
    status: str | None = None
    last_heartbeat: str | None = None
    registered_at: str | None = None
    metadata: Metadata = Metadata()


class ProfileRow(BaseModel):
    """The answer of ``GET /api/v1/nodes/{node_id}/profile``."""

    roles: list[str] | None = None
    version: str | None = None
    gpu: Json = None
    modules: list[Json] | None = None


class AlertRow(BaseModel):
    """One alert of ``GET /api/monitoring/alerts``."""

    node_id: Identifier
    severity: str = "warning"
    title: str
    started_at: str | None = None
    status: str | None = None

    def is_open(self) -> bool:
        """Tell whether it still warns of something; one that only informs, or was resolved, does not."""
        return self.severity != "info" and self.status != "resolved"

    def alert(self, now: datetime) -> Fields:
        """Return what a node shows of it; ``now`` is its time if it has none."""
        timestamp = rfc3339(self.started_at) or rfc3339(now)
        return {"type": "alert", "severity": self.severity, "title": self.title, "timestamp": timestamp}


class NodeMetrics(BaseModel):
    """The payload of ``node.metrics.*``, of which only the sender counts here."""

    node_id: Identifier
    status: str | None = None
