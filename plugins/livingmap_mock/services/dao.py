"""dao-service (:7016). The caller counts as a member of every DAO. It has no summary of proposals."""

from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import TOKEN, Dao, Proposal
from livingmap_mock.times import zulu

_WEEK: Final = 604_800


def _daos(ask: Ask) -> Json:
    return [_row(dao) for dao in ask.network.daos]


def _overview(ask: Ask) -> Json:
    dao = _asked(ask)
    return {
        "dao": _row(dao),
        "members_count": len(dao.members),
        "active_proposals_count": len(dao.with_status("active")),
        "total_proposals_count": len(dao.proposals),
        "treasury_items": _treasury(ask),
    }


def _members(ask: Ask) -> Json:
    dao = _asked(ask)
    return [
        {
            "id": member.uuid,
            "dao_id": dao.uuid,
            "user_id": member.user,
            "role": member.role,
            "joined_at": zulu(member.joined),
        }
        for member in dao.members
    ]


def _treasury(ask: Ask) -> Json:
    return [{"token_symbol": TOKEN, "contract_address": None, "balance": f"{_asked(ask).balance:.8f}"}]


def _proposals(ask: Ask) -> Json:
    dao, status = _asked(ask), ask.query.get("status")
    return [_proposal_row(dao, one) for one in reversed(dao.proposals) if status in (None, one.status)]


def _proposal(ask: Ask) -> Json:
    dao = _asked(ask)
    proposal = _asked_proposal(ask, dao)
    votes = [vote.value for vote in proposal.votes.values()]
    values = ("yes", "no", "abstain")
    return {
        **_proposal_row(dao, proposal),
        **{f"votes_{value}": votes.count(value) for value in values},
        **{f"total_weight_{value}": _decimal(proposal.weight(value)) for value in values},
        "quorum_reached": bool(votes),
        "is_passed": proposal.weight("yes") > proposal.weight("no"),
    }


def _votes(ask: Ask) -> Json:
    proposal = _asked_proposal(ask, _asked(ask))
    return [
        {
            "id": vote.uuid,
            "proposal_id": proposal.uuid,
            "voter_user_id": vote.user,
            "vote_value": vote.value,
            "weight": _decimal(vote.weight),
            "raw_power": _decimal(vote.weight),
            "created_at": zulu(vote.cast),
        }
        for vote in sorted(proposal.votes.values(), key=lambda vote: vote.cast, reverse=True)
    ]


def _asked(ask: Ask) -> Dao:
    slug = ask.words["slug"]
    return there(ask.network.daos.get(slug), f"DAO '{slug}' not found")


def _asked_proposal(ask: Ask, dao: Dao) -> Proposal:
    slug = ask.words["proposal"]
    proposal = next((one for one in dao.proposals if one.slug == slug), None)
    return there(proposal, f"Proposal '{slug}' not found")


def _row(dao: Dao) -> Json:
    return {
        "slug": dao.slug,
        "name": dao.name,
        "description": dao.description,
        "id": dao.uuid,
        "microdao_id": dao.microdao.uuid,
        "owner_user_id": dao.members[0].user,
        "governance_model": dao.model,
        "voting_period_seconds": _WEEK,
        "quorum_percent": dao.quorum,
        "is_active": True,
        "created_at": zulu(dao.created),
        "updated_at": zulu(dao.updated),
    }


def _proposal_row(dao: Dao, proposal: Proposal) -> Json:
    return {
        "slug": proposal.slug,
        "title": proposal.title,
        "description": proposal.title,
        "id": proposal.uuid,
        "dao_id": dao.uuid,
        "created_by_user_id": proposal.author,
        "created_at": zulu(proposal.created),
        "start_at": zulu(proposal.start) if proposal.start else None,
        "end_at": zulu(proposal.end) if proposal.end else None,
        "status": proposal.status,
        "governance_model_override": None,
        "quorum_percent_override": None,
    }


def _decimal(weight: int) -> str:
    return f"{weight}.00000000" if weight else "0"


ANSWERS: Final[Answers] = {
    "/dao": _daos,
    "/dao/{slug}": _overview,
    "/dao/{slug}/members": _members,
    "/dao/{slug}/treasury": _treasury,
    "/dao/{slug}/proposals": _proposals,
    "/dao/{slug}/proposals/{proposal}": _proposal,
    "/dao/{slug}/proposals/{proposal}/votes": _votes,
}
