"""What the configuration says of access."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from livingmap.core.redaction import invalid_reason
from livingmap.sources.settings import AccountSettings, ServiceSettings

NONE: Final = "none"
_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

Action = Literal["read", "write", "manage", "invite", "send_message", "exec_tool", "view_usage", "admin"]
Kind = Literal["microdao", "channel", "message", "agent", "tool", "project", "usage"]


class MapRule(BaseModel):
    """A question that decides over the whole map, or over whole layers."""

    model_config = _DOCUMENTED

    layers: tuple[str, ...] = ()
    """The layers that it decides over; none: over everything."""
    action: Action = "read"
    """What the actor would do, in the PDP's words."""
    type: Kind
    """Type of the resource, in the PDP's words."""
    id: Annotated[str, Field(min_length=1)]
    """Id of the resource; {actor_id} stands for the actor's own."""


class ItemRule(BaseModel):
    """A question that decides over single items."""

    model_config = _DOCUMENTED

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    """Types of id, such as agent, that it decides over."""
    field: Annotated[str, Field(min_length=1)]
    """Field with the id of what an item belongs to; id for the item itself. Who lacks it is not concerned."""
    action: Action = "read"
    """What the actor would do, in the PDP's words."""
    type: Kind | None = None
    """Type of the resource that the field names, in the PDP's words. Without it the PDP is not asked: the item is
    shown to who is shown what the field names."""


class PolicySettings(ServiceSettings):
    """Section ``auth.pdp``: which policies decide."""

    base_url: str = "http://pdp-service:7012"
    """Address of pdp-service."""
    enabled: bool = False
    """Ask it. Without, who is known sees everything."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How long one question may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a question that found nobody is repeated; callers wait."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    """How many questions may be under way at once."""
    max_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 64 * 1024
    """Size from which an answer is refused, in bytes."""
    ttl_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How long a decision holds. It is asked for again after half of that; the rest bridges a PDP that is away."""
    patience_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long all questions about one actor may take together; what is not decided then is denied."""
    map: tuple[MapRule, ...] = ()
    """Rules over the whole map and over layers."""
    items: tuple[ItemRule, ...] = ()
    """Rules over items."""


class AuthSettings(BaseModel):
    """Who may read what."""

    model_config = _DOCUMENTED

    mode: str = NONE
    """none: everybody reads everything. Else the name of an authenticator plugin, such as daarion."""
    allow_anonymous: bool = False
    """With mode none: serve everybody also on addresses that others can reach."""
    public_mode: Literal["off", "summary", "full"] = "off"
    """What who shows no credential gets: nothing, counts without items, or what the policies let anonymous see."""
    admin_roles: tuple[str, ...] = ("admin",)
    """Roles that see everything, without a policy being asked, and the errors of services."""
    redact: tuple[str, ...] = ()
    """Fields that nobody gets, as layer.*.field with * for any layer: agents.*.owner_user_id."""
    ttl_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How long a credential that was found good is not checked again."""
    failures_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 30
    """How many credentials of one address may be refused in a minute, before all of that address are."""
    streams_per_actor: Annotated[int, Field(ge=1, le=100_000)] = 20
    """How many streams one actor may hold open."""
    streams_per_address: Annotated[int, Field(ge=1, le=100_000)] = 200
    """How many streams one address may hold open."""
    authenticator: dict[str, Any] = {}
    """The settings of the authenticator that mode names."""
    account: AccountSettings | None = None
    """The map's own account at auth-service, for sources with account: true."""
    pdp: PolicySettings = PolicySettings()
    """Which policies decide."""

    @field_validator("redact")
    @classmethod
    def _patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if problem := invalid_reason(pattern):
                raise ValueError(f"{pattern!r} {problem}; write it like 'agents.*.system_prompt'")
        return value

    @model_validator(mode="after")
    def _policies_need_actors(self) -> Self:
        if self.mode == NONE and self.pdp.enabled:
            raise ValueError("pdp.enabled needs a mode other than none: there is no actor to decide about")
        return self
