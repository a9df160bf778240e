"""The settings of access control: section ``auth`` of the YAML."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from livingmap.core.redaction import invalid_reason

NONE: Final = "none"
_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
_SHARED: Final = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
"""Of a section that a plugin reads as well; together they are validated when the plugin is loaded."""


class MapRule(BaseModel):
    """A question that decides over the whole map, or over whole layers."""

    model_config = _DOCUMENTED

    layers: tuple[str, ...] = ()
    """The layers that it decides over; none: over everything."""
    action: str = "read"
    """What the actor would do, in the words of the policy engine."""
    type: str
    """Type of the resource, in the words of the policy engine."""
    id: Annotated[str, Field(min_length=1)]
    """Id of the resource; {actor_id} stands for the actor's own."""


class ItemRule(BaseModel):
    """A question that decides over single items."""

    model_config = _DOCUMENTED

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    """Types of id, such as agent, that it decides over."""
    field: Annotated[str, Field(min_length=1)]
    """Field with the id of what an item belongs to; id for the item itself. Items without it are not concerned."""
    action: str = "read"
    """What the actor would do, in the words of the policy engine."""
    type: str | None = None
    """Type of the resource that the field names, in the words of the policy engine. Without it the engine is not
    asked: the item is shown to readers that are shown what the field names."""
    shared: bool = False
    """The policy looks at roles and memberships, and not at who it is: readers of equal roles that are not members
    share its decisions."""


class PolicySettings(BaseModel):
    """Section ``auth.pdp``: which policies decide. What else it may have are the settings of the policy engine."""

    model_config = _SHARED

    enabled: bool = False
    """Ask the policy engine. Without it, every actor that is known sees everything."""
    engine: str | None = None
    """Name of the policy engine; default: that of mode, or else the only one that is installed."""
    module: str | None = None
    """A policy engine that is not installed as an entry point: an import path, or a file beside the YAML."""
    ttl_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How long a decision holds. It is renewed after half of that; the rest bridges an engine that is away."""
    patience_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long a reader waits for decisions; then it is shown what is decided, and that more is being asked."""
    memberships_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """How long it is remembered what an actor belongs to. It is asked for again after half of that, or at an event
    that says so."""
    map: tuple[MapRule, ...] = ()
    """Rules over the whole map and over layers."""
    items: tuple[ItemRule, ...] = ()
    """Rules over items."""


class AccountSettings(BaseModel):
    """Section ``auth.account``: the map's own account. What else it may have are the provider's settings."""

    model_config = _SHARED

    provider: str | None = None
    """Name of the account provider; default: that of mode, or else the only one that is installed."""
    module: str | None = None
    """An account provider that is not installed as an entry point: an import path, or a file beside the YAML."""


class AuthSettings(BaseModel):
    """Who may read what."""

    model_config = _DOCUMENTED

    mode: str = NONE
    """none: everybody reads everything. Else the name of an authenticator plugin."""
    allow_anonymous: bool = False
    """With mode none: serve everybody also on addresses that others can reach."""
    public_mode: Literal["off", "summary", "full"] = "off"
    """What callers without a credential get: nothing, counts without items, or what policies let anonymous see."""
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
    """The map's own account, for sources with account: true."""
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
