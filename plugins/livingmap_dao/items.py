"""DAOs, proposals, votes and treasuries as items of the map.

A module of its own because fetches and handlers put the same items.
"""

from livingmap.plugin import (
    Fields,
    Json,
    Put,
    Roles,
    canonical_status,
    format_amount,
    id_and_aliases,
    id_of,
    id_or_none,
    member_counts,
    namespaces_of,
    rfc3339,
    without_none,
)
from livingmap_dao.rows import DaoRow, Overview, ProposalRow, Result, VoteRow


def planet(row: DaoRow, holdings: dict[str, str] | None) -> Put:
    """Return a DAO as a planet of the space, with what it holds by token if that is known."""
    entity_id, aliases = id_and_aliases("dao", row.id, row.slug)
    fields: dict[str, Json] = {
        "name": row.name,
        "type": "dao",
        "status": _status(row),
        "microdao_id": id_or_none("microdao", row.microdao_id),
    }
    if holdings is not None:
        fields["holdings"] = holdings
    return Put("space", entity_id, fields, collection="planets", aliases=aliases, namespaces=_namespaces(row))


def dao(row: DaoRow, counts: Fields) -> Put:
    """Return a DAO with its rules and the ``counts`` that are known."""
    entity_id, aliases = id_and_aliases("dao", row.id, row.slug)
    fields = {
        "slug": row.slug,
        "name": row.name,
        "status": _status(row),
        "description": row.description,
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "owner": row.owner_user_id,
        "governance_model": row.governance_model,
        "quorum_percent": row.quorum_percent,
        "voting_period_seconds": row.voting_period_seconds,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    return Put("dao", entity_id, {**fields, **counts}, aliases=aliases, namespaces=_namespaces(row))


def _namespaces(row: DaoRow) -> dict[str, str]:
    return namespaces_of("dao", uuid=row.id, slug=row.slug)


def _status(row: DaoRow) -> str:
    return canonical_status(row.status, "active") if row.is_active else "inactive"


def counts(overview: Overview | None, roles: Roles | None) -> dict[str, Json]:
    """Return the numbers of members and proposals in an overview, and the number of each role of the members."""
    if overview is None:
        return member_counts(None, roles)
    numbers = {
        "active_proposals": overview.active_proposals_count,
        "total_proposals": overview.total_proposals_count,
    }
    return member_counts(overview.members_count, roles) | without_none(numbers)


def proposal(row: ProposalRow, dao_row: DaoRow, result: Result | None, members: int | None) -> Put:
    """Return a proposal of a DAO of so many members, with its votes if they are known."""
    override = row.quorum_percent_override
    fields: dict[str, Json] = {
        "dao_id": id_of("dao", dao_row.slug or row.dao_id or dao_row.id),
        "slug": row.slug,
        "title": row.title,
        "status": canonical_status(row.status),
        "author": row.created_by_user_id,
        "created_at": rfc3339(row.created_at),
        "start_at": rfc3339(row.start_at),
        "end_at": rfc3339(row.end_at),
        "quorum_percent": dao_row.quorum_percent if override is None else override,
    }
    if result:
        fields |= _votes(result)
    return Put("dao", id_of("proposal", row.id), fields | turnout(fields, members), collection="proposals")


def turnout(votes: Fields, members: int | None) -> dict[str, Json]:
    """Return how many percent of the members have voted; nothing if that is unknown.

    The service's own ``quorum_reached`` is true as soon as anybody has.
    """
    counts = [votes.get(f"votes_{value}") for value in ("yes", "no", "abstain")]
    if not members or None in counts:
        return {}
    return {"turnout_percent": round(100 * sum(count or 0 for count in counts) / members, 1)}


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
    """Return one vote. The voter is only the name that the service gives."""
    fields = {
        "proposal_id": id_of("proposal", row.proposal_id),
        "value": row.vote_value,
        "weight": format_amount(row.weight),
        "voter": row.voter_user_id,
        "cast_at": rfc3339(row.cast_at),
    }
    return Put("dao", id_of("vote", row.id), fields, collection="votes")


def active_if_any(active: int, proposals: int) -> int | None:
    """Return how many proposals of a DAO are active; None if none of its proposals is listed."""
    return active if proposals else None


def holding_id(dao_name: str, symbol: str) -> str:
    """Return the id of a DAO's holding of one token; the DAO by its slug, or else its id."""
    return f"treasury:{dao_name.removeprefix('dao:')}/{symbol}"


def holding(dao_name: str, symbol: str, balance: str) -> Put:
    """Return a DAO's holding of one token; the DAO by its slug, or else its id."""
    fields = {"dao_id": id_of("dao", dao_name), "symbol": symbol, "balance": balance}
    return Put("dao", holding_id(dao_name, symbol), fields, collection="treasury")
