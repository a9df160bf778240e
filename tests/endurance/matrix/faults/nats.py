"""Faults of NATS: of one server of three by what it leads, of all of them, and of the way there."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.faults.ways import of_way
from tests.endurance.matrix.network import Network


def _of_server(of: str, stream: str | None) -> None:
    async def which(network: Network) -> str:
        return await network.leader(stream) if stream else await network.follower()

    @fault(of, "killed", processes=(3,), all_ready=False)
    async def killed(network: Network) -> AsyncIterator[None]:
        server = network.nats[await which(network)]
        await server.kill()
        yield
        await server.start()

    @fault(of, "paused", processes=(3,), all_ready=False)
    async def paused(network: Network) -> AsyncIterator[None]:
        server = network.nats[await which(network)]
        server.freeze()
        yield
        server.thaw()


_of_server("a NATS server that leads nothing", None)
_of_server("the NATS server that leads the stream", "LIVINGMAP")
_of_server("the NATS server that leads the bucket", "KV_LIVINGMAP")


@fault("NATS", "absent at the start", at_start=True, all_ready=False)
@fault("NATS", "killed", all_ready=False)
async def nats_killed(network: Network) -> AsyncIterator[None]:
    for server in network.nats.values():
        await server.kill()
    yield
    for server in network.nats.values():
        await server.start()


@fault("NATS", "paused", all_ready=False)
async def nats_paused(network: Network) -> AsyncIterator[None]:
    for server in network.nats.values():
        server.freeze()
    yield
    for server in network.nats.values():
        server.thaw()


of_way("NATS", lambda network: network.ways_to_nats(), slow_kib_per_second=64, all_ready=False)
of_way(
    "NATS of the leading process",
    lambda network: network.ways_to_nats(network.leading()),
    slow_kib_per_second=64,
    processes=(3,),
    all_ready=False,
)
