"""Clocks that jump, by libfaketime: of the process that leads, of all, and at a start."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network, Part

_STEPS = {"40 days ahead": "+40d", "an hour behind": "-1h", "two years behind": "-730d"}


def _steps(name: str, offset: str) -> None:
    @fault("the clock of the leading process", f"{name}, and back", Part.CLOCKS)
    async def steps(network: Network) -> AsyncIterator[None]:
        clock = network.clock_of(network.leading())
        clock.show(offset)
        yield
        clock.show("+0")


for _name, _offset in _STEPS.items():
    _steps(_name, _offset)


@fault("the clocks of all processes", "40 days ahead at a later start", Part.CLOCKS, all_ready=False)
async def wrong_at_a_later_start(network: Network) -> AsyncIterator[None]:
    for living in network.maps:
        await living.terminate()
    for living in network.maps:
        network.clock_of(living).show("+40d")
        await living.start(until_ready=False)
    yield
    for living in network.maps:
        network.clock_of(living).show("+0")
