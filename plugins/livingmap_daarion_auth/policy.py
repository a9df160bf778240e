"""The policy engine: pdp-service (:7012) permits or denies what an actor would do to a resource.

``POST /internal/pdp/evaluate`` takes an actor, an action and a resource, and says ``permit`` or ``deny``, always
with 200. There is no path that takes several questions at once.
"""

from typing import Annotated, Final

from pydantic import Field

from livingmap.plugin import Actor, AuthClient, InvalidAnswer, Json, Question, ServiceSettings

ACTIONS: Final = frozenset(
    {"read", "write", "manage", "invite", "send_message", "exec_tool", "view_usage", "admin"}
)
RESOURCES: Final = frozenset({"microdao", "channel", "message", "agent", "tool", "project", "usage"})

MEMBERS_MAY: Final = frozenset({"read"})
"""What pdp-service permits to every member of a microDAO."""


class PdpSettings(ServiceSettings):
    """What section ``auth.pdp`` has of this engine's own."""

    base_url: str = "http://pdp-service:7012"
    """Address of pdp-service."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How long one question may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a question that got no answer is repeated; callers wait."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    """How many questions may be under way at once."""
    max_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 64 * 1024
    """Size from which an answer is refused, in bytes."""


async def decide(client: AuthClient, actor: Actor, question: Question) -> bool:
    """Return whether pdp-service permits it."""
    body = {
        "actor": {
            "actor_id": actor.actor_id,
            "actor_type": actor.actor_type,
            "microdao_ids": list(actor.group_ids),
            "roles": list(actor.roles),
        },
        "action": question.action,
        "resource": {"type": question.type, "id": question.id},
    }
    return _permits(await client.post("/internal/pdp/evaluate", body))


def _permits(answer: Json) -> bool:
    """Tell whether an answer permits. With obligations, which the map cannot meet, it does not."""
    effect = answer.get("effect") if isinstance(answer, dict) else None
    if effect not in ("permit", "deny"):
        raise InvalidAnswer("pdp-service: an answer that neither permits nor denies")
    return effect == "permit" and not answer.get("obligations")
