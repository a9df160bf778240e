"""What becomes of dao-service's answers: the content of each collection, and the details of one DAO.

A service that fails for one DAO is no reason to lose the others. Where what failed only lends fields, those are
left out; where it lists items, the whole collection keeps what was, for an item that a poll does not name is gone.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from livingmap.plugin import (
    Client,
    Fields,
    Json,
    Put,
    RequestRejected,
    SourceError,
    canonical_status,
    format_amount,
    id_of,
    without_none,
)
from livingmap_dao.items import counts, dao, holding, names, planet, proposal, vote
from livingmap_dao.rows import DaoRow, Holding, Overview, ProposalRow, Result, SummaryRow, VoteRow

T = TypeVar("T")

_DAO: Final = "/dao"
_SUMMARY: Final = "/dao/proposals/summary"


async def fetch_planets(client: Client) -> list[Put]:
    """Return the DAOs as planets of the space."""
    return [planet(row) for row in await _daos(client)]


async def fetch_daos(client: Client) -> list[Put]:
    """Return how each DAO is governed, and how many members and proposals it has."""
    rows, summary = await _daos(client), await _summary(client)
    overviews = await _overviews(client, rows, needed=False)
    found = []
    for row in rows:
        overview, entity_id, aliases = overviews.get(row.slug or ""), *names(row)
        summed = next((summary[name] for name in (entity_id, *aliases) if name in summary), {})
        found.append(dao(row, {**(counts(overview) if overview else {}), **summed}))
    return found


async def fetch_treasury(client: Client) -> list[Put]:
    """Return what the DAOs have of each token."""
    overviews = await _overviews(client, await _daos(client), needed=True)
    return [
        holding(slug, held.token_symbol, format_amount(held.balance))
        for slug, overview in overviews.items()
        for held in client.read(Holding, overview.treasury_items, f"{_path(slug)}.treasury_items")
    ]


async def fetch_proposals(client: Client) -> list[Put]:
    """Return all proposals, with the votes of those that are active and of the newest that are concluded."""
    found = await _proposals(client)
    asked = [path for proposals in found.values() for path in _worth_asking(client, proposals)]
    results = await _ask(client, asked, lambda answer, path: client.read(Result, [answer], path)[0], needed=False)
    return [
        proposal(row, slug, results.get(path))
        for slug, proposals in found.items()
        for path, row in proposals.items()
    ]


async def fetch_votes(client: Client) -> list[Put]:
    """Return the votes on the active proposals."""
    found = await _proposals(client)
    active = [path for proposals in found.values() for path, row in proposals.items() if _is_active(row)]
    votes = await _ask(
        client,
        [f"{path}/votes" for path in active],
        lambda answer, path: client.read(VoteRow, answer, path),
        needed=True,
    )
    return [vote(row) for rows in votes.values() for row in rows]


async def dao_details(client: Client, name: str) -> Fields:
    """Return one DAO as the service tells it now, with what it has of each token."""
    path = f"{_DAO}/{name}"
    answer = await client.get(path)
    told_of = answer.get("dao", answer) if isinstance(answer, dict) else answer
    row, overview = client.read(DaoRow, [told_of], path)[0], client.read(Overview, [answer], path)[0]
    held = client.read(Holding, overview.treasury_items, f"{path}.treasury_items")
    treasury = {one.token_symbol: format_amount(one.balance) for one in held}
    return {**planet(row).set, **dao(row, counts(overview)).set, "treasury": treasury}


async def _daos(client: Client) -> list[DaoRow]:
    answer = await client.get(_DAO)
    return client.read(DaoRow, answer.get("items") if isinstance(answer, dict) else answer, _DAO)


async def _summary(client: Client) -> dict[str, dict[str, Json]]:
    """Return by DAO the counts of the specification's summary, if there is one."""
    answer = await client.optional(_SUMMARY)
    found = answer.get("items") if isinstance(answer, dict) else answer
    rows = client.read(SummaryRow, found, _SUMMARY) if isinstance(found, list) else []
    return {
        id_of("dao", row.dao_id): without_none({"active_proposals": row.active, "total_proposals": row.total})
        for row in rows
        if row.dao_id
    }


async def _overviews(client: Client, rows: Iterable[DaoRow], *, needed: bool) -> dict[str, Overview]:
    slugs = {_path(row.slug): row.slug for row in rows if row.slug}
    found = await _ask(
        client, list(slugs), lambda answer, path: client.read(Overview, [answer], path)[0], needed=needed
    )
    return {slugs[path]: overview for path, overview in found.items()}


async def _proposals(client: Client) -> dict[str, dict[str, ProposalRow]]:
    """Return by DAO its proposals, each by its own path, in the service's order: the newest first."""
    slugs = {f"{_path(row.slug)}/proposals": row.slug for row in await _daos(client) if row.slug}
    found = await _ask(
        client, list(slugs), lambda answer, path: client.read(ProposalRow, answer, path), needed=True
    )
    return {
        slugs[path]: {f"{path}/{quote(row.slug, safe='')}": row for row in rows} for path, rows in found.items()
    }


async def _ask(
    client: Client, paths: Sequence[str], read: Callable[[Json, str], T], *, needed: bool
) -> dict[str, T]:
    """Return by path what is answered; a path that is missing or forbidden has no answer.

    Raises the first failure if every answer is ``needed``, and else only if all failed: then the service is ill.
    """
    answers = await asyncio.gather(*(_answer(client, path, read) for path in paths))
    failed = [answer for answer in answers if isinstance(answer, SourceError)]
    if failed and (needed or len(failed) == len(answers)):
        raise failed[0]
    return {
        path: answer
        for path, answer in zip(paths, answers, strict=True)
        if answer is not None and not isinstance(answer, SourceError)
    }


async def _answer(client: Client, path: str, read: Callable[[Json, str], T]) -> T | SourceError | None:
    try:
        answer = await client.optional(path)
        return None if answer is None else read(answer, path)
    except RequestRejected:
        return None
    except SourceError as error:
        return error


def _path(slug: str) -> str:
    return f"{_DAO}/{quote(slug, safe='')}"


def _worth_asking(client: Client, proposals: dict[str, ProposalRow]) -> list[str]:
    active = [path for path, row in proposals.items() if _is_active(row)]
    concluded = [
        path for path, row in proposals.items() if canonical_status(row.status) not in {"active", "draft"}
    ]
    return [*active, *concluded[: client.settings.concluded_results]]


def _is_active(row: ProposalRow) -> bool:
    return canonical_status(row.status) == "active"
