"""The proxy before the map: a request is sent to ``server.public_url``, and looked at where it arrives."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from livingmap.api.proxies import Proxies
from livingmap.config.server import ServerSettings
from livingmap.doctor.asking import explained
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.serving import refusal
from livingmap.errors import SourceError
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

_FORGED: Final = "192.0.2.77"
"""An address for documentation (RFC 5737), which no client has."""
_ARRIVAL_SECONDS: Final = 1.0
_PATH: Final = "/living-map/health/live"
_ANSWER: Final = b'{"status":"ok"}'
_RECIPES: Final = "as the recipes in `deploy/proxies` do"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as the map would get it."""

    peer: str
    """The address that it came from."""
    headers: Mapping[str, str]


def of_trust(settings: ServerSettings) -> Sequence[Finding]:
    """Return the networks of trusted proxies that hold everybody."""
    everybody = [one for one in settings.proxies if one.prefixlen == 0]
    if not everybody:
        return []
    what = f"{everybody[0]} lets every client claim any address by X-Forwarded-For"
    fix = "name the address of the proxy alone, such as `server.trusted_proxies: [127.0.0.0/8, 10.0.0.7]`"
    return [Finding(Code.EVERYBODY_TRUSTED, "server.trusted_proxies", what, fix)]


async def of_proxy(settings: ServerSettings) -> Sequence[Finding]:
    """Return what is wrong on the way from ``public_url`` to the map.

    While no map listens, the doctor does for a moment; else only the answer can be looked at.
    """
    if settings.public_url is None:
        return []
    if refusal(settings) is not None or settings.port == 0:
        return await _of_running_map(settings.public_url)
    arrivals: list[Arrived] = []
    mark = secrets.token_hex(8)
    async with await _listening(settings, mark, arrivals):
        error = await _asked(settings.public_url, mark)
    if arrivals:
        return [*_judged(settings, arrivals[0])]
    if error is None:
        return [_elsewhere(settings, "something else answers there")]
    finding = await _explained(settings.public_url, error)
    reached = finding.code not in (Code.FAILS, Code.OTHER_SHAPE, Code.NOT_THERE, Code.REFUSES, Code.SIGN_IN)
    return [finding if reached else _elsewhere(settings, finding.what)]


async def _of_running_map(public_url: str) -> Sequence[Finding]:
    error = await _asked(public_url, "")
    if error is not None:
        return [await _explained(public_url, error)]
    what = "a map answers through it; how its requests arrive can only be seen while no map listens"
    return [Finding(Code.PROXY_UNSEEN, "server.public_url", what)]


async def _explained(public_url: str, error: SourceError) -> Finding:
    finding = await explained("the proxy", "server.public_url", ServiceSettings(base_url=public_url), error)
    where = "server.public_url"
    fix = finding.fix.replace("server.public_url.base_url", where)
    if finding.code is Code.TLS_UNTRUSTED:
        fix = "have the proxy show a certificate that this system trusts, or name its authority by `SSL_CERT_FILE`"
    if finding.code is Code.NO_ANSWER:
        fix = "see whether the proxy runs, and what it waits for, or correct `server.public_url`"
    return Finding(finding.code, where, finding.what, fix)


async def _asked(public_url: str, mark: str) -> SourceError | None:
    """Ask for a health check through the proxy, with forged headers; return why that failed."""
    client = ServiceClient("server", ServiceSettings(base_url=public_url, retries=0))
    headers = {"x-forwarded-for": _FORGED, "x-livingmap-doctor": mark}
    try:
        await client.get(_PATH, headers)
    except SourceError as error:
        return error
    finally:
        await client.close()
    return None


async def _listening(settings: ServerSettings, mark: str, arrivals: list[Arrived]) -> asyncio.Server:
    """Listen where the map would, and note the requests that have the mark."""

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(_ARRIVAL_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            headers = _headers(head)
            status = b"503 Service Unavailable"  # to whoever else comes by: no map is served
            if headers.get("x-livingmap-doctor") == mark:
                arrivals.append(Arrived(str(writer.get_extra_info("peername")[0]), headers))
                status = b"200 OK"
            length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(_ANSWER)
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-type: application/json\r\n" + length + _ANSWER)
            await writer.drain()
        writer.close()

    return await asyncio.start_server(on_connection, settings.host, settings.port)


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        before = headers.get(name.lower())
        headers[name.lower()] = f"{before}, {value.strip()}" if before else value.strip()
    return headers


def _judged(settings: ServerSettings, arrived: Arrived) -> Sequence[Finding]:
    proxies = Proxies(settings.proxies)
    forwarded = arrived.headers.get("x-forwarded-for", "")
    if not proxies.trust(arrived.peer):
        what = f"requests come from {arrived.peer}, which is not trusted: all clients count as that one address"
        trusted = ", ".join((*settings.trusted_proxies, arrived.peer))
        fix = f"`server.trusted_proxies: [{trusted}]`"
        return [Finding(Code.PROXY_UNTRUSTED, "server.trusted_proxies", what, fix)]
    if forwarded == _FORGED:
        what = "the proxy does not say where a request comes from: it passes on the client's own X-Forwarded-For"
        fix = f"have it add the client's address to X-Forwarded-For, {_RECIPES}"
        return [Finding(Code.PROXY_HEADERS, "server.public_url", what, fix)]
    if not forwarded:
        what = "the proxy does not say where a request comes from: all clients count as its own address"
        fix = f"have it send X-Forwarded-For, {_RECIPES}"
        return [Finding(Code.PROXY_HEADERS, "server.public_url", what, fix)]
    scheme = urlsplit(settings.public_url or "").scheme
    if arrived.headers.get("x-forwarded-proto", "http").lower() != scheme:
        what = f"the proxy does not say that clients come by {scheme}"
        fix = f"have it send X-Forwarded-Proto, {_RECIPES}"
        return [Finding(Code.PROXY_HEADERS, "server.public_url", what, fix)]
    return []


def _elsewhere(settings: ServerSettings, why: str) -> Finding:
    fix = f"have the proxy pass it to `{settings.host}:{settings.port}`, or correct `server.public_url`"
    return Finding(Code.PUBLIC_URL, "server.public_url", f"requests do not arrive at the map ({why})", fix)
