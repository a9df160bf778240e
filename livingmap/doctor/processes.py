"""The other processes of the map: those that share its log, and those that run here with its file."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from livingmap.cluster.presence import Member
from livingmap.cluster.report import ClusterReport, report
from livingmap.config.loading import Config
from livingmap.config.server import ServerSettings
from livingmap.doctor.finding import Code, Finding
from livingmap.transport.connection import connected


async def of_processes(config: Config) -> Sequence[Finding]:
    """Return how the processes that share the log differ. Listens to them for some seconds."""
    async with connected(config.nats) as client:
        cluster = await report(client, config.nats)
    if cluster is None or not cluster.members:
        return []
    sources = [source.name for source, _ in config.enabled()]
    return [
        *_of_sources(cluster, sources),
        *_of_leader(cluster),
        *_of_history(config, cluster.members),
        *_of_addresses(cluster.members),
    ]


def _of_sources(cluster: ClusterReport, sources: Collection[str]) -> Iterable[Finding]:
    if lacks := cluster.generation.lacking(sources):
        what = f"other processes of the map have sources that this configuration lacks: {', '.join(lacks)}"
        fix = f"add them: {', '.join(f'`sources.{name}`' for name in lacks)}; or take them from the others as well"
        yield Finding(Code.LACKS_SOURCES, "sources", what, fix)
    for member in cluster.members:
        if behind := sorted(set(sources).difference(member.sources)):
            what = f"{_shown(member)} lacks sources of this configuration: {', '.join(behind)}"
            fix = "give that process this configuration: `livingmap reload` on its machine, or start it again"
            yield Finding(Code.OTHERS_LACK_SOURCES, "sources", what, fix)


def _of_leader(cluster: ClusterReport) -> Iterable[Finding]:
    for member in cluster.members:
        if not member.works:
            what = f"{_shown(member)} cannot lead: it cannot write the history"
            fix = (
                f"see `history` in `/living-map/sources` of {_shown(member)}, and whether it reaches the database"
            )
            yield Finding(Code.CANNOT_LEAD, "history.url", what, fix)
    if cluster.leader is None:
        fix = "wait for half a minute, and run `livingmap doctor` again; then see the logs of the processes"
        yield Finding(Code.NO_LEADER, "nats.stream", "no process leads: nothing is polled", fix)


def _of_history(config: Config, members: Sequence[Member]) -> Iterable[Finding]:
    others = len(members)
    if config.history.kind != "postgresql" and others > 1:
        what = f"{others} processes share the log, and each keeps a history of its own ({config.history.shown})"
        fix = "give all of them one database: `history.url: postgresql://user@host/database`"
        yield Finding(Code.HISTORY_NOT_SHARED, "history.url", what, fix)


def _of_addresses(members: Sequence[Member]) -> Iterable[Finding]:
    """Return which processes serve where those on other machines cannot ask them."""
    addresses = Counter(one.address for one in members)
    several_machines = any(one.address and not _is_local(one.address) for one in members)
    for member in members:
        if not member.address or not _is_local(member.address):
            continue
        if several_machines or addresses[member.address] > 1:  # two machines have one each
            what = f"{_shown(member)} cannot be asked by processes on other machines: it serves to its own alone"
            fix = (
                "set `server.host` there to an address of the machine, or to `0.0.0.0`; "
                "else it keeps its viewers when it is cut off from NATS, and so do the others"
            )
            yield Finding(Code.PEER_UNREACHABLE, "server.host", what, fix)


def _is_local(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    return not ServerSettings(host=host).reachable


def _shown(member: Member) -> str:
    return f"process {member.id} ({member.address})" if member.address else f"process {member.id}"


def of_refused(refusals: Iterable[tuple[int, Sequence[str]]]) -> list[Finding]:
    """Return that maps which run here with the file have refused what stands in it now."""
    return [
        Finding(
            Code.CONFIGURATION_REFUSED,
            "",
            f"process {pid} goes on with an older configuration: it refused this one, {'; '.join(reasons)}",
            "mend what it says and run `livingmap reload`, or start that process again",
        )
        for pid, reasons in refusals
    ]
