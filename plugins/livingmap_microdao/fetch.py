"""Requests to microdao-service: the content of each layer, and the details of one microDAO."""

import asyncio
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from livingmap.plugin import (
    Answers,
    Client,
    Fields,
    InvalidAnswer,
    Json,
    Put,
    RequestRejected,
    Roles,
    ask_each,
    canonical_status,
    format_amount,
    hidden_fields,
    id_and_aliases,
    in_time,
    member_counts,
    member_roles,
    namespaces_of,
    rfc3339,
    rows_in,
    without_none,
)
from livingmap_microdao.rows import Holding, MicrodaoRow

_PATH: Final = "/microdao"
"""Lists the caller's own, with a number of members that counts nobody but the caller."""
_PATHS: Final = ("/microdaos", _PATH)


async def fetch_city(client: Client) -> list[Put]:
    """Return the microDAOs as items of the city; one that fails to say its treasury is listed without."""
    rows, uncounted = await _rows(client)
    treasuries = await _treasuries(client, _paths(rows), none_needed=True)
    return [_as_known(_shown(row, treasuries.get(_path(row))), row, uncounted, treasuries) for row in rows]


async def fetch_microdaos(client: Client) -> list[Put]:
    """Return what only this service has of the microDAOs. If every treasury fails, all of it stays as it was."""
    rows, uncounted = await _rows(client)
    treasuries = await _treasuries(client, _paths(rows))
    return [_as_known(_own(row, treasuries.get(_path(row))), row, uncounted, treasuries) for row in rows]


async def microdao_details(client: Client, name: str) -> Fields:
    """Return one microDAO as the service shows it now."""
    path = f"{_PATH}/{name}"
    answer, roles, treasuries = await asyncio.gather(
        client.get(path),
        in_time(member_roles(client, [path]), Answers[Roles]()),
        in_time(_treasuries(client, [path], none_needed=True), Answers[dict[str, str]]()),
    )
    row = client.read_one(MicrodaoRow, answer, path)
    row = row.model_copy(update=member_counts(row.members, roles.get(path)))
    treasury = treasuries.get(path)
    return {**_shown(row, treasury).set, **_own(row, treasury).set}


async def unlisted_city(client: Client, entity_id: str, fields: Fields) -> Fields | None:
    """Return how a microDAO of the city that is not listed any more is marked; None if it is gone."""
    try:
        row = await _asked(client, entity_id)
    except RequestRejected as error:
        hidden = _hidden(client, fields, error)
        return hidden and {"status": "hidden", **hidden}
    return {**_shown(row, None).set, "hidden_since": None}


async def unlisted_microdao(client: Client, entity_id: str, fields: Fields) -> Fields | None:
    """Return since when the account may not see a microDAO that is not listed any more; None if it is gone."""
    try:
        row = await _asked(client, entity_id)
    except RequestRejected as error:
        return _hidden(client, fields, error)
    return {**_own(row, None).set, "hidden_since": None}


async def _asked(client: Client, entity_id: str) -> MicrodaoRow:
    """Return a microDAO that the account is not a member of, and may see all the same."""
    path = f"{_PATH}/{quote(entity_id.partition(':')[2], safe='')}"
    return client.read_one(MicrodaoRow, await client.get(path), path)


def _hidden(client: Client, fields: Fields, error: RequestRejected) -> dict[str, str] | None:
    return hidden_fields(error, fields, client.now, client.settings.hidden_days)


async def _rows(client: Client) -> tuple[list[MicrodaoRow], frozenset[str]]:
    """Return the microDAOs, and the paths of those whose members could not be counted now."""
    path, answer = await client.first(*_PATHS, accept=lambda answer: isinstance(rows_in(answer), list))
    rows = client.read(MicrodaoRow, rows_in(answer), path)
    return await _counted(client, rows) if path == _PATH else (rows, frozenset())


async def _counted(client: Client, rows: list[MicrodaoRow]) -> tuple[list[MicrodaoRow], frozenset[str]]:
    """Return the rows with how many members they really have; None for those that do not say so when asked."""
    paths = _paths(rows)[: client.settings.most_counted]
    numbers, roles = await asyncio.gather(
        ask_each(client, paths, lambda answer, path: client.read_one(MicrodaoRow, answer, path), none_needed=True),
        member_roles(client, paths),
    )
    counted = []
    for row in rows:
        path = _path(row)
        counts = member_counts(numbers[path].members if path in numbers else None, roles.get(path))
        counted.append(row.model_copy(update={"members": None, **counts}))
    return counted, numbers.failed | roles.failed


async def _treasuries(client: Client, paths: list[str], *, none_needed: bool = False) -> Answers[dict[str, str]]:
    """Return balances by path of a microDAO and token; one that may not be seen, or that fails, is left out."""
    asked = {f"{path}/treasury": path for path in paths[: client.settings.most_treasuries]}
    balances = await ask_each(
        client, list(asked), lambda answer, path: _balances(client, answer, path), none_needed=none_needed
    )
    return balances.renamed(asked)


def _paths(rows: list[MicrodaoRow]) -> list[str]:
    return [_path(row) for row in rows if row.slug]


def _path(row: MicrodaoRow) -> str:
    return f"{_PATH}/{quote(row.slug or '', safe='')}"


def _as_known(put: Put, row: MicrodaoRow, uncounted: frozenset[str], treasuries: Answers[dict[str, str]]) -> Put:
    """Return ``put`` with the fields that it lacks because a request failed: those stay as they were."""
    members = ("members", "members_by_role", "members_digest") if _path(row) in uncounted else ()
    treasury = ("treasury",) if _path(row) in treasuries.failed else ()
    return replace(put, unknown=(*members, *treasury))


def _balances(client: Client, answer: Json, path: str) -> dict[str, str]:
    if not isinstance(answer, list):
        raise InvalidAnswer(f"{path}: expected an array, got {type(answer).__name__}")
    return {row.token_symbol: format_amount(row.balance) for row in client.read(Holding, answer, path)}


def _shown(row: MicrodaoRow, treasury: dict[str, str] | None) -> Put:
    entity_id, aliases = id_and_aliases("microdao", row.id, row.slug, row.external_id)
    fields: dict[str, Json] = {
        "slug": row.slug,
        "name": row.name,
        "status": canonical_status(row.status, "active") if row.is_active else "inactive",
        "description": row.description,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    fields |= without_none(
        {"members": row.members, "agents": row.agents, "nodes": row.nodes, "treasury": treasury}
    )
    return Put("city", entity_id, fields, aliases=aliases, namespaces=_namespaces(row))


def _own(row: MicrodaoRow, treasury: dict[str, str] | None) -> Put:
    entity_id, aliases = id_and_aliases("microdao", row.id, row.slug, row.external_id)
    fields: dict[str, Json] = {"owner": row.owner_user_id, "external_id": row.external_id}
    # What is unknown is left out, so that what an event said stays.
    counted = {"members_by_role": row.members_by_role, "members_digest": row.members_digest}
    fields |= without_none({"members": row.members, **counted, "treasury": treasury})
    return Put("microdao", entity_id, fields, aliases=aliases, namespaces=_namespaces(row))


def _namespaces(row: MicrodaoRow) -> dict[str, str]:
    return namespaces_of("microdao", external=row.external_id, uuid=row.id, slug=row.slug)
