"""Memberships: what the owner of a token belongs to. The one place that says what of it means what to policies.

Tokens of auth-service carry none. microdao-service (``GET /microdao``) and dao-service (``GET /dao``) list what
the caller belongs to, so they are asked with the caller's own token. Policies name microDAOs by external id.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from pydantic import BaseModel

from livingmap.plugin import (
    EVERYBODY,
    Actor,
    AuthClient,
    Credential,
    Event,
    Identifier,
    InvalidAnswer,
    MembershipLookup,
    RequestRejected,
    Scheme,
    id_of,
    read_one,
)


class MicrodaoRow(BaseModel):
    """A row of ``GET /microdao``, as far as it says which microDAO it is."""

    id: Identifier
    external_id: Identifier | None = None


class DaoRow(BaseModel):
    """A row of ``GET /dao``, as far as it says which DAO it is."""

    id: Identifier


R = TypeVar("R", MicrodaoRow, DaoRow)


async def complete(clients: Mapping[str, AuthClient], actor: Actor, credential: Credential) -> Actor:
    """Return ``actor`` with the microDAOs and DAOs that the services list to the owner of its token."""
    if credential.scheme is not Scheme.BEARER:
        return actor
    microdaos, daos = await asyncio.gather(
        _rows(clients.get("microdao"), "/microdao", credential, MicrodaoRow),
        _rows(clients.get("dao"), "/dao", credential, DaoRow),
    )
    named = {id_of("microdao", row.external_id or row.id) for row in microdaos}
    keys = {*(id_of("microdao", row.id) for row in microdaos), *(id_of("dao", row.id) for row in daos)}
    microdao_ids = tuple(sorted({*actor.group_ids, *named}))
    return replace(actor, group_ids=microdao_ids, memberships=frozenset({*microdao_ids, *keys}))


async def _rows(client: AuthClient | None, path: str, credential: Credential, model: type[R]) -> list[R]:
    """Return what a service lists; nothing if it is not on the map, or does not know the caller."""
    if client is None:
        return []
    try:
        answer = await client.get(path, {"Authorization": f"Bearer {credential.value}"})
    except RequestRejected:
        return []
    if not isinstance(answer, list):
        raise InvalidAnswer(f"{path}: expected an array, got {type(answer).__name__}")
    return [read_one(model, row, path) for row in answer]


def _concerned(event: Event) -> str | None:
    """Return whose memberships a message changes: of a new member, a former one, or the founder."""
    return event.payload.get("user_id") or event.payload.get("owner_user_id")


def _recounted(event: Event) -> str | None:
    """Return `EVERYBODY` if a poll found other members: it does not say whose membership changed."""
    if event.payload.get("source") not in _SOURCES:
        return None
    return None if _OF_MEMBERS.isdisjoint(event.payload.get("fields", ())) else EVERYBODY


_OF_MEMBERS: Final = frozenset({"members", "members_by_role", "members_digest"})
_SOURCES: Final = ("microdao", "dao")
LOOKUP: Final = MembershipLookup(
    sources=_SOURCES,
    complete=complete,
    concerned={
        "microdao.event.*": _concerned,
        "dao.event.*": _concerned,
        "livingmap.source.refreshed": _recounted,
    },
)
