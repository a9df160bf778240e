"""Full disks: of a NATS server, and of PostgreSQL."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network, Part


@fault("the disk of every NATS server", "full", Part.SMALL_DISKS, all_ready=False)
async def nats_disks_full(network: Network) -> AsyncIterator[None]:
    for disk in network.nats_disks.values():
        disk.fill()
    yield
    for name, disk in network.nats_disks.items():
        disk.free()
        await network.nats[name].kill()  # it gives JetStream up until it is started again
        await network.nats[name].start()


@fault(
    "the disk of the NATS server that leads the stream", "full", Part.SMALL_DISKS, processes=(3,), all_ready=False
)
async def leaders_disk_full(network: Network) -> AsyncIterator[None]:
    name = await network.leader("LIVINGMAP")
    network.nats_disks[name].fill()
    yield
    network.nats_disks[name].free()
    await network.nats[name].kill()
    await network.nats[name].start()


@fault("the disk of PostgreSQL", "full", Part.SMALL_DISKS)
async def postgres_disk_full(network: Network) -> AsyncIterator[None]:
    network.postgres_disk.fill()
    yield
    network.postgres_disk.free()
    await network.postgres.stop()  # it may have ended by itself
    await network.postgres.start()
