"""Faults of one service that is polled."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network


def _of_service(name: str, mode: str) -> None:
    @fault("one service", name)
    async def misbehaves(network: Network) -> AsyncIterator[None]:
        network.weather.mode = mode
        yield
        network.weather.mode = "well"


for _name, _mode in (("silent", "hang"), ("slow", "drip"), ("failing", "500"), ("talking nonsense", "noise")):
    _of_service(_name, _mode)


@fault("one service", "killed")
@fault("one service", "absent at the start", at_start=True)
async def service_killed(network: Network) -> AsyncIterator[None]:
    await network.weather.kill()
    yield
    await network.weather.start()
