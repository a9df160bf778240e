"""Requests to dao-service: the content of each collection, and the details of one DAO.

A request that fails for one DAO should not cost the others. Where it only adds fields, those are unknown, and stay
as they were. Where it lists items, the whole collection keeps its last content: an item that a poll does not list
would be removed.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from livingmap.plugin import (
    Answers,
    Client,
    Fields,
    Json,
    Put,
    RequestRejected,
    Roles,
    SourceError,
    ask_each,
    canonical_status,
    format_amount,
    id_and_aliases,
    id_of,
    in_time,
    member_roles,
    rows_in,
    without_none,
)
from livingmap_dao.items import counts, dao, holding, planet, proposal, vote
from livingmap_dao.rows import DaoRow, Holding, Overview, ProposalRow, Result, SummaryRow, VoteRow

_DAO: Final = "/dao"
_SUMMARY: Final = "/dao/proposals/summary"
_OF_OVERVIEW: Final = ("members", "total_proposals")
_OF_ROLES: Final = ("members", "members_by_role", "members_digest")
_OF_RESULT: Final = (
    "turnout_percent",
    *(f"{name}_{value}" for name in ("votes", "weight") for value in ("yes", "no", "abstain")),
)


async def fetch_planets(client: Client) -> list[Put]:
    """Return the DAOs as planets of the space."""
    rows = await listed_daos(client)
    overviews = await _overviews(client, rows)
    return [
        replace(
            planet(row, balances(client, overviews.get(path), path)),
            unknown=("holdings",) if path in overviews.failed else (),
        )
        for row in rows
        for path in (path_of(row.slug or ""),)
    ]


async def fetch_daos(client: Client) -> list[Put]:
    """Return how each DAO is governed, and how many members and proposals it has."""
    rows, summary = await listed_daos(client), await _summary(client)
    paths = [path_of(row.slug) for row in rows if row.slug]
    overviews, roles = await asyncio.gather(_overviews(client, rows), member_roles(client, paths))
    counted = await asyncio.gather(*(_counts_itself(client, path) for path in paths))
    counted_paths = {path for path, itself in zip(paths, counted, strict=True) if itself}
    daos = []
    for row in rows:
        path, (entity_id, aliases) = path_of(row.slug or ""), id_and_aliases("dao", row.id, row.slug)
        summed = next((summary[name] for name in (entity_id, *aliases) if name in summary), {})
        numbers = {**counts(overviews.get(path), roles.get(path)), **summed}
        of_overview: tuple[str, ...] = _OF_OVERVIEW if path in overviews.failed else ()
        if path in counted_paths:
            numbers.pop("active_proposals", None)
        elif of_overview:
            of_overview = (*of_overview, "active_proposals")
        of_roles = _OF_ROLES if path in roles.failed else ()
        daos.append(replace(dao(row, numbers), unknown=(*of_overview, *of_roles)))
    return daos


async def _counts_itself(client: Client, path: str) -> bool:
    """Tell whether the map counts a DAO's active proposals itself: it does if there is a list of proposals.

    The service counts those that were closed, too. If the list fails, that of the last poll is counted. A fetch
    does not see the map, so if there was none yet, the number is unknown until the list answers.
    """
    try:
        return bool(await client.optional(f"{path}/proposals"))
    except RequestRejected:
        return False
    except SourceError:
        return True


async def fetch_treasury(client: Client) -> list[Put]:
    """Return what the DAOs hold of each token."""
    rows = await listed_daos(client)
    overviews = await _overviews(client, rows, all_needed=True)
    slugs = {path_of(row.slug): row.slug for row in rows if row.slug}
    return [
        holding(slugs[path], row.token_symbol, format_amount(row.balance))
        for path, overview in overviews.items()
        for row in client.read(Holding, overview.treasury_items, f"{path}.treasury_items")
    ]


async def fetch_proposals(client: Client) -> list[Put]:
    """Return all proposals, with the votes of those that are active and of the newest that are concluded."""
    by_dao, daos = await _proposals(client), {row.slug: row for row in await listed_daos(client)}
    overviews = await _overviews(client, daos.values())
    members = {path: overview.members_count for path, overview in overviews.items()}
    paths = [path for proposals in by_dao.values() for path in _worth_asking(client, proposals)]
    results = await ask_each(
        client, paths, lambda answer, path: client.read_one(Result, answer, path), none_needed=True
    )
    of_results = dict.fromkeys(results.failed, _OF_RESULT)
    of_overviews = dict.fromkeys(overviews.failed, ("turnout_percent",))
    return [
        replace(
            proposal(row, daos[slug], results.get(path), members.get(path_of(slug))),
            unknown=of_results.get(path, of_overviews.get(path_of(slug), ())),
        )
        for slug, proposals in by_dao.items()
        for path, row in proposals.items()
    ]


async def fetch_votes(client: Client) -> list[Put]:
    """Return the votes on the active proposals."""
    by_dao = await _proposals(client)
    paths = [f"{path}/votes" for rows in by_dao.values() for path, row in rows.items() if _is_active(row)]
    votes = await ask_each(client, paths, lambda answer, path: client.read(VoteRow, answer, path), all_needed=True)
    return [vote(row) for rows in votes.values() for row in rows]


async def dao_details(client: Client, name: str) -> Fields:
    """Return one DAO as the service shows it now, with what it holds of each token."""
    path = f"{_DAO}/{name}"
    answer, roles = await asyncio.gather(client.get(path), in_time(member_roles(client, [path]), Answers[Roles]()))
    overview = client.read_one(Overview, answer, path)
    row = client.read_one(DaoRow, answer.get("dao", answer), path)
    numbers = {
        **counts(overview, roles.get(path)),
        "active_proposals": None,
    }  # the map knows better what is closed
    return {**planet(row, balances(client, overview, path)).set, **dao(row, numbers).set}


def balances(client: Client, overview: Overview | None, path: str) -> dict[str, str] | None:
    """Return what a DAO holds by token; None if that is unknown."""
    if overview is None:
        return None
    rows = client.read(Holding, overview.treasury_items, f"{path}.treasury_items")
    return {row.token_symbol: format_amount(row.balance) for row in rows}


async def listed_daos(client: Client) -> list[DaoRow]:
    """Return the DAOs of the account."""
    return client.read(DaoRow, rows_in(await client.get(_DAO)), _DAO)


async def _summary(client: Client) -> dict[str, dict[str, Json]]:
    """Return by DAO the counts of the specification's summary, if there is one."""
    answer = rows_in(await client.optional(_SUMMARY))
    rows = client.read(SummaryRow, answer, _SUMMARY) if isinstance(answer, list) else []
    return {
        id_of("dao", row.dao_id): without_none({"active_proposals": row.active, "total_proposals": row.total})
        for row in rows
        if row.dao_id
    }


