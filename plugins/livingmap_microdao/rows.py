"""The rows that microdao-service answers with and the payloads on NATS, as far as the map reads them.

One model reads the specification's shape and the real one. The values of settings are never read.
dao-service publishes payloads of a like shape. Both are DAARION's, and each follows its own service.
"""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import Amount, Identifier, Json, id_of


class MicrodaoRow(BaseModel):
    """A microDAO: a row of ``GET /microdao`` or of the specification's ``GET /microdaos``."""

    id: Identifier
    external_id: Identifier | None = None
    slug: Identifier | None = None
    name: str
    status: str | None = None
    is_active: bool = True
    description: str | None = None
    owner_user_id: str | None = None
    members: Annotated[int | None, Field(validation_alias=AliasChoices("member_count", "members"))] = None
    members_by_role: dict[str, int] | None = None
    members_digest: str | None = None
    """Not of the row itself: of the list of members, as is the number of each role."""
    agents: int | None = None
    nodes: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Holding(BaseModel):
    """One row of ``GET /microdao/{slug}/treasury``."""

    token_symbol: str
    balance: Amount


class MicrodaoMessage(BaseModel):
    """The fields that every payload of ``microdao.event.*`` has."""

    microdao_id: Identifier
    slug: Identifier | None = None
    ts: Json = None

    @property
    def entity_id(self) -> str:
        """The id of the microDAO on the map."""
        return id_of("microdao", self.slug or self.microdao_id)


class Creation(MicrodaoMessage):
    """The payload of ``microdao.event.created``."""

    name: str | None = None
    owner_user_id: str | None = None


class MemberChange(MicrodaoMessage):
    """The payload of ``microdao.event.member_added`` and ``member_removed``."""

    user_id: str | None = None
    role: str | None = None


class RoleChange(MicrodaoMessage):
    """The payload of ``microdao.event.member_role_updated``."""

    old_role: str | None = None
    new_role: str | None = None


class Changes(BaseModel):
    """The fields of a microDAO that can be updated."""

    name: str | None = None
    description: str | None = None
    is_active: bool | None = None


class Update(MicrodaoMessage):
    """The payload of ``microdao.event.updated``."""

    changes: Changes = Changes()


class TreasuryChange(MicrodaoMessage):
    """The payload of ``microdao.event.treasury_updated``: a new balance, mostly with what was added to the old."""

    token_symbol: str
    delta: Amount | None = None
    new_balance: Amount | None = None


class SettingsChange(MicrodaoMessage):
    """The payload of ``microdao.event.settings_updated`` and ``setting_deleted``: one key, or several."""

    setting_key: str | None = None
    updated_keys: list[str] = []
