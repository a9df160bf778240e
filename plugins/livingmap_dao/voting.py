"""What is heard of proposals and votes: each of the handlers turns one message into changes."""

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
    canonical_status,
    format_amount,
    id_of,
    is_later,
    read_event,
    without_none,
)
from livingmap_dao.items import stepped, vote
from livingmap_dao.rows import Closing, ProposalMessage, VoteRow, time_of

_NO_VOTES: Final = {
    **dict.fromkeys(("votes_yes", "votes_no", "votes_abstain"), 0),
    **dict.fromkeys(("weight_yes", "weight_no", "weight_abstain"), "0"),
}


def on_proposal_created(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_created``: a proposal appears, once, and its DAO has one more."""
    said = read_event(ProposalMessage, event)
    known = part.get("dao", said.entity_id, "proposals")
    now = canonical_status((known or {}).get("status") or said.status, "draft")
    fields = {
        "dao_id": id_of("dao", said.dao_id),
        "slug": said.slug,
        "title": said.title,
        "status": now,
        "author": said.created_by_user_id,
        "created_at": time_of(said.ts, event),
    }
    put = Put("dao", said.entity_id, without_none(fields), collection="proposals")
    return [put] if known else [put, *_count(part, said, total_proposals=1, active_proposals=int(now == "active"))]


def on_proposal_activated(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_activated``: a draft, on which nobody could vote, is open for votes."""
    said = read_event(ProposalMessage, event)
    before = (part.get("dao", said.entity_id, "proposals") or {}).get("status")
    if before not in {None, "draft"}:
        return []
    fields = {"status": "active", **(_NO_VOTES if before else {})}
    return [_changed(said, fields), *_count(part, said, active_proposals=1)]


def on_proposal_closed(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.proposal_closed``: an open proposal has its outcome."""
    said = read_event(Closing, event)
    before = (part.get("dao", said.entity_id, "proposals") or {}).get("status")
    if before not in {None, "draft", "active"}:
        return []
    return [_changed(said, {"status": said.outcome}), *_count(part, said, active_proposals=-(before != "draft"))]


def on_vote(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.vote_cast``: a vote counts for its proposal, and one that was changed counts elsewhere.

    A message that is not later than the vote as it is known comes again, and counts nothing.
    """
    put = vote(read_event(VoteRow, event))
    before = part.get("dao", put.id, "votes") or {}
    if not is_later(put.set["cast_at"], before.get("cast_at")):
        return []
    proposal = put.set["proposal_id"]
    moved = _moved(part.get("dao", proposal, "proposals") or {}, before, put.set)
    return [put, Put("dao", proposal, moved, collection="proposals", creates=False)] if moved else [put]


def _changed(said: ProposalMessage, fields: Fields) -> Put:
    return Put("dao", said.entity_id, fields, collection="proposals", creates=False)


def _count(part: Part, said: ProposalMessage, **steps: int) -> list[Change]:
    """Return how its DAO's counts move; counts that are not known stay so."""
    entity_id = id_of("dao", said.dao_id)
    moved = stepped(part.get("dao", entity_id) or {}, **steps)
    return [Put("dao", entity_id, moved, creates=False)] if moved else []


def _moved(known: Fields, before: Fields, now: Fields) -> dict[str, Json]:
    """Return what changes of a proposal's known counts and weights when a vote is ``now`` and not as before."""
    sums = dict(known)
    for told_vote, sign in ((before, -1), (now, 1)):
        value = told_vote.get("value")
        sums.update(stepped(sums, **{f"votes_{value}": sign}))
        if (weight := sums.get(f"weight_{value}")) is not None:
            step = Decimal(told_vote["weight"])
            sums[f"weight_{value}"] = format_amount(
                add_amounts(Decimal(weight), step if sign > 0 else step.copy_negate())
            )
    return {name: value for name, value in sums.items() if value != known.get(name)}
