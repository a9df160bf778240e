"""The stream to many viewers, beside nats-server's own WebSocket and a loop that awaits each viewer."""

import shutil
import subprocess
import sysconfig
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from scripts.bench.events import Tally
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

NATS: Final = Path(sysconfig.get_path("scripts")) / "nats-server"
_NAMES: Final = {"map": "the map", "nats": "nats-server", "loop": "FastAPI loop", "joined": "joined in C"}
_MODES: Final = {"20 ev/s": 20, "200 ev/s": 200, "saturated": 0}
_AGENTS: Final = 20
_WATCHERS: Final = 50
_LATE: Final = 1.2
_FEW_WATCHERS: Final = 10
"""At full speed looking closely would slow down the crowd."""


@dataclass
class Outcome:
    """What came of publishing to one crowd."""

    sent: int
    delivered: int
    astray: int
    seconds: float
    cpu: float
    crowd_cpu: float
    p50_ms: float
    p99_ms: float


_Measures: TypeAlias = dict[str, Callable[[Outcome], float]]

_MEASURES: Final[_Measures] = {"server CPU s per million deliveries": lambda one: one.cpu / one.delivered * 1e6}
_PACED: Final[_Measures] = {"p50 ms": lambda one: one.p50_ms, "p99 ms": lambda one: one.p99_ms}
_SATURATED: Final[_Measures] = {"deliveries/s": lambda one: one.delivered / one.seconds}


class Contender:
    """One server with its crowd, and what publishes to it: the server itself, or a program beside."""

    def __init__(self, kind: str, port: int, tally_file: Path, server: Process, publisher: Process) -> None:
        self.kind = kind
        self.memory = 0.0
        self._port = port
        self._tally_file = tally_file
        self._tally = Tally(tally_file)
        self._server = server
        self._publisher = publisher
        wait_for(port)

    def gather(self, viewers: int) -> Process:
        """Return a crowd that has joined."""
        before = self._server.resident_bytes()
        crowd = module("crowd", self.kind, self._port, viewers, self._tally_file)
        crowd.hear()
        self.memory = self.memory or (self._server.resident_bytes() - before) / 1024 / viewers
        return crowd

    def run(self, crowd: Process, rate: int, seconds: float, viewers: int) -> Outcome:
        """Publish to the crowd and return what came of it."""
        crowd.ask(watchers=_WATCHERS if rate else _FEW_WATCHERS)
        cpu = self._server.cpu_seconds()
        published = self._publisher.ask(rate=rate, seconds=seconds, viewers=viewers)
        self._tally.expected = published["sent"] * viewers
        seen = crowd.hear()
        return Outcome(
            published["sent"],
            seen["delivered"],
            seen["astray"],
            (seen["last"] - published["began"]) / 1e9,
            self._server.cpu_seconds() - cpu,
            seen["cpu_seconds"],
            seen["p50_ms"],
            seen["p99_ms"],
        )


def nats_server(folder: Path, port: int, websocket_port: int) -> Process:
    """Start a nats-server that also speaks to WebSockets."""
    config = folder / f"{port}.conf"
    config.write_text(
        f"host: 127.0.0.1\nport: {port}\nwebsocket {{ host: 127.0.0.1, port: {websocket_port}, no_tls: true }}\n"
    )
    process = Process(NATS, "-c", config, quiet=True)
    wait_for(port)
    return process


def published_aside(kind: str, port: int, tally_file: Path, *more: object) -> Process:
    """Start the program that publishes to the server which listens on ``port``."""
    publisher = module("servers", kind, port, tally_file, *more)
    publisher.hear()
    return publisher


def _contenders(folder: Path, stack: ExitStack, table: Table) -> Iterator[Contender]:
    for kind in _NAMES:
        port, tally_file = free_port(), folder / kind
        Tally.make(tally_file)
        if kind == "nats":
            back = free_port()
            server = stack.enter_context(nats_server(folder, back, port))
            publisher = stack.enter_context(published_aside(kind, back, tally_file))
        elif kind == "joined":
            if not (program := _compiled(folder)):
                table.note("fan-out: no C compiler, so nothing was measured beside a server in C")
                continue
            back = free_port()
            server = stack.enter_context(Process(program, str(port), str(back)))
            wait_for(port)
            publisher = stack.enter_context(published_aside(kind, back, tally_file))
        else:
            more = [_AGENTS] if kind == "map" else []
            server = publisher = stack.enter_context(module("servers", kind, port, tally_file, *more))
        yield Contender(kind, port, tally_file, server, publisher)


def _compiled(folder: Path) -> Path | None:
    """Return the server in C; None where nothing compiles it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program = folder / "joined.program"
    source = Path(__file__).with_name("joined.c")
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)  # noqa: S603 - the bench's own
    return program


def bench(scale: Scale, table: Table) -> None:
    """Measure all servers in turn, at each rate, with fresh viewers every round."""
    outcomes: dict[str, dict[str, list[Outcome]]] = {mode: defaultdict(list) for mode in _MODES}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        contenders = list(_contenders(Path(folder), stack, table))
        for _ in range(scale.rounds):
            with ExitStack() as crowds:
                joined = [(one, crowds.enter_context(one.gather(scale.viewers))) for one in contenders]
                for mode, rate in _MODES.items():
                    for contender, crowd in joined:
                        outcomes[mode][contender.kind].append(
                            contender.run(crowd, rate, scale.seconds, scale.viewers)
                        )
    for mode, rate in _MODES.items():
        what = f"fan-out to {scale.viewers:,} viewers, {mode}"
        _tell(what, rate, outcomes[mode], table)
        for kind, found in outcomes[mode].items():
            _tell_faults(f"{what}, {_NAMES[kind]}", rate, found, scale, table)
    _tell_limits(outcomes["saturated"], table)
    memory = {one.kind: [one.memory] for one in contenders if one.kind != "joined"}
    ours = memory.pop("map")
    table.row("fan-out: memory per viewer, KiB", ours, {_NAMES[kind]: kib for kind, kib in memory.items()})


def _tell(what: str, rate: int, found: dict[str, list[Outcome]], table: Table) -> None:
    for measure, of in (_MEASURES | (_PACED if rate else _SATURATED)).items():
        values = {kind: [of(one) for one in outcomes] for kind, outcomes in found.items()}
        ours = values.pop("map")
        table.row(f"{what}: {measure}", ours, {_NAMES[kind]: theirs for kind, theirs in values.items()})


def _tell_faults(where: str, rate: int, found: list[Outcome], scale: Scale, table: Table) -> None:
    """Remark on what was not delivered, or not in time."""
    missing = sum(one.sent * scale.viewers - one.delivered for one in found)
    if missing or any(one.astray for one in found):
        astray = sum(one.astray for one in found)
        table.note(f"{where}: {missing:,} deliveries missing, {astray:,} seen out of order")
    slowest = max(one.seconds for one in found)
    if rate and slowest > _LATE * scale.seconds:
        table.note(f"{where}: cannot; {scale.seconds:.0f} s of events took {slowest:.1f} s")


def _tell_limits(found: dict[str, list[Outcome]], table: Table) -> None:
    """Say how busy the crowd was, and what it could have counted."""
    for kind, outcomes in found.items():
        busy = median(one.crowd_cpu / one.seconds for one in outcomes)
        most = median(one.delivered / one.crowd_cpu for one in outcomes)
        cores = median(one.cpu / one.seconds for one in outcomes)
        name = _NAMES[kind]
        table.note(
            f"saturated, {name}: server {cores:.2f} cores, crowd {busy:.2f}; the crowd's limit on such reads is "
            f"{most:,.0f} deliveries per CPU second"
        )
