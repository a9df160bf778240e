"""What happens by the hour: votes, money, members, and now and then a new microDAO. See `happenings`."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from livingmap.plugin import Json, Message
from livingmap_mock.founding import found_microdao, open_channel, propose, vote
from livingmap_mock.happenings import dismiss
from livingmap_mock.network import Network
from livingmap_mock.things import TOKEN, Dao, Member, MicroDao, Proposal
from livingmap_mock.times import naive, offset

_MOST_PROPOSALS: Final = 12
_MOST_MEMBERS: Final = 20
_LEAST_MEMBERS: Final = 3
_MOST_NEW: Final = 3
_WEEK: Final = timedelta(days=7)


def vote_is_cast(network: Network, now: datetime) -> list[Message]:
    """Let a member of a DAO vote on an active proposal, or change a vote."""
    dao = network.daos.draw(network.rng)
    active = dao.with_status("active")
    if not active:
        return []
    proposal = network.rng.choice(active)
    cast = vote(network, dao, proposal, now)
    payload = {
        "dao_id": dao.uuid,
        "proposal_id": proposal.uuid,
        "vote_id": cast.uuid,
        "voter_user_id": cast.user,
        "vote_value": cast.value,
        "weight": str(cast.weight),
        "ts": offset(now),
    }
    return [Message("dao.event.vote_cast", payload)]


def proposal_is_made(network: Network, now: datetime) -> list[Message]:
    """Let a DAO get a proposal; of many decided ones the oldest is forgotten."""
    dao = network.daos.draw(network.rng)
    decided = [one for one in dao.proposals if one.status in {"passed", "rejected"}]
    if len(dao.proposals) >= _MOST_PROPOSALS:
        if not decided:
            return []
        dao.proposals.remove(decided[0])
    proposal = propose(network, dao, now)
    payload = {
        "dao_id": dao.uuid,
        "proposal_id": proposal.uuid,
        "slug": proposal.slug,
        "title": proposal.title,
        "created_by_user_id": proposal.author,
        "status": proposal.status,
        "ts": offset(now),
    }
    return [Message("dao.event.proposal_created", payload)]


def proposal_opens(network: Network, now: datetime) -> list[Message]:
    """Let the vote on a draft begin."""
    dao = network.daos.draw(network.rng)
    if not (drafts := dao.with_status("draft")):
        return []
    proposal = drafts[0]
    proposal.status, proposal.start, proposal.end = "active", now, now + _WEEK
    return [Message("dao.event.proposal_activated", _about(dao, proposal, now))]


def proposal_closes(network: Network, now: datetime) -> list[Message]:
    """Let the vote on a proposal end: passed if the votes for it weigh more and are enough."""
    dao = network.daos.draw(network.rng)
    if not (active := dao.with_status("active")):
        return []
    proposal = active[0]
    quorum = len(proposal.votes) * 100 >= dao.quorum * len(dao.members)
    passed = quorum and proposal.weight("yes") > proposal.weight("no")
    proposal.status = "passed" if passed else "rejected"
    outcome = {"final_status": proposal.status, "is_passed": passed, "quorum_reached": quorum}
    return [Message("dao.event.proposal_closed", {**_about(dao, proposal, now), **outcome})]


def _about(dao: Dao, proposal: Proposal, now: datetime) -> dict[str, Json]:
    return {
        "dao_id": dao.uuid,
        "proposal_id": proposal.uuid,
        "slug": proposal.slug,
        "actor_id": dao.members[0].user,
        "ts": naive(now),
    }


def dao_pays(network: Network, now: datetime) -> list[Message]:
    """Let the treasury of a DAO change."""
    dao = network.daos.draw(network.rng)
    delta = _amount(network, dao.balance)
    dao.balance += delta
    payload = {
        "dao_id": dao.uuid,
        "slug": dao.slug,
        "token_symbol": TOKEN,
        "delta": str(delta),
        "new_balance": f"{dao.balance:.8f}",
        "actor_id": dao.members[0].user,
        "ts": naive(now),
    }
    return [Message("dao.event.treasury_updated", payload)]


def microdao_pays(network: Network, now: datetime) -> list[Message]:
    """Let the treasury of a microDAO change."""
    microdao = network.microdaos.draw(network.rng)
    delta = _amount(network, microdao.balance)
    microdao.balance += delta
    money = {"token_symbol": TOKEN, "delta": str(delta), "new_balance": f"{microdao.balance:.8f}"}
    return [_said(microdao, "treasury_updated", naive(now), **money)]


def _amount(network: Network, balance: Decimal) -> Decimal:
    amount = Decimal(network.rng.randrange(100, 250_000)) / 100
    return -amount if amount < balance and network.rng.randrange(2) else amount


def member_joins(network: Network, now: datetime) -> list[Message]:
    """Let somebody join a microDAO."""
    microdao = network.microdaos.draw(network.rng)
    inside = {member.user for member in microdao.members}
    outside = [user for user in network.users if user not in inside]
    if len(inside) >= _MOST_MEMBERS:
        return []
    member = Member(network.uuid(), network.rng.choice(outside), "member", now)
    microdao.members.append(member)
    return [_said(microdao, "member_added", naive(now), **_who(member))]


def member_goes(network: Network, now: datetime) -> list[Message]:
    """Let somebody leave a microDAO, never its owner."""
    microdao = network.microdaos.draw(network.rng)
    if len(microdao.members) <= _LEAST_MEMBERS:
        return []
    member = microdao.members.pop(network.rng.randrange(1, len(microdao.members)))
    return [_said(microdao, "member_removed", naive(now), **_who(member))]


def _who(member: Member) -> dict[str, Json]:
    return {"member_id": member.uuid, "user_id": member.user, "role": member.role}


def microdao_rewrites(network: Network, now: datetime) -> list[Message]:
    """Let a microDAO change its description."""
    microdao = network.microdaos.draw(network.rng)
    microdao.description, microdao.updated = network.namer.purpose(), now
    return [_said(microdao, "updated", offset(now), changes={"description": microdao.description})]


def microdao_begins(network: Network, now: datetime) -> list[Message]:
    """Let a microDAO be founded, unless enough were lately."""
    if len(network.new_microdaos) >= _MOST_NEW:
        return []
    microdao = found_microdao(network, now)
    del microdao.members[1:]  # the service makes the founder its first member; the others join one by one
    network.new_microdaos.append(microdao)
    open_channel(network, microdao, "general", [], now)
    payload = {
        "microdao_id": microdao.uuid,
        "slug": microdao.slug,
        "name": microdao.name,
        "owner_user_id": microdao.owner,
        "actor_id": microdao.owner,
        "ts": offset(now),
    }
    return [Message("microdao.event.created", payload)]


def microdao_ends(network: Network, now: datetime) -> list[Message]:
    """Let a microDAO that came after the start close, with all that belongs to it."""
    if not network.new_microdaos:
        return []
    microdao = network.new_microdaos.pop(0)
    crew = [agent for agent in network.new_agents if agent.microdao is microdao]
    gone = [dismiss(network, agent, now) for agent in crew]
    for channel in microdao.channels:
        network.channels.remove(channel.uuid)
    network.microdaos.remove(microdao.slug)
    network.namer.release(microdao.slug)
    return [*gone, _said(microdao, "deleted", naive(now))]


def _said(microdao: MicroDao, what: str, ts: str, **more: Json) -> Message:
    payload = {"microdao_id": microdao.uuid, "slug": microdao.slug, **more, "actor_id": microdao.owner, "ts": ts}
    return Message(f"microdao.event.{what}", payload)
