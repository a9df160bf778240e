"""Faults of what decides about callers: auth-service and the policy engine. Nobody may get in by them."""

from collections.abc import AsyncIterator, Callable

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.faults.ways import of_way
from tests.endurance.matrix.network import Network, Part
from tests.support.access import JsonService

_LIES = {
    "failing": "500",
    "answering 401 to all": "401",
    "talking nonsense": "html",
    "permitting by nonsense": "truthy",
}


def _of(name: str, service: Callable[[Network], JsonService], part: Part) -> None:
    @fault(name, "absent at the start", part, at_start=True)
    @fault(name, "killed", part)
    async def killed(network: Network) -> AsyncIterator[None]:
        await service(network).kill()
        yield
        await service(network).start()

    for said, mode in _LIES.items():
        _lies(name, said, mode, service, part)


def _lies(name: str, said: str, mode: str, service: Callable[[Network], JsonService], part: Part) -> None:
    @fault(name, said, part)
    async def lies(network: Network) -> AsyncIterator[None]:
        service(network).mode = mode
        yield
        service(network).mode = "well"


_of("auth-service", lambda network: network.callers.auth, Part.AUTH)
of_way("auth-service", lambda network: [network.callers.auth_relay], Part.AUTH, slow_kib_per_second=1)
_of("the policy engine", lambda network: network.callers.policies, Part.POLICIES)
of_way("the policy engine", lambda network: [network.callers.policies_relay], Part.POLICIES, slow_kib_per_second=1)
