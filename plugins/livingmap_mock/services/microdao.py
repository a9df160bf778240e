"""microdao-service (:7015). Its caller is taken for a member of every microDAO, whatever the token."""

from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import TOKEN, MicroDao
from livingmap_mock.times import zulu


def _microdaos(ask: Ask) -> Json:
    return [_row(microdao, ask.network.agents_in[microdao.slug]) for microdao in ask.network.microdaos]


def _microdao(ask: Ask) -> Json:
    microdao = _asked(ask)
    return _row(microdao, ask.network.agents_in[microdao.slug])


def _members(ask: Ask) -> Json:
    microdao = _asked(ask)
    return [
        {
            "id": member.uuid,
            "microdao_id": microdao.uuid,
            "user_id": member.user,
            "role": member.role,
            "joined_at": zulu(member.joined),
        }
        for member in microdao.members
    ]


def _treasury(ask: Ask) -> Json:
    return [{"token_symbol": TOKEN, "balance": f"{_asked(ask).balance:.8f}"}]


def _settings(ask: Ask) -> Json:
    _asked(ask)
    return {"visibility": '"public"', "join_mode": '"request"'}


def _asked(ask: Ask) -> MicroDao:
    slug = ask.words["slug"]
    return there(ask.network.microdaos.get(slug), f"MicroDAO '{slug}' not found")


def _row(microdao: MicroDao, agents: int) -> Json:
    return {
        "slug": microdao.slug,
        "name": microdao.name,
        "description": microdao.description,
        "id": microdao.uuid,
        "external_id": microdao.external_id,
        "owner_user_id": microdao.owner,
        "is_active": True,
        "created_at": zulu(microdao.created),
        "updated_at": zulu(microdao.updated),
        "member_count": len(microdao.members),
        "agent_count": agents,
    }


ANSWERS: Final[Answers] = {
    "/microdao": _microdaos,
    "/microdao/{slug}": _microdao,
    "/microdao/{slug}/members": _members,
    "/microdao/{slug}/treasury": _treasury,
    "/microdao/{slug}/settings": _settings,
}
