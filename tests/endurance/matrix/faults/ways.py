"""Faults of the way to something: refusing, silent and slow, at any time and at the start."""

from collections.abc import AsyncIterator, Callable, Iterable

from tests.endurance.matrix.fault import EVERY, fault
from tests.endurance.matrix.network import Network, Part
from tests.support.proxy import Proxy


def of_way(
    to: str,
    relays: Callable[[Network], Iterable[Proxy]],
    *needs: Part,
    slow_kib_per_second: int,
    processes: tuple[int, ...] = EVERY,
    all_ready: bool = True,
) -> None:
    """Register what may happen to ``relays``, which are asked for once: which they are may change meanwhile."""
    of = f"the way to {to}"

    @fault(of, "refusing", *needs, processes=processes, all_ready=all_ready)
    async def refusing(network: Network) -> AsyncIterator[None]:
        ways = list(relays(network))
        for relay in ways:
            relay.cut()
        yield
        for relay in ways:
            relay.mend()

    async def silent(network: Network) -> AsyncIterator[None]:
        ways = list(relays(network))
        for relay in ways:
            relay.hold()
        yield
        for relay in ways:
            relay.let_go()

    fault(of, "silent", *needs, processes=processes, all_ready=all_ready)(silent)
    fault(of, "silent at the start", *needs, processes=processes, at_start=True, all_ready=all_ready)(silent)

    @fault(of, f"slow ({slow_kib_per_second} KiB/s)", *needs, processes=processes, all_ready=all_ready)
    async def slow(network: Network) -> AsyncIterator[None]:
        ways = list(relays(network))
        for relay in ways:
            relay.bytes_per_second = slow_kib_per_second * 1024
        yield
        for relay in ways:
            relay.bytes_per_second = None
