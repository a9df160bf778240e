"""The snapshot of a large map over HTTP, beside nginx with the same bytes and a handler that returns a dict."""

import gzip
import json
import select
import socket
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from scripts.bench.events import Tally
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_PORTS: Final = {kind: free_port() for kind in ("map", "nginx", "dict")}
_PATHS: Final = {"map": "/living-map/snapshot", "nginx": "/snapshot", "dict": "/snapshot"}
_NAMES: Final = {"nginx": "nginx", "dict": "FastAPI returning the dict, plain"}
_CONNECTIONS: Final = 16
_SECONDS: Final = 0.5
_RENEWED_SECONDS: Final = 5.0
"""How long a snapshot's ages stay as they are."""
_CHUNK: Final = 1 << 20
_NGINX: Final = """
worker_processes 1;
daemon off;
master_process off;
error_log /dev/null;
pid {folder}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=10;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location = /snapshot {{
      alias {folder}/snapshot.json.gz;
      default_type application/json;
      add_header Content-Encoding gzip;
      add_header Vary Accept-Encoding;
    }}
  }}
}}
"""


@dataclass
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    size: int
    """Of the whole answer, in bytes."""


@dataclass
class _Outcome:
    requests_per_second: float
    cpu_us: float
    """Of the server, per request."""
    client: float
    """How much of a core the client needed."""


class _Server:
    def __init__(self, kind: str, process: Process) -> None:
        self.kind = kind
        self.process = process
        self.port = _PORTS[kind]
        self.path = _PATHS[kind]
        wait_for(self.port)

    def get(self, **headers: str) -> _Answer:
        """Ask once."""
        with socket.create_connection(("127.0.0.1", self.port)) as one:
            one.sendall(self._request(headers))
            data = b""
            while b"\r\n\r\n" not in data:
                data += one.recv(_CHUNK)
            head, _, body = data.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(found.get("content-length", 0))
            while len(body) < length:
                body += one.recv(_CHUNK)
        return _Answer(int(first.split()[1]), found, body, len(head) + 4 + length)

    def new_tag(self) -> str:
        """Return a tag that has just changed: nothing but 304 is answered for five seconds."""
        until, before = time.monotonic() + 2 * _RENEWED_SECONDS, self.get(Accept_Encoding="gzip").headers["etag"]
        while (tag := self.get(Accept_Encoding="gzip").headers["etag"]) == before:
            if time.monotonic() > until:
                raise TimeoutError("the ages in the snapshot are not renewed")
            time.sleep(0.02)
        return tag

    def load(self, seconds: float, **headers: str) -> _Outcome:
        """Ask over and over on a few connections. Only bytes are counted: all answers are as long as the second.

        The map's first one after a change has a header more, which is made for it alone.
        """
        request, size = self._request(headers), min(self.get(**headers).size for _ in range(2))
        waiting, poll, open_ones = {}, select.epoll(), {}
        for _ in range(_CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", self.port))
            open_ones[one.fileno()], waiting[one.fileno()] = one, size
            poll.register(one, select.EPOLLIN)
        buffer, answers = bytearray(_CHUNK), 0
        cpu, own, began = self.process.cpu_seconds(), time.process_time(), time.monotonic()
        for one in open_ones.values():
            one.sendall(request)
        while (passed := time.monotonic() - began) < seconds:
            for number, _ in poll.poll(seconds):
                # MSG_TRUNC: the kernel throws the bytes away (tcp(7)), which a client with work to do could not
                waiting[number] -= open_ones[number].recv_into(buffer, _CHUNK, socket.MSG_TRUNC)
                if waiting[number] <= 0:
                    answers += 1
                    waiting[number] += size
                    open_ones[number].sendall(request)
        cpu, own = self.process.cpu_seconds() - cpu, time.process_time() - own
        for one in open_ones.values():
            one.close()
        return _Outcome(answers / passed, cpu / max(answers, 1) * 1e6, own / passed)

    def _request(self, headers: dict[str, str]) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def bench(scale: Scale, table: Table) -> None:
    """Measure all servers in turn, with a body and with 304."""
    seconds = scale.seconds * _SECONDS
    whole: dict[str, list[_Outcome]] = defaultdict(list)
    unchanged: dict[str, list[_Outcome]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        servers = _servers(folder, scale, stack, table)
        for _ in range(scale.rounds):
            for server in servers:
                asked = {} if server.kind == "dict" else {"Accept_Encoding": "gzip"}
                whole[server.kind].append(server.load(seconds, **asked))
                if server.kind != "dict":
                    tag = server.new_tag() if server.kind == "map" else server.get(**asked).headers["etag"]
                    unchanged[server.kind].append(server.load(seconds, **asked, If_None_Match=tag))
    _tell("snapshot, gzip", whole, table)
    _tell("snapshot, 304", unchanged, table)


def _servers(folder: Path, scale: Scale, stack: ExitStack, table: Table) -> list[_Server]:
    tally, plain = folder / "tally", folder / "snapshot.json"
    Tally.make(tally)
    living = _Server("map", stack.enter_context(module("servers", "map", _PORTS["map"], tally, scale.agents)))
    compressed = _settled(living)
    plain.write_bytes(gzip.decompress(compressed.body))
    servers = [living]
    if scale.nginx:
        (folder / "snapshot.json.gz").write_bytes(compressed.body)
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=_PORTS["nginx"]))
        folder.chmod(0o755)  # nginx's worker is another account when this is root
        process = stack.enter_context(Process(scale.nginx, "-c", config, "-p", folder, quiet=True))
        servers.append(_Server("nginx", process))
    else:
        table.note("snapshot: nginx is not on PATH, so nothing was measured beside it")
    servers.append(_Server("dict", stack.enter_context(module("servers", "loop", _PORTS["dict"], tally, plain))))
    table.note(
        f"snapshot: {scale.agents:,} agents and what goes with them, {plain.stat().st_size / 1e6:.2f} MB, "
        f"{len(compressed.body) / 1e6:.2f} MB as the map's gzip"
    )
    return servers


def _settled(living: _Server) -> _Answer:
    """Return the snapshot once every source has been asked and it no longer changes."""
    before = living.get(Accept_Encoding="gzip")
    while True:
        time.sleep(1)
        now = living.get(Accept_Encoding="gzip")
        if now.headers["etag"] == before.headers["etag"] and _is_whole(now):
            return now
        before = now


def _is_whole(answer: _Answer) -> bool:
    """Tell whether every source has answered: on a busy machine the first polls take their time."""
    return all(one["observed_at"] for one in json.loads(gzip.decompress(answer.body))["meta"]["sources"])


def _tell(what: str, found: dict[str, list[_Outcome]], table: Table) -> None:
    rates = {kind: [one.requests_per_second for one in outcomes] for kind, outcomes in found.items()}
    cpu = {kind: [one.cpu_us for one in outcomes] for kind, outcomes in found.items()}
    for measure, values in (
        (f"requests/s, {_CONNECTIONS} connections", rates),
        ("server CPU µs per request", cpu),
    ):
        ours = values.pop("map")
        table.row(f"{what}: {measure}", ours, {_NAMES[kind]: theirs for kind, theirs in values.items()})
    busy = ", ".join(
        f"{_NAMES.get(kind, 'the map')} {median(one.client for one in outcomes):.2f}"
        for kind, outcomes in found.items()
    )
    table.note(f"{what}: cores that the client needed: {busy}")
