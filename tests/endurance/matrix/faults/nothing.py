"""What is seen without any fault: whatever is wrong here is the trial's own."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network, Part


@fault("nothing", "undisturbed")
async def nothing(_: Network) -> AsyncIterator[None]:
    yield


@fault("nothing", "undisturbed, with PgBouncer, auth-service and policy engine", Part.POOLER, Part.POLICIES)
async def nothing_with_all(_: Network) -> AsyncIterator[None]:
    yield
