"""Real reverse proxies for tests: they run the recipes of deploy/proxies, with other addresses and files."""

import asyncio
import contextlib
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Authority
from tests.support.nats_server import until
from tests.support.ports import free_port

_TOP = Path(__file__).parents[2]
RECIPES = _TOP / "deploy" / "proxies"
SITE = "city.example.org"
Options = Mapping[str, str]
"""Texts of a recipe, and what a test has in their place."""


class ReverseProxy:
    """A proxy of ``program`` that listens on ``port``, not running until started, and that can be stopped."""

    def __init__(self, folder: Path, program: str, port: int, *arguments: str | Path) -> None:
        self.port = port
        self.trusted: ssl.SSLContext | None = None
        """What trusts its certificate, once it has one."""
        self._folder, self._program, self._arguments = folder, program, arguments
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once it listens."""
        get = [_TOP / "scripts" / "get_proxy.sh", self._program]
        path = (await asyncio.to_thread(subprocess.check_output, get, text=True)).strip()
        own = {**os.environ, "HOME": str(self._folder), "XDG_DATA_HOME": str(self._folder)}
        with (self._folder / "proxy.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                path, *self._arguments, stdout=log, stderr=log, env=own, cwd=self._folder
            )
        await until(self._listens)

    async def stop(self) -> None:
        """End it at once, with all its connections."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _listens(self) -> bool:
        assert self._process
        assert self._process.returncode is None, (self._folder / "proxy.log").read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


@dataclass(frozen=True)
class _Place:
    """Where a proxy of a test is set up."""

    folder: Path
    port: int
    authority: Authority

    @property
    def certificate(self) -> tuple[Path, Path]:
        return self.authority.issue(SITE)


def _nginx(place: _Place, upstreams: tuple[str, ...], options: Options) -> ReverseProxy:
    certificate, key = place.certificate
    replaced = {
        "listen 443 ssl": f"listen 127.0.0.1:{place.port} ssl",
        f"/etc/ssl/{SITE}.pem": str(certificate),
        f"/etc/ssl/{SITE}.key": str(key),
        "127.0.0.1:7017": upstreams[0],
    }
    return nginx(place.folder, place.port, _recipe("nginx.conf", {**replaced, **options}))


def nginx(folder: Path, port: int, servers: str) -> ReverseProxy:
    """Return an nginx with the section ``servers``, in which one listens on ``port``."""
    file = folder / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in kinds)
    account = "user root root;" if os.geteuid() == 0 else ""  # or else it may not read the test's folder
    file.write_text(
        f"{account} daemon off; pid {folder}/nginx.pid; worker_processes 1;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n  access_log off;\n{temporary}\n{servers}\n}}\n"
    )
    return ReverseProxy(folder, "nginx", port, "-c", file, "-e", folder / "error.log")


def _haproxy(place: _Place, upstreams: tuple[str, ...], options: Options) -> ReverseProxy:
    certificate, key = place.certificate
    both = place.folder / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    replaced = {
        "bind :443": f"bind 127.0.0.1:{place.port}",
        f"/etc/haproxy/{SITE}.pem": str(both),
        "10.0.0.5:7017": upstreams[0],
        "10.0.0.6:7017": upstreams[-1],
    }
    file = place.folder / "haproxy.cfg"
    file.write_text(_recipe("haproxy.cfg", {**replaced, **options}))
    return ReverseProxy(place.folder, "haproxy", place.port, "-db", "-f", file)


def _caddy(place: _Place, upstreams: tuple[str, ...], options: Options) -> ReverseProxy:
    file = place.folder / "Caddyfile"
    certificate, key = place.certificate
    own = (
        f"{{\n admin off\n auto_https disable_redirects\n https_port {place.port}\n default_bind 127.0.0.1\n}}\n"
        f"(certificate) {{\n tls {certificate} {key}\n}}\n"
    )
    replaced = {"127.0.0.1:7017": upstreams[0], f"{SITE} {{\n": f"{SITE} {{\n import certificate\n"}
    file.write_text(own + _recipe("Caddyfile", {**replaced, **options}))
    return ReverseProxy(place.folder, "caddy", place.port, "run", "--config", file, "--adapter", "caddyfile")


_KINDS: dict[str, Callable[[_Place, tuple[str, ...], Options], ReverseProxy]] = {
    "nginx": _nginx,
    "haproxy": _haproxy,
    "caddy": _caddy,
}


def _recipe(name: str, replaced: Options) -> str:
    text = (RECIPES / name).read_text()
    for old, new in replaced.items():
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return text


@contextlib.asynccontextmanager
async def recipe(
    kind: str, folder: Path, *upstreams: str, options: Options | None = None
) -> AsyncIterator[ReverseProxy]:
    """Run the recipe for ``kind`` in front of maps at the addresses ``upstreams``."""
    folder = folder / kind
    folder.mkdir()
    authority = Authority(folder)
    one = _KINDS[kind](_Place(folder, free_port(), authority), upstreams, options or {})
    one.trusted = ssl.create_default_context(cafile=authority.ca_file)
    async with running(one):
        yield one


@contextlib.asynccontextmanager
async def running(one: ReverseProxy) -> AsyncIterator[None]:
    """Run a proxy to the end of the block."""
    try:
        await one.start()
        yield
    finally:
        await one.stop()
