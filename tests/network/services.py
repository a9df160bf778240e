"""The services of a network, in the shapes in which the real ones were recorded.

They answer as the real ones do: microdao-service and dao-service list only what the owner of the token belongs to,
messaging-service and the policies speak external ids, agents-service and dao-service the keys of databases,
city-service ids of its own.
"""

from typing import Any

import jwt

from tests.network.population import CREATED, Dao, Microdao, Population
from tests.support.access import JsonService


class NetworkService(JsonService):
    """A service that answers from a population."""

    def __init__(self, population: Population) -> None:
        super().__init__()
        self.population = population

    def caller(self, headers: dict[str, str]) -> str | None:
        """Return whose token a request has; None for none or a bad one."""
        text = headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(text, self.population.secret, ["HS256"])
        except jwt.PyJWTError:
            return None
        return str(claims["sub"])

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


def proposal_row(slug: str, one: Dao) -> dict[str, Any]:
    """Return a proposal of a DAO as a list has it."""
    return {
        "slug": slug,
        "title": slug.title(),
        "description": None,
        "id": f"6dc43e6c-4826-4942-8187-{slug:0>12}",
        "dao_id": one.uuid,
        "created_by_user_id": one.members[0],
        "created_at": CREATED,
        "start_at": None,
        "end_at": None,
        "status": "active",
        "governance_model_override": None,
        "quorum_percent_override": None,
    }


class MicrodaoService(NetworkService):
    """microdao-service: lists the caller's own, and says "1 member" there whoever else is in."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        who = self.caller(headers)
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
        who = self.caller(headers)
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
                return [proposal_row(*one) for one in self.population.proposals if one[1] is mine[slug]]
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
            "agents_count": 0,
        }
