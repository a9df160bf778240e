"""The rows that dao-service answers with and the payloads on NATS, as far as the map reads them.

One model reads the specification's shape and the real one. The texts of proposals are never read.
microdao-service publishes payloads of a like shape. Both are DAARION's, and each follows its own service.
"""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import Amount, Event, Identifier, Json, canonical_status, id_of, rfc3339


class DaoRow(BaseModel):
    """A DAO: a row of ``GET /dao``."""

    id: Identifier
    slug: Identifier | None = None
    name: str
    status: str | None = None
    is_active: bool = True
    description: str | None = None
    microdao_id: Identifier | None = None
    owner_user_id: str | None = None
    governance_model: str | None = None
    quorum_percent: int | float | None = None
    voting_period_seconds: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Overview(BaseModel):
    """The answer of ``GET /dao/{slug}`` beside the DAO itself."""

    members_count: int | None = None
    active_proposals_count: int | None = None
    total_proposals_count: int | None = None
    treasury_items: list[Json] = []


class Holding(BaseModel):
    """The balance of one token that a DAO holds."""

    token_symbol: Identifier
    balance: Amount


class SummaryRow(BaseModel):
    """A row of the specification's ``GET /dao/proposals/summary``."""

    dao_id: Annotated[Identifier | None, Field(validation_alias=AliasChoices("dao_id", "slug", "id"))] = None
    active: Annotated[int | None, Field(validation_alias=AliasChoices("active", "active_proposals"))] = None
    total: Annotated[int | None, Field(validation_alias=AliasChoices("total", "total_proposals"))] = None


class ProposalRow(BaseModel):
    """A row of ``GET /dao/{slug}/proposals``."""

    id: Identifier
    dao_id: Identifier | None = None
    slug: Identifier
    title: str
    status: str
    created_by_user_id: str | None = None
    created_at: str | None = None
    start_at: str | None = None
    end_at: str | None = None
    quorum_percent_override: int | float | None = None


class Result(BaseModel):
    """How a proposal's votes stand, of ``GET /dao/{slug}/proposals/{slug}``."""

    votes_yes: int | None = None
    votes_no: int | None = None
    votes_abstain: int | None = None
    total_weight_yes: Amount | None = None
    total_weight_no: Amount | None = None
    total_weight_abstain: Amount | None = None


class VoteRow(BaseModel):
    """A row of ``GET /dao/{slug}/proposals/{slug}/votes``, or the payload of ``dao.event.vote_cast``."""

    id: Annotated[Identifier, Field(validation_alias=AliasChoices("vote_id", "id"))]
    proposal_id: Identifier
    voter_user_id: str | None = None
    vote_value: Identifier
    weight: Amount
    cast_at: Annotated[Json, Field(validation_alias=AliasChoices("ts", "created_at"))] = None


class DaoMessage(BaseModel):
    """The fields that every payload about a DAO has."""

    dao_id: Identifier
    slug: Identifier | None = None
    ts: Json = None

    @property
    def entity_id(self) -> str:
        """The id of the DAO on the map."""
        return id_of("dao", self.slug or self.dao_id)


class MemberChange(DaoMessage):
    """The payload of ``dao.event.member_added`` and ``member_removed``."""

    user_id: str | None = None
    role: str | None = None


class Creation(DaoMessage):
    """The payload of ``dao.event.created``."""

    name: str | None = None
    microdao_id: Identifier | None = None
    owner_user_id: str | None = None


class Changes(BaseModel):
    """The fields of a DAO that can be updated."""

    name: str | None = None
    is_active: bool | None = None
    description: str | None = None
    governance_model: str | None = None
    quorum_percent: int | float | None = None
    voting_period_seconds: int | None = None


class Update(DaoMessage):
    """The payload of ``dao.event.updated``."""

    changes: Changes = Changes()


class TreasuryChange(DaoMessage):
    """The payload of ``dao.event.treasury_updated``: a new balance, mostly with what was added to the old."""

    token_symbol: Identifier
    delta: Amount | None = None
    new_balance: Amount | None = None


class ProposalMessage(BaseModel):
    """The fields that every payload about a proposal has; ``slug`` is the proposal's."""

    dao_id: Identifier
    proposal_id: Identifier
    slug: Identifier | None = None
    title: str | None = None
    status: str | None = None
    created_by_user_id: str | None = None
    ts: Json = None

    @property
    def entity_id(self) -> str:
        """The id of the proposal on the map."""
        return id_of("proposal", self.proposal_id)


class Closing(ProposalMessage):
    """The payload of ``dao.event.proposal_closed``."""

    final_status: str | None = None
    is_passed: bool | None = None

    @property
    def outcome(self) -> str:
        """The final status; where the publisher calls a closed proposal ``active``, whether it was passed."""
        if self.final_status and canonical_status(self.final_status) != "active":
            return canonical_status(self.final_status)
        return {True: "passed", False: "rejected", None: "unknown"}[self.is_passed]


def time_of(time: Json, event: Event) -> str | None:
    """Return the time in a message, or when it was received."""
    return rfc3339(time) or rfc3339(event.received_at)
