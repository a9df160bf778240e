"""What decides about callers, in a network that has it: auth-service, and maybe a policy engine, behind relays."""

from contextlib import AsyncExitStack
from typing import Any

from tests.support.access import AuthService, PolicyService, token
from tests.support.proxy import Proxy, proxy

_TTL_SECONDS = 5
"""How long the map remembers: less than a fault lasts."""
_TIMEOUT_SECONDS = 3
"""How long the map waits for an answer on a machine that is busy with a crowd."""
_RULES = [
    {"types": ["microdao"], "field": "id", "type": "microdao"},
    {"types": ["agent", "node", "dao", "channel"], "field": "microdao_id", "type": "microdao"},
]
_READER, _STRANGER = "reader-", "stranger-1"
_READERS = 10
"""How many there are: each has questions of its own put to the policy engine."""


class _Readers(PolicyService):
    """Permits readers everything, and others nothing."""

    def answer(self, path: str, said: Any, headers: dict[str, str]) -> tuple[int, Any]:
        if path == "/internal/pdp/evaluate" and said["actor"]["actor_id"].startswith(_READER):
            return 200, {"effect": "permit", "reason": "a reader", "obligations": {}}
        return super().answer(path, said, headers)


class Callers:
    """The services, and tokens of those who call."""

    def __init__(self, *, with_policies: bool, among_a_crowd: bool) -> None:
        self.auth = AuthService()
        self.policies = _Readers()
        self.auth_relay: Proxy
        self.policies_relay: Proxy
        self.with_policies = with_policies
        self._patience = {"timeout_seconds": _TIMEOUT_SECONDS} if among_a_crowd else {}

    async def open(self, running: AsyncExitStack) -> None:
        for service in (self.auth, self.policies):
            await service.start()
            running.push_async_callback(service.kill)
        self.auth_relay = await running.enter_async_context(proxy(self.auth.port))
        self.policies_relay = await running.enter_async_context(proxy(self.policies.port))

    def section(self) -> dict[str, Any]:
        """Return the section ``auth`` of a map that asks here."""
        section: dict[str, Any] = {
            "mode": "daarion",
            "ttl_seconds": _TTL_SECONDS,
            "failures_per_minute": 10_000,  # here all come from one address
            "streams_per_address": 10_000,
            "authenticator": {"base_url": f"http://127.0.0.1:{self.auth_relay.port}", **self._patience},
        }
        if self.with_policies:
            base_url = f"http://127.0.0.1:{self.policies_relay.port}"
            section["pdp"] = {
                "enabled": True,
                "base_url": base_url,
                "ttl_seconds": _TTL_SECONDS,
                "items": _RULES,
                **self._patience,
            }
        return section

    def reader(self, number: int) -> str:
        """Return the token of one who may read everything."""
        return token(f"{_READER}{number % _READERS}")

    def forged(self) -> str:
        """Return a token that nobody gave out."""
        return token(f"{_READER}0", secret="f" * 40)

    def stranger(self) -> str:
        """Return the token of one whom no policy permits anything."""
        return token(_STRANGER)
