"""The population of a network: the truth, from which its services answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.access import SECRET

CREATED = "2026-11-22T23:37:05.741728Z"
MAP = "u-map"
"""The map's own account."""


@dataclass(frozen=True)
class Microdao:
    """A microDAO of microdao-service."""

    number: int
    slug: str
    name: str
    external: str
    members: tuple[str, ...]
    treasury: tuple[tuple[str, str], ...] = ()

    @property
    def uuid(self) -> str:
        return f"ee904e44-434c-4dc8-a519-{self.number:012d}"

    def row(self, *, members: int) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "name": self.name,
            "description": None,
            "id": self.uuid,
            "external_id": self.external,
            "owner_user_id": self.members[0],
            "is_active": True,
            "created_at": CREATED,
            "updated_at": CREATED,
            "member_count": members,
            "agent_count": 0,
        }


@dataclass(frozen=True)
class Dao:
    """A DAO of dao-service."""

    number: int
    slug: str
    name: str
    microdao: Microdao
    members: tuple[str, ...]
    treasury: tuple[tuple[str, str], ...] = ()

    @property
    def uuid(self) -> str:
        return f"09f4a509-546c-449b-a91b-{self.number:012d}"

    @property
    def row(self) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "name": self.name,
            "description": None,
            "id": self.uuid,
            "microdao_id": self.microdao.uuid,
            "owner_user_id": self.members[0],
            "governance_model": "simple",
            "voting_period_seconds": 604800,
            "quorum_percent": 30,
            "is_active": True,
            "created_at": CREATED,
            "updated_at": CREATED,
        }

    @property
    def overview(self) -> dict[str, Any]:
        counts = {"members_count": len(self.members), "active_proposals_count": 0, "total_proposals_count": 0}
        items = [
            {"token_symbol": token, "contract_address": None, "balance": balance}
            for token, balance in self.treasury
        ]
        return {"dao": self.row, **counts, "treasury_items": items}


@dataclass(frozen=True)
class Node:
    """A node of node-registry, with the age of its heartbeat."""

    key: str
    name: str
    heartbeat_age: timedelta = timedelta()

    @property
    def row(self) -> dict[str, Any]:
        heartbeat = datetime.now(UTC) - self.heartbeat_age
        return {
            "id": f"c83580f6-bf74-4beb-8d3d-{len(self.key):012d}",
            "node_id": self.key,
            "node_name": self.name,
            "node_role": "worker",
            "node_type": "worker",
            "ip_address": None,
            "local_ip": "10.0.0.11",
            "hostname": f"{self.name}.local",
            "status": "online",
            "last_heartbeat": heartbeat.isoformat().replace("+00:00", "Z"),
            "registered_at": CREATED,
            "updated_at": CREATED,
            "metadata": {"capabilities": {"gpu": True}, "first_registration": CREATED},
        }


CORE = Microdao(
    1,
    "daarion-city",
    "DAARION Core",
    "microdao:daarion",
    ("u-owner", "u-member", MAP),
    (("DAARION", "12820.50000000"),),
)
VOVK = Microdao(
    2,
    "vovk-energy",
    "Vovk Energy",
    "microdao:ee904e44",
    ("u-vovk", "u-member", MAP),
    (("DAARION", "0.00000001"), ("USDT", "900.00000000")),
)
FOOD = Microdao(3, "greenfood", "GreenFood", "microdao:43a22580", ("u-cook", MAP))
NIGHT = Microdao(4, "night-shift", "Night Shift", "microdao:5a662970", ("u-night",))
"""The map's account is not in it, so the map never sees its row."""
COUNCIL = Dao(1, "core-council", "Core Council", CORE, ("u-owner", MAP), (("DAARION", "513200.00000000"),))
GRID = Dao(
    2,
    "grid-council",
    "Grid Council",
    VOVK,
    ("u-vovk", "u-outsider", MAP),
    (("DAARION", "12345678901234567890.12345678"),),
)


GATEWAY = Node("node-gateway-e8a8be75", "node-1")
SILENT = Node("node-gpu-1-94088ce5", "gpu-1", timedelta(hours=1))
"""The registry goes on calling it online."""


@dataclass
class Population:
    """Everything that there is. Tests change it."""

    secret: str = SECRET
    """With which tokens have to be signed."""

    microdaos: list[Microdao] = field(default_factory=lambda: [CORE, VOVK, FOOD, NIGHT])
    daos: list[Dao] = field(default_factory=lambda: [COUNCIL, GRID])
    city: list[tuple[str, str, str]] = field(
        default_factory=lambda: [("dao_daarion", "daarion", "DAARION DAO"), ("dao_food", "greenfood", "GreenFood")]
    )
    """The microDAOs of city-service: id, slug, name."""
    agents: list[tuple[str, Microdao]] = field(
        default_factory=lambda: [("sofia", CORE), ("helion", VOVK), ("chef", FOOD), ("owl", NIGHT)]
    )
    channels: list[tuple[str, Microdao]] = field(
        default_factory=lambda: [("general", CORE), ("announcements", CORE), ("agent-hub", CORE), ("grid", VOVK)]
    )
    proposals: list[tuple[str, Dao]] = field(default_factory=list)
    """Slugs, each with its DAO. Their service calls them active, whatever came of them."""
    nodes: list[Node] = field(default_factory=lambda: [GATEWAY, SILENT])
    tokens: dict[str, int] = field(default_factory=lambda: {"sofia": 1045, "helion": 2**53 - 1045})
    """How many tokens each agent used."""