async def _overviews(client: Client, rows: Iterable[DaoRow], *, all_needed: bool = False) -> Answers[Overview]:
    """Return the overviews by path of the DAO. Where they are not all needed, they only add fields."""
    return await ask_each(
        client,
        [path_of(row.slug) for row in rows if row.slug],
        lambda answer, path: client.read_one(Overview, answer, path),
        all_needed=all_needed,
        none_needed=not all_needed,
    )


async def _proposals(client: Client) -> dict[str, dict[str, ProposalRow]]:
    """Return by DAO its proposals, each by its own path, in the service's order: the newest first."""
    slugs = {f"{path_of(row.slug)}/proposals": row.slug for row in await listed_daos(client) if row.slug}
    lists = await ask_each(
        client, list(slugs), lambda answer, path: client.read(ProposalRow, answer, path), all_needed=True
    )
    return {
        slugs[path]: {f"{path}/{quote(row.slug, safe='')}": row for row in rows} for path, rows in lists.items()
    }


def path_of(slug: str) -> str:
    """Return the path of a DAO."""
    return f"{_DAO}/{quote(slug, safe='')}"


def _worth_asking(client: Client, proposals: dict[str, ProposalRow]) -> list[str]:
    active = [path for path, row in proposals.items() if _is_active(row)]
    open_statuses = {"active", "draft"}
    concluded = [path for path, row in proposals.items() if canonical_status(row.status) not in open_statuses]
    return [*active, *concluded[: client.settings.concluded_results]]


def _is_active(row: ProposalRow) -> bool:
    return canonical_status(row.status) == "active"
