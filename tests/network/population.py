"""A network of services with a population, in the shapes in which the real services were recorded.

`POPULATION` is the truth; the services below answer from it as the real ones do: microdao-service and dao-service
list only what the owner of the token belongs to, messaging-service and the policies speak external ids,
agents-service and dao-service the keys of databases, city-service ids of its own.
"""

from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.support.access import SECRET, AuthService, JsonService, PolicyService

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
        return {"dao": self.row, **counts, "treasury_items": []}


CORE = Microdao(1, "daarion-city", "DAARION Core", "microdao:daarion", ("u-owner", "u-member", MAP))
VOVK = Microdao(2, "vovk-energy", "Vovk Energy", "microdao:ee904e44", ("u-vovk", "u-member", MAP))
FOOD = Microdao(3, "greenfood", "GreenFood", "microdao:43a22580", ("u-cook", MAP))
NIGHT = Microdao(4, "night-shift", "Night Shift", "microdao:5a662970", ("u-night",))
"""The map's account is not in it, so the map never sees its row."""
COUNCIL = Dao(1, "core-council", "Core Council", CORE, ("u-owner", MAP))
GRID = Dao(2, "grid-council", "Grid Council", VOVK, ("u-vovk", "u-outsider", MAP))


@dataclass
class Population:
    """Everything that there is. Tests change it."""

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


def caller(headers: dict[str, str]) -> str | None:
    """Return whose token a request has; None for none or a bad one."""
    try:
        claims = jwt.decode(headers.get("authorization", "").removeprefix("Bearer "), SECRET, ["HS256"])
    except jwt.PyJWTError:
        return None
    return str(claims["sub"])


class NetworkService(JsonService):
    """A service that answers from a population."""

    def __init__(self, population: Population) -> None:
        super().__init__()
        self.population = population

    def answer(self, path: str, said: Any, headers: dict[str, str]) -> tuple[int, Any]:
        steps = path.partition("?")[0].strip("/").split("/")
        found = self.found(steps, headers)
        return found if isinstance(found, tuple) else (200, found) if found is not None else (404, NOT_FOUND)

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        raise NotImplementedError


NOT_FOUND = {"detail": "Not Found"}
FORBIDDEN = (403, {"detail": "Access denied"})
UNAUTHORIZED = (401, {"detail": "Invalid or expired token"})


def member_rows(reference: str, one: Microdao | Dao) -> list[dict[str, Any]]:
    """Return the members of a microDAO or DAO: the first one owns it."""
    return [
        {
            "id": f"2532b6c3-3119-48e2-a1e0-{one.number:04d}{number:08d}",
            reference: one.uuid,
            "user_id": member,
            "role": "member" if number else "owner",
            "joined_at": CREATED,
        }
        for number, member in enumerate(one.members)
    ]


class MicrodaoService(NetworkService):
    """microdao-service: lists the caller's own, and says "1 member" there whoever else is in."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        who = caller(headers)
        if who is None:
            return UNAUTHORIZED
        mine = {one.slug: one for one in self.population.microdaos if who in one.members}
        match steps:
            case ["microdao"]:
                return [one.row(members=1) for one in mine.values()]
            case ["microdao", slug] if slug in mine:
                return mine[slug].row(members=len(mine[slug].members))
            case ["microdao", slug, "members"] if slug in mine:
                return member_rows("microdao_id", mine[slug])
            case ["microdao", slug, "treasury"] if slug in mine:
                return [{"token_symbol": token, "balance": sum_} for token, sum_ in mine[slug].treasury]
            case ["microdao", slug, *_] if any(one.slug == slug for one in self.population.microdaos):
                return FORBIDDEN
        return None


class DaoService(NetworkService):
    """dao-service: lists the caller's own."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        who = caller(headers)
        if who is None:
            return UNAUTHORIZED
        mine = {one.slug: one for one in self.population.daos if who in one.members}
        match steps:
            case ["dao"]:
                return [one.row for one in mine.values()]
            case ["dao", slug] if slug in mine:
                return mine[slug].overview
            case ["dao", slug, "members"] if slug in mine:
                return member_rows("dao_id", mine[slug])
            case ["dao", slug, "proposals"] if slug in mine:
                return []
        return None


class AgentsService(NetworkService):
    """agents-service: refers to microDAOs by the keys of the database."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        if steps != ["agents"]:
            return None
        return [
            {
                "id": f"6d5bf623-aed7-4da3-85ad-{number:012d}",
                "external_id": f"agent:{name}",
                "name": name.title(),
                "kind": "assistant",
                "description": None,
                "microdao_id": microdao.uuid,
                "owner_user_id": None,
                "model": "gpt-4.1-mini",
                "tools_enabled": [],
                "is_active": True,
                "created_at": CREATED,
                "updated_at": CREATED,
            }
            for number, (name, microdao) in enumerate(self.population.agents)
        ]


class MessagingService(NetworkService):
    """messaging-service: refers to microDAOs by external id."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        if steps[-1] == "messages":
            return []
        if steps != ["api", "messaging", "channels"]:
            return None
        return [
            {
                "id": f"2d756ac4-3f00-42f9-8a5b-{number:012d}",
                "slug": slug,
                "name": slug.title(),
                "description": None,
                "microdao_id": microdao.external,
                "matrix_room_id": f"!{slug}:daarion.city",
                "visibility": "microdao",
                "is_direct": False,
                "is_encrypted": False,
                "created_by": "system:daarion",
                "created_at": CREATED,
                "updated_at": CREATED,
            }
            for number, (slug, microdao) in enumerate(self.population.channels)
        ]


class CityService(NetworkService):
    """city-service: microDAOs of its own, another population; the rest of it is empty here."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        rows = {slug: self.row(*row) for row in self.population.city for slug in [row[1]]}
        match steps:
            case ["city", "microdao"]:
                return list(rows.values())
            case ["city", "microdao", slug] if slug in rows:
                return {**rows[slug], "district": "Asked", "agents": [], "rooms": [], "child_microdaos": []}
            case ["city", "rooms" | "agents"]:
                return []
            case ["city", "map"]:
                return {"config": {}, "rooms": []}
            case ["public", "agents" | "nodes"]:
                return {"items": [], "total": 0}
        return None

    @staticmethod
    def row(key: str, slug: str, name: str) -> dict[str, Any]:
        return {
            "id": key,
            "slug": slug,
            "name": name,
            "description": None,
            "district": "Core",
            "is_active": True,
            "orchestrator_agent_id": None,
            "parent_microdao_id": None,
            "member_count": 1,
            "agents_count": 1,
        }


class Network:
    """All services of one population, and auth-service and pdp-service."""

    def __init__(self) -> None:
        self.population = Population()
        self.microdao = MicrodaoService(self.population)
        self.dao = DaoService(self.population)
        self.agents = AgentsService(self.population)
        self.messaging = MessagingService(self.population)
        self.city = CityService(self.population)
        self.auth = AuthService()
        self.pdp = PolicyService()

    @property
    def sources(self) -> dict[str, NetworkService]:
        """The services that are sources of the map, in the order of the YAML."""
        return {name: getattr(self, name) for name in ("agents", "microdao", "dao", "messaging", "city")}

    @property
    def services(self) -> list[JsonService]:
        """Every service."""
        return [*self.sources.values(), self.auth, self.pdp]
