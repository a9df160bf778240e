"""Handlers of the messages about proposals and votes.

Apart from ``events.py`` because counting votes is a subject of its own.
"""

from decimal import Decimal
from typing import Final

from livingmap.plugin import (
    Change,
    Event,
    Fields,
    Json,
    Part,
    Put,
    add_amounts,
    add_counts,
    canonical_status,
    format_amount,
    id_of,
    is_later,
    read_event,
    without_none,
)
from livingmap_dao.items import turnout, vote
from livingmap_dao.rows import Closing, ProposalMessage, VoteRow, time_of

_NO_VOTES: Final = {
    **dict.fromkeys(("votes_yes", "votes_no", "votes_abstain"), 0),
    **dict.fromkeys(("weight_yes", "weight_no", "weight_abstain"), "0"),
    "turnout_percent": 0.0,
}


def on_proposal_created(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_created``: a proposal appears, once, and its DAO has one more."""
    message = read_event(ProposalMessage, event)
    previous = part.get("dao", message.entity_id, "proposals")
    status = canonical_status((previous or {}).get("status") or message.status, "draft")
    fields = {
        "dao_id": id_of("dao", message.dao_id),
        "slug": message.slug,
        "title": message.title,
        "status": status,
        "author": message.created_by_user_id,
        "created_at": time_of(message.ts, event),
    }
    put = Put("dao", message.entity_id, without_none(fields), collection="proposals")
    if previous:
        return [put]
    return [put, *_count(part, message, total_proposals=1, active_proposals=int(status == "active"))]


def on_proposal_activated(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_activated``: a draft, on which nobody could vote, is open for votes."""
    message = read_event(ProposalMessage, event)
    previous = (part.get("dao", message.entity_id, "proposals") or {}).get("status")
    if previous not in {None, "draft"}:
        return []
    fields = {"status": "active", **(_NO_VOTES if previous else {})}
    return [_changed(message, fields), *_count(part, message, active_proposals=1)]


def on_proposal_closed(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_closed``: an open proposal has its outcome."""
    message = read_event(Closing, event)
    previous = (part.get("dao", message.entity_id, "proposals") or {}).get("status")
    if previous not in {None, "draft", "active"}:
        return []
    closed = -1 if previous != "draft" else 0
    return [_changed(message, {"status": message.outcome}), *_count(part, message, active_proposals=closed)]


def on_vote(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.vote_cast``: a vote counts for its proposal, and one that was changed counts elsewhere.

    A message that is not later than the vote on the map is a repetition, and counts nothing.
    """
    put = vote(read_event(VoteRow, event))
    previous = part.get("dao", put.id, "votes") or {}
    if not is_later(put.set["cast_at"], previous.get("cast_at")):
        return []
    name = put.set["proposal_id"]
    proposal = part.get("dao", name, "proposals") or {}
    sums = _moved(proposal, previous, put.set)
    if not sums:
        return [put]
    dao = part.get("dao", str(proposal.get("dao_id"))) or {}
    sums |= turnout({**proposal, **sums}, dao.get("members"))
    return [put, Put("dao", name, sums, collection="proposals", creates=False)]


def _changed(message: ProposalMessage, fields: Fields) -> Put:
    return Put("dao", message.entity_id, fields, collection="proposals", creates=False)


def _count(part: Part, message: ProposalMessage, **steps: int) -> list[Change]:
    """Return how its DAO's counts move; an unknown count stays unknown."""
    entity_id = id_of("dao", message.dao_id)
    counts = add_counts(part.get("dao", entity_id) or {}, **steps)
    return [Put("dao", entity_id, counts, creates=False)] if counts else []


def _moved(proposal: Fields, previous: Fields, current: Fields) -> dict[str, Json]:
    """Return the counts and weights of a proposal that change when a vote becomes ``current``."""
    sums = dict(proposal)
    for ballot, sign in ((previous, -1), (current, 1)):
        value = ballot.get("value")
        sums.update(add_counts(sums, **{f"votes_{value}": sign}))
        if (weight := sums.get(f"weight_{value}")) is not None:
            step = Decimal(ballot["weight"])
            sums[f"weight_{value}"] = format_amount(
                add_amounts(Decimal(weight), step if sign > 0 else step.copy_negate())
            )
    return {name: value for name, value in sums.items() if value != proposal.get(name)}
