"""What microdao-service answers and what is said of microDAOs on NATS, as far as the map reads it.

One model reads the specification's shape and the real one. The values of settings are never read.
"""

from datetime import datetime
from decimal import Context, Decimal
from typing import Annotated, Final

from pydantic import AliasChoices, BaseModel, Field

from livingmap.plugin import Fields, Json, Name, id_of, instant

_EXACT: Final = Context(prec=80)  # more digits than two amounts have


Amount = Annotated[Decimal, Field(max_digits=60)]
"""A decimal number, in JSON mostly a string; bounded, so that it can be written out."""


class MicrodaoRow(BaseModel):
    """A microDAO: a row of ``GET /microdao`` or of the specification's ``GET /microdaos``."""

    id: Name
    external_id: Name | None = None
    slug: Name | None = None
    name: str
    status: str | None = None
    is_active: bool = True
    description: str | None = None
    owner_user_id: str | None = None
    members: Annotated[int | None, Field(validation_alias=AliasChoices("member_count", "members"))] = None
    agents: int | None = None
    nodes: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Holding(BaseModel):
    """One row of ``GET /microdao/{slug}/treasury``."""

    token_symbol: str
    balance: Amount


class MicrodaoMessage(BaseModel):
    """What every payload of ``microdao.event.*`` has."""

    microdao_id: Name
    slug: Name | None = None
    ts: Json = None

    @property
    def typed(self) -> str:
        """The id of the microDAO on the map."""
        return id_of("microdao", self.slug or self.microdao_id)


class Creation(MicrodaoMessage):
    """The payload of ``microdao.event.created``."""

    name: str | None = None
    owner_user_id: str | None = None


class Changes(BaseModel):
    """What of a microDAO can be updated."""

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

    def balance(self, known: str | None) -> str | None:
        """Return the balance after the change; None if neither the message nor ``known`` allows to tell."""
        if self.new_balance is not None:
            return amount(self.new_balance)
        if known is None or self.delta is None:
            return None
        return amount(_EXACT.add(Decimal(known), self.delta))


class SettingsChange(MicrodaoMessage):
    """The payload of ``microdao.event.settings_updated`` and ``setting_deleted``: one key, or several."""

    setting_key: str | None = None
    updated_keys: list[str] = []


def told(fields: Fields) -> dict[str, Json]:
    """Return the fields of which something is known."""
    return {name: value for name, value in fields.items() if value is not None}


def amount(value: Decimal) -> str:
    """Return an amount as the map writes it: all digits that count, no exponent. ``1.00`` and ``1`` are one."""
    return f"{value.normalize(_EXACT):f}"


def is_later(time: Json, known: str | None) -> bool:
    """Tell whether a message of the time ``time`` is news to whom the time of the last one is ``known``.

    What comes again or too late is not. Without both times there is nothing to hold against it.
    """
    later = instant(time)
    if later is None or known is None:
        return True
    return datetime.fromisoformat(later) > datetime.fromisoformat(known)
