"""Where the map is served: its address, and the file descriptors that limit its connections."""

import contextlib
import errno
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from livingmap.api.connections import capacity, descriptors
from livingmap.api.server import local_address
from livingmap.config.server import ServerSettings
from livingmap.doctor.finding import Code, Finding
from livingmap.errors import LivingMapError
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

_LEAST_CONNECTIONS: Final = 300
"""With fewer, a single page with its reloads and a few streams can fill the map."""
_MOST_PORT: Final = 65_535

Maps = Mapping[int, str | None]
"""The maps of this account that run on this machine: the file of each, by the number of its process."""


async def of_port(settings: ServerSettings, maps: Maps, own: str | None) -> Sequence[Finding]:
    """Return what is wrong with the address that the map listens on; ``own`` is the file of the configuration."""
    error = refusal(settings)
    if error is None:
        return []
    if error.errno == errno.EADDRINUSE:
        return [await _taken(settings, maps, own)]
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EACCES:
        fix = "take a port of 1024 or more, such as `server.port: 7017`"
        return [Finding(Code.CANNOT_LISTEN, "server.port", f"this account may not listen on {where}", fix)]
    what = f"{settings.host} is not an address of this machine ({error.strerror or error})"
    fix = "write one that is, or `server.host: 0.0.0.0` for all of them"
    return [Finding(Code.CANNOT_LISTEN, "server.host", what, fix)]


def refusal(settings: ServerSettings) -> OSError | None:
    """Return why nothing can listen on the address; None if something can. Takes it for a moment only."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(1)
        except OSError as error:
            return error
    return None


async def _taken(settings: ServerSettings, maps: Maps, own: str | None) -> Finding:
    where = f"{settings.host}:{settings.port}"
    holder = _holder(settings.port)
    fix = f"end it, or take another port, such as `server.port: {_free(settings)}`"
    # unseen, as in the image, which has no psutil: where a map answers, it is the one that runs with this file
    pid = holder[0] if holder else next((pid for pid, file in maps.items() if file == own), 0)
    if pid in maps and (holder or await _is_a_map(settings)):
        file = maps[pid]
        what = f"a map listens on {where}: process {pid}, with {file or 'the environment'}"
        return Finding(Code.PORT_OF_A_MAP, "server.port", what, "" if file == own else fix)
    by = f"process {holder[0]} ({holder[1]})" if holder else "a process of which this account may see nothing"
    if await _is_a_map(settings):
        what = f"a map listens on {where}: {by}; if it has another configuration, this one cannot be served there"
        return Finding(Code.PORT_OF_A_MAP, "server.port", f"{what} (`ps` shows its `--config`)")
    return Finding(Code.PORT_TAKEN, "server.port", f"{where} is taken by {by}", fix)


def _holder(port: int) -> tuple[int, str] | None:
    """Return number and name of the process that listens on a port, as far as this account may see."""
    try:
        import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - it comes with the embedded PostgreSQL
    except ImportError:
        return None
    with contextlib.suppress(psutil.Error, OSError):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid:
                return one.pid, psutil.Process(one.pid).name()
    return None


async def _is_a_map(settings: ServerSettings) -> bool:
    address = local_address(settings.host, settings.port)
    client = ServiceClient("server", ServiceSettings(base_url=address, timeout_seconds=3, retries=0))
    try:
        answer = await client.get("/living-map/health")
    except LivingMapError:
        return False
    finally:
        await client.close()
    return isinstance(answer, dict) and answer.get("service") == "living-map-service"


def _free(settings: ServerSettings) -> int:
    """Return a port that can be listened on: the first after the present one."""
    later = (port for port in range(settings.port + 1, _MOST_PORT))
    free = (port for port in later if refusal(settings.model_copy(update={"port": port})) is None)
    return next(free, 0)


def of_descriptors(settings: ServerSettings) -> Sequence[Finding]:
    """Return what the file descriptors of a process do not allow, as far as a map gets those of this one."""
    allowed, files = capacity(settings), descriptors()
    if settings.connections is not None and settings.connections > allowed:
        what = (
            f"of {settings.connections} connections only {allowed} are possible: a process may open {files} files"
        )
        fix = f"raise the limit (`ulimit -n`, systemd's `LimitNOFILE=`), or set `server.connections: {allowed}`"
        return [Finding(Code.FEW_DESCRIPTORS, "server.connections", what, fix)]
    if settings.connections is None and allowed < _LEAST_CONNECTIONS:
        what = f"no more than {allowed} connections are possible: a process may open {files} files"
        fix = "raise the limit: `ulimit -n 65536`, or systemd's `LimitNOFILE=65536`"
        return [Finding(Code.FEW_DESCRIPTORS, "server.connections", what, fix)]
    return []
