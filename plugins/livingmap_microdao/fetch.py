"""Requests to microdao-service: the content of each layer, and the details of one microDAO."""

from typing import Final
from urllib.parse import quote

from livingmap.plugin import (
    Client,
    Fields,
    InvalidAnswer,
    Json,
    Put,
    ask_each,
    canonical_status,
    format_amount,
    id_and_aliases,
    namespaces_of,
    rfc3339,
    rows_in,
    without_none,
)
from livingmap_microdao.rows import Holding, MicrodaoRow

_PATH: Final = "/microdao"
_PATHS: Final = ("/microdaos", _PATH)


async def fetch_city(client: Client) -> list[Put]:
    """Return the microDAOs as items of the city."""
    return [_shown(row) for row in await _rows(client)]


async def fetch_microdaos(client: Client) -> list[Put]:
    """Return what only this service has of the microDAOs."""
    rows = await _rows(client)
    slugs = [row.slug for row in rows if row.slug][: client.settings.most_treasuries]
    treasuries = await _treasuries(client, slugs)
    return [_own(row, treasuries.get(row.slug or "")) for row in rows]


async def microdao_details(client: Client, name: str) -> Fields:
    """Return one microDAO as the service shows it now."""
    path = f"{_PATH}/{name}"
    row = client.read_one(MicrodaoRow, await client.get(path), path)
    return {**_shown(row).set, **_own(row, None).set}


async def _rows(client: Client) -> list[MicrodaoRow]:
    path, answer = await client.first(*_PATHS, accept=lambda answer: isinstance(rows_in(answer), list))
    return client.read(MicrodaoRow, rows_in(answer), path)


async def _treasuries(client: Client, slugs: list[str]) -> dict[str, dict[str, str]]:
    """Return balances by slug and token; one that the account may not see, or that fails, is left out."""
    paths = {f"{_PATH}/{quote(slug, safe='')}/treasury": slug for slug in slugs}
    balances = await ask_each(client, list(paths), lambda answer, path: _balances(client, answer, path))
    return {paths[path]: treasury for path, treasury in balances.items()}


def _balances(client: Client, answer: Json, path: str) -> dict[str, str]:
    if not isinstance(answer, list):
        raise InvalidAnswer(f"{path}: expected an array, got {type(answer).__name__}")
    return {row.token_symbol: format_amount(row.balance) for row in client.read(Holding, answer, path)}


def _shown(row: MicrodaoRow) -> Put:
    entity_id, aliases = id_and_aliases("microdao", row.id, row.slug, row.external_id)
    fields: dict[str, Json] = {
        "slug": row.slug,
        "name": row.name,
        "status": canonical_status(row.status, "active") if row.is_active else "inactive",
        "description": row.description,
        "members": row.members,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
    fields |= without_none({"agents": row.agents, "nodes": row.nodes})
    return Put("city", entity_id, fields, aliases=aliases, namespaces=_namespaces(row))


def _own(row: MicrodaoRow, treasury: dict[str, str] | None) -> Put:
    entity_id, aliases = id_and_aliases("microdao", row.id, row.slug, row.external_id)
    fields: dict[str, Json] = {"owner": row.owner_user_id, "external_id": row.external_id, "members": row.members}
    # A treasury that is unknown is left out, so that an event's balance stays.
    fields |= without_none({"treasury": treasury})
    return Put("microdao", entity_id, fields, aliases=aliases, namespaces=_namespaces(row))


def _namespaces(row: MicrodaoRow) -> dict[str, str]:
    return namespaces_of("microdao", external=row.external_id, uuid=row.id, slug=row.slug)
