"""What becomes of microdao-service's answers: the content of each layer, and the details of one microDAO."""

import asyncio
from typing import Final
from urllib.parse import quote

from livingmap.plugin import (
    Client,
    Fields,
    InvalidAnswer,
    Json,
    Put,
    RequestRejected,
    SourceError,
    canonical_status,
    format_amount,
    id_of,
    rfc3339,
    without_none,
)
from livingmap_microdao.rows import Holding, MicrodaoRow

_PATH: Final = "/microdao"
_PATHS: Final = ("/microdaos", _PATH)


async def fetch_city(client: Client) -> list[Put]:
    """Return the microDAOs as items of the city."""
    return [_citizen(row) for row in await _rows(client)]


async def fetch_microdaos(client: Client) -> list[Put]:
    """Return what only this service knows of the microDAOs."""
    rows = await _rows(client)
    slugs = [row.slug for row in rows if row.slug][: client.settings.most_treasuries]
    treasuries = await _treasuries(client, slugs)
    return [_owned(row, treasuries.get(row.slug or "")) for row in rows]


async def microdao_details(client: Client, name: str) -> Fields:
    """Return one microDAO as the service tells it now."""
    path = f"{_PATH}/{name}"
    row = client.read(MicrodaoRow, [await client.get(path)], path)[0]
    return {**_citizen(row).set, **_owned(row, None).set}


async def _rows(client: Client) -> list[MicrodaoRow]:
    path, answer = await client.first(*_PATHS, accept=lambda answer: _array(answer) is not None)
    return client.read(MicrodaoRow, _array(answer), path)


def _array(answer: Json) -> Json:
    found = answer.get("items") if isinstance(answer, dict) else answer
    return found if isinstance(found, list) else None


async def _treasuries(client: Client, slugs: list[str]) -> dict[str, dict[str, str]]:
    """Return the treasuries that can be had; raise if every single one failed, for then the service is ill."""
    answers = await asyncio.gather(*(_treasury(client, slug) for slug in slugs))
    failed = [answer for answer in answers if isinstance(answer, SourceError)]
    if failed and len(failed) == len(answers):
        raise failed[0]
    return {slug: answer for slug, answer in zip(slugs, answers, strict=True) if isinstance(answer, dict)}


async def _treasury(client: Client, slug: str) -> dict[str, str] | SourceError | None:
    """Return balances by token; None if the account may not see them or there is no treasury."""
    path = f"{_PATH}/{quote(slug, safe='')}/treasury"
    try:
        answer = await client.optional(path)
        return None if answer is None else _balances(client, answer, path)
    except RequestRejected:
        return None
    except SourceError as error:
        return error


def _balances(client: Client, answer: Json, path: str) -> dict[str, str]:
    if not isinstance(answer, list):
        raise InvalidAnswer(f"{path}: expected an array, got {type(answer).__name__}")
    return {row.token_symbol: format_amount(row.balance) for row in client.read(Holding, answer, path)}


def _names(row: MicrodaoRow) -> tuple[str, tuple[str, ...]]:
    """Return the id and its aliases: an id that says its type stays, else the slug makes the id."""
    others = [id_of("microdao", name) for name in (row.slug, row.id, row.external_id) if name]
    entity_id = row.id if row.id.startswith("microdao:") else others[0]
    return entity_id, tuple(dict.fromkeys(name for name in others if name != entity_id))


def _citizen(row: MicrodaoRow) -> Put:
    entity_id, aliases = _names(row)
    fields: dict[str, Json] = {
        "slug": row.slug,
        "name": row.name,
        "status": canonical_status(row.status, "active") if row.is_active else "inactive",
        "description": row.description,
        "members": row.members,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    return Put(
        "city", entity_id, fields | without_none({"agents": row.agents, "nodes": row.nodes}), aliases=aliases
    )


def _owned(row: MicrodaoRow, treasury: dict[str, str] | None) -> Put:
    entity_id, aliases = _names(row)
    fields = {"owner": row.owner_user_id, "external_id": row.external_id, "members": row.members}
    # A treasury that was not learned is left out, so that what events said of it stays.
    return Put("microdao", entity_id, fields | without_none({"treasury": treasury}), aliases=aliases)
