"""The stream to many viewers, beside nats-server's own WebSocket and a loop that awaits each viewer."""

import sysconfig
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from scripts.bench.events import Tally
from scripts.bench.process import Process, module, wait_for
from scripts.bench.table import Scale, Table

NATS: Final = Path(sysconfig.get_path("scripts")) / "nats-server"
_PORTS: Final = {"map": 7301, "nats": 7302, "loop": 7303, "bare": 7304}
_NATS_PORT: Final = 7305
_NAMES: Final = {"nats": "nats-server", "loop": "FastAPI loop", "bare": "bare sockets"}
_MODES: Final = {"20 ev/s": 20, "200 ev/s": 200, "saturated": 0}
_AGENTS: Final = 20
_WATCHERS: Final = 50
_LATE: Final = 1.2
_FEW_WATCHERS: Final = 10
"""At full speed looking closely would slow down the crowd."""


@dataclass
class _Outcome:
    sent: int
    delivered: int
    astray: int
    seconds: float
    cpu: float
    crowd_cpu: float
    p50_ms: float
    p99_ms: float


_Measures: TypeAlias = dict[str, Callable[[_Outcome], float]]

_MEASURES: Final[_Measures] = {"server CPU s per million deliveries": lambda one: one.cpu / one.delivered * 1e6}
_PACED: Final[_Measures] = {"p50 ms": lambda one: one.p50_ms, "p99 ms": lambda one: one.p99_ms}
_SATURATED: Final[_Measures] = {"deliveries/s": lambda one: one.delivered / one.seconds}


class _Contender:
    """One server with its crowd."""

    def __init__(self, kind: str, folder: Path, stack: ExitStack) -> None:
        self.kind = kind
        self.memory = 0.0
        self._tally_file = folder / kind
        self._tally = Tally.make(self._tally_file)
        if kind == "nats":
            self._server = stack.enter_context(_nats_server(folder))
            self._publisher = stack.enter_context(module("servers", kind, _NATS_PORT, self._tally_file))
            self._publisher.hear()
        else:
            more = [_AGENTS] if kind == "map" else []
            self._server = self._publisher = stack.enter_context(
                module("servers", kind, _PORTS[kind], self._tally_file, *more)
            )
        wait_for(_PORTS[kind])

    def gather(self, viewers: int) -> Process:
        """Return a crowd that has joined."""
        before = self._server.resident_bytes()
        crowd = module("crowd", self.kind, _PORTS[self.kind], viewers, self._tally_file)
        crowd.hear()
        self.memory = self.memory or (self._server.resident_bytes() - before) / 1024 / viewers
        return crowd

    def run(self, crowd: Process, rate: int, scale: Scale) -> _Outcome:
        """Publish to the crowd and return what came of it."""
        crowd.ask(watchers=_WATCHERS if rate else _FEW_WATCHERS)
        cpu = self._server.cpu_seconds()
        published = self._publisher.ask(rate=rate, seconds=scale.seconds, viewers=scale.viewers)
        self._tally.expected = published["sent"] * scale.viewers
        seen = crowd.hear()
        return _Outcome(
            published["sent"],
            seen["delivered"],
            seen["astray"],
            (seen["last"] - published["began"]) / 1e9,
            self._server.cpu_seconds() - cpu,
            seen["cpu_seconds"],
            seen["p50_ms"],
            seen["p99_ms"],
        )


def _nats_server(folder: Path) -> Process:
    config = folder / "nats.conf"
    config.write_text(
        f"host: 127.0.0.1\nport: {_NATS_PORT}\n"
        f"websocket {{ host: 127.0.0.1, port: {_PORTS['nats']}, no_tls: true }}\n"
    )
    process = Process(NATS, "-c", config, quiet=True)
    wait_for(_NATS_PORT)
    return process


def bench(scale: Scale, table: Table) -> None:
    """Measure all servers in turn, at each rate, with fresh viewers every round."""
    outcomes: dict[str, dict[str, list[_Outcome]]] = {mode: defaultdict(list) for mode in _MODES}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        contenders = [_Contender(kind, Path(folder), stack) for kind in _PORTS]
        for _ in range(scale.rounds):
            with ExitStack() as crowds:
                joined = [(one, crowds.enter_context(one.gather(scale.viewers))) for one in contenders]
                for mode, rate in _MODES.items():
                    for contender, crowd in joined:
                        outcomes[mode][contender.kind].append(contender.run(crowd, rate, scale))
    for mode, rate in _MODES.items():
        what = f"fan-out to {scale.viewers:,} viewers, {mode}"
        _tell(what, rate, outcomes[mode], table)
        for kind, found in outcomes[mode].items():
            _tell_faults(f"{what}, {_NAMES.get(kind, 'the map')}", rate, found, scale, table)
    _tell_limits(outcomes["saturated"], table)
    memory = {one.kind: [one.memory] for one in contenders if one.kind != "bare"}
    ours = memory.pop("map")
    table.row("fan-out: memory per viewer, KiB", ours, {_NAMES[kind]: kib for kind, kib in memory.items()})


def _tell(what: str, rate: int, found: dict[str, list[_Outcome]], table: Table) -> None:
    for measure, of in (_MEASURES | (_PACED if rate else _SATURATED)).items():
        values = {kind: [of(one) for one in outcomes] for kind, outcomes in found.items()}
        ours = values.pop("map")
        table.row(f"{what}: {measure}", ours, {_NAMES[kind]: theirs for kind, theirs in values.items()})


def _tell_faults(where: str, rate: int, found: list[_Outcome], scale: Scale, table: Table) -> None:
    """Remark on what was not delivered, or not in time."""
    missing = sum(one.sent * scale.viewers - one.delivered for one in found)
    if missing or any(one.astray for one in found):
        astray = sum(one.astray for one in found)
        table.note(f"{where}: {missing:,} deliveries missing, {astray:,} seen out of order")
    slowest = max(one.seconds for one in found)
    if rate and slowest > _LATE * scale.seconds:
        table.note(f"{where}: cannot; {scale.seconds:.0f} s of events took {slowest:.1f} s")


def _tell_limits(found: dict[str, list[_Outcome]], table: Table) -> None:
    """Say how busy the crowd was, and what it could have counted."""
    for kind, outcomes in found.items():
        busy = median(one.crowd_cpu / one.seconds for one in outcomes)
        most = median(one.delivered / one.crowd_cpu for one in outcomes)
        cores = median(one.cpu / one.seconds for one in outcomes)
        name = _NAMES.get(kind, "the map")
        table.note(
            f"saturated, {name}: server {cores:.2f} cores, crowd {busy:.2f}; the crowd's limit on such reads is "
            f"{most:,.0f} deliveries per CPU second"
        )
