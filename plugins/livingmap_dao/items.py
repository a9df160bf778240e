"""How DAOs, proposals, votes and treasuries stand on the map: pure functions from what is told to a change."""

from livingmap.plugin import Fields, Json, Put, canonical_status, format_amount, id_of, rfc3339, without_none
from livingmap_dao.rows import DaoRow, Overview, ProposalRow, Result, VoteRow


def names(row: DaoRow) -> tuple[str, tuple[str, ...]]:
    """Return the id and its aliases: an id that says its type stays, else the slug makes the id."""
    others = [id_of("dao", name) for name in (row.slug, row.id) if name]
    entity_id = row.id if row.id.startswith("dao:") else others[0]
    return entity_id, tuple(dict.fromkeys(name for name in others if name != entity_id))


def planet(row: DaoRow) -> Put:
    """Return a DAO as a planet of the space."""
    entity_id, aliases = names(row)
    fields = {"name": row.name, "type": "dao", "status": _status(row), "microdao_id": microdao_id(row.microdao_id)}
    return Put("space", entity_id, fields, collection="planets", aliases=aliases)


def dao(row: DaoRow, counts: Fields) -> Put:
    """Return a DAO with its rules and as many ``counts`` as are known."""
    entity_id, aliases = names(row)
    fields = {
        "slug": row.slug,
        "name": row.name,
        "status": _status(row),
        "description": row.description,
        "microdao_id": microdao_id(row.microdao_id),
        "owner": row.owner_user_id,
        "governance_model": row.governance_model,
        "quorum_percent": row.quorum_percent,
        "voting_period_seconds": row.voting_period_seconds,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    return Put("dao", entity_id, {**fields, **counts}, aliases=aliases)


def _status(row: DaoRow) -> str:
    return canonical_status(row.status, "active") if row.is_active else "inactive"


def microdao_id(name: str | None) -> str | None:
    """Return the id of the microDAO that a DAO belongs to, by whatever the service calls it."""
    return id_of("microdao", name) if name else None


def counts(overview: Overview) -> dict[str, Json]:
    """Return the numbers of members and proposals that an overview tells."""
    found = {
        "members": overview.members_count,
        "active_proposals": overview.active_proposals_count,
        "total_proposals": overview.total_proposals_count,
    }
    return without_none(found)


def proposal(row: ProposalRow, dao_name: str, result: Result | None) -> Put:
    """Return a proposal of the DAO, with its votes if they are known."""
    fields = {
        "dao_id": id_of("dao", row.dao_id or dao_name),
        "slug": row.slug,
        "title": row.title,
        "status": canonical_status(row.status),
        "author": row.created_by_user_id,
        "created_at": rfc3339(row.created_at),
        "start_at": rfc3339(row.start_at),
        "end_at": rfc3339(row.end_at),
    }
    votes = _votes(result) if result else {}
    return Put("dao", id_of("proposal", row.id), fields | votes, collection="proposals")


def _votes(result: Result) -> dict[str, Json]:
    weights = {
        "weight_yes": result.total_weight_yes,
        "weight_no": result.total_weight_no,
        "weight_abstain": result.total_weight_abstain,
    }
    counts = {
        "votes_yes": result.votes_yes,
        "votes_no": result.votes_no,
        "votes_abstain": result.votes_abstain,
    }
    return without_none(counts) | {
        name: format_amount(weight) for name, weight in weights.items() if weight is not None
    }


def vote(row: VoteRow) -> Put:
    """Return one vote. Who cast it is only what the service calls them."""
    fields = {
        "proposal_id": id_of("proposal", row.proposal_id),
        "value": row.vote_value,
        "weight": format_amount(row.weight),
        "voter": row.voter_user_id,
        "cast_at": rfc3339(row.cast_at),
    }
    return Put("dao", id_of("vote", row.id), fields, collection="votes")


def holding_id(dao_name: str, symbol: str) -> str:
    """Return the id of what a DAO, by its slug or else its id, has of one token."""
    return f"treasury:{dao_name.removeprefix('dao:')}/{symbol}"


def holding(dao_name: str, symbol: str, balance: str) -> Put:
    """Return what a DAO, by its slug or else its id, has of one token."""
    fields = {"dao_id": id_of("dao", dao_name), "symbol": symbol, "balance": balance}
    return Put("dao", holding_id(dao_name, symbol), fields, collection="treasury")


def stepped(known: Fields, **steps: int) -> dict[str, Json]:
    """Return the counts that move by ``steps``; those that are not known stay so."""
    moved = {name: step for name, step in steps.items() if step and known.get(name) is not None}
    return {name: max(known[name] + step, 0) for name, step in moved.items()}
