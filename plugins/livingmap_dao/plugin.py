"""dao-service (:7016): DAOs, their treasuries, proposals and votes, and what happens to them on NATS.

The service lists only what the caller, the service account of the setting ``token``, is a member of. The
specification's ``/dao/proposals/summary`` does not exist as it runs; where it does, its counts are taken, and
else those of each DAO's own overview.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from livingmap.plugin import Amounts, Count, Layer, Source, SourceSettings, Tally, hookimpl, sentences_in
from livingmap_dao.events import on_created, on_deleted, on_member, on_other, on_treasury, on_updated
from livingmap_dao.fetch import (
    dao_details,
    fetch_daos,
    fetch_planets,
    fetch_proposals,
    fetch_treasury,
    fetch_votes,
)
from livingmap_dao.items import active_if_any
from livingmap_dao.types import DAO, PROPOSAL, TREASURY, VOTE
from livingmap_dao.unlisted import unlisted_dao, unlisted_holding, unlisted_planet, unlisted_proposal
from livingmap_dao.voting import on_proposal_activated, on_proposal_closed, on_proposal_created, on_vote


class DaoSettings(SourceSettings):
    """Section ``sources.dao``."""

    base_url: str = "http://dao-service:7016"
    """Address of dao-service."""
    concluded_results: Annotated[int, Field(ge=0)] = 3
    """Of how many of a DAO's newest concluded proposals a poll asks the result, one request each."""
    hidden_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    """For how long a DAO stays on the map that the account may no longer see, unless it is deleted."""


_ACTIVE: Final = Count("dao", "proposals", field="status", values=frozenset({"active"}))


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="dao",
        service="dao-service",
        settings=DaoSettings,
        layers=(
            # not complete: the service lists only the DAOs of the account that asks; it is asked about the others
            Layer(
                "space",
                "planets",
                fetch=fetch_planets,
                complete=False,
                unlisted=unlisted_planet,
                references=("orbits", "microdao_id"),
                defaults={"orbits": []},
                standing={},
            ),
            Layer(
                "dao",
                fetch=fetch_daos,
                complete=False,
                unlisted=unlisted_dao,
                references=("microdao_id",),
                private=("members_digest",),
                title={"en": "DAO", "uk": "ДАО"},
                hint={"en": "Proposals and votes", "uk": "Пропозиції та голоси"},
                icon=DAO.icon,
                defaults=dict.fromkeys(("members", "members_by_role", "active_proposals", "total_proposals")),
            ),
            Layer("dao", "treasury", fetch=fetch_treasury, unlisted=unlisted_holding, references=("dao_id",)),
            Layer(
                "dao",
                "proposals",
                fetch=fetch_proposals,
                complete=False,
                unlisted=unlisted_proposal,
                references=("dao_id",),
                superseded={"status": frozenset({"draft", "active"})},  # the service never says "closed"
            ),
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
            Tally("dao", "active_proposals", (_ACTIVE, Count("dao", "proposals")), active_if_any, per="dao_id"),
            Tally("dao", "treasury_totals", (Amounts("dao", "balance", "treasury", by="symbol"),)),
            Tally("dao", "proposals_total", (Count("dao", "proposals"),)),
            Tally("dao", "proposals_active", (_ACTIVE,)),
        ),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(
            DAO,
            PROPOSAL,
            TREASURY,
            VOTE,
        ),
    )
