"""dao-service (:7016): DAOs, their treasuries, proposals and votes, and what happens to them on NATS.

The service lists only what the caller, the service account of the setting ``token``, is a member of. The
specification's ``/dao/proposals/summary`` does not exist as it runs; where it does, its counts are taken, and
else those that each DAO's own overview tells.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import (
    Change,
    Count,
    Drop,
    Event,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    Tally,
    hookimpl,
    id_of,
    is_later,
    read_event,
    rfc3339,
    without_none,
)
from livingmap_dao.answers import (
    dao_details,
    fetch_daos,
    fetch_planets,
    fetch_proposals,
    fetch_treasury,
    fetch_votes,
)
from livingmap_dao.items import holding, holding_id, microdao_id, stepped
from livingmap_dao.rows import Creation, DaoMessage, TreasuryChange, Update, time_of
from livingmap_dao.voting import on_proposal_activated, on_proposal_closed, on_proposal_created, on_vote


class DaoSettings(SourceSettings):
    """Section ``sources.dao``."""

    base_url: str = "http://dao-service:7016"
    """Address of dao-service."""
    concluded_results: Annotated[int, Field(ge=0)] = 3
    """Of how many of a DAO's newest concluded proposals a poll asks the result, one request each."""


def on_created(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.created``: a DAO appears."""
    said = read_event(Creation, event)
    aliases = tuple({id_of("dao", said.dao_id)} - {said.entity_id})
    planet = {
        "name": said.name or said.slug or said.dao_id,
        "status": "active",
        "microdao_id": microdao_id(said.microdao_id),
    }
    own = {"slug": said.slug, "owner": said.owner_user_id, "created_at": time_of(said.ts, event)}
    return [
        Put(
            "space", said.entity_id, without_none({**planet, "type": "dao"}), collection="planets", aliases=aliases
        ),
        Put("dao", said.entity_id, without_none({**planet, **own}), aliases=aliases),
    ]


def on_updated(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.updated``: what its ``changes`` name."""
    said = read_event(Update, event)
    fields = said.changes.model_dump(exclude={"is_active"}, exclude_none=True)
    if said.changes.is_active is not None:
        fields["status"] = "active" if said.changes.is_active else "inactive"
    planet = {name: value for name, value in fields.items() if name in {"name", "status"}}
    fields["updated_at"] = time_of(said.ts, event)
    return [
        Put("space", said.entity_id, planet, collection="planets", creates=False),
        Put("dao", said.entity_id, fields, creates=False),
    ]


def on_deleted(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.deleted``: the DAO goes, with all that is its own."""
    said = read_event(DaoMessage, event)
    daos = {said.entity_id, id_of("dao", said.dao_id)}
    proposals = _of(part, "proposals", "dao_id", daos)
    gone = {
        "votes": _of(part, "votes", "proposal_id", proposals),
        "proposals": proposals,
        "treasury": _of(part, "treasury", "dao_id", daos),
    }
    drops = [Drop("dao", entity_id, collection) for collection, ids in gone.items() for entity_id in sorted(ids)]
    return [*drops, Drop("dao", said.entity_id), Drop("space", said.entity_id, "planets")]


def _of(part: Part, collection: str, reference: str, ids: set[str]) -> set[str]:
    return {entity_id for entity_id, fields in part.items("dao", collection) if fields.get(reference) in ids}


def on_member(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.member_added`` and ``member_removed``: a known count goes up or down.

    A message that is not later than the last one comes again, and counts nothing.
    """
    said = read_event(DaoMessage, event)
    known = part.get("dao", said.entity_id) or {}
    if not is_later(said.ts, known.get("members_changed_at")):
        return []
    step = 1 if event.type.endswith(".member_added") else -1
    fields = {**stepped(known, members=step), "members_changed_at": rfc3339(said.ts)}
    return [Put("dao", said.entity_id, without_none(fields), creates=False)]


def on_treasury(event: Event, part: Part) -> list[Change]:
    """Fold ``dao.event.treasury_updated``: the new balance of one token."""
    said = read_event(TreasuryChange, event)
    name = said.slug or said.dao_id
    known = part.get("dao", holding_id(name, said.token_symbol), "treasury") or {}
    balance = said.balance(known.get("balance"))
    if balance is None or not is_later(said.ts, known.get("changed_at")):
        return []
    put = holding(name, said.token_symbol, balance)
    fields = {**put.set, "changed_at": rfc3339(said.ts)}
    return [Put("dao", put.id, without_none(fields), collection="treasury")]


def on_other(event: Event, part: Part) -> list[Change]:
    """Take ``dao.event.*`` that is not known yet: it is in the history and changes nothing."""
    return []


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="dao",
        service="dao-service",
        settings=DaoSettings,
        layers=(
            # not complete: the service lists only the DAOs of the account that asks
            Layer(
                "space",
                "planets",
                fetch=fetch_planets,
                complete=False,
                references=("orbits", "microdao_id"),
                defaults={"orbits": []},
            ),
            Layer(
                "dao",
                fetch=fetch_daos,
                complete=False,
                references=("microdao_id",),
                defaults=dict.fromkeys(("members", "active_proposals", "total_proposals")),
            ),
            Layer("dao", "treasury", fetch=fetch_treasury, references=("dao_id",)),
            Layer("dao", "proposals", fetch=fetch_proposals, complete=False, references=("dao_id",)),
            Layer("dao", "votes", fetch=fetch_votes, references=("proposal_id",)),
        ),
        handlers={
            "dao.event.*": on_other,
            "dao.event.created": on_created,
            "dao.event.updated": on_updated,
            "dao.event.deleted": on_deleted,
            "dao.event.member_added": on_member,
            "dao.event.member_removed": on_member,
            "dao.event.treasury_updated": on_treasury,
            "dao.event.proposal_created": on_proposal_created,
            "dao.event.proposal_activated": on_proposal_activated,
            "dao.event.proposal_closed": on_proposal_closed,
            "dao.event.vote_cast": on_vote,
        },
        details={"dao": dao_details},
        tallies=(
            Tally("dao", "daos", (Count("dao"),)),
            Tally("dao", "proposals_total", (Count("dao", "proposals"),)),
            Tally(
                "dao",
                "proposals_active",
                (Count("dao", "proposals", field="status", values=frozenset({"active"})),),
            ),
        ),
        samples=Path(__file__).with_name("samples"),
    )
