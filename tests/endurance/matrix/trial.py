"""One fault upon one network under load: what the map said meanwhile, what was lost, when it was well again."""

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from livingmap.history.query import MORE_MISSED
from tests.endurance.matrix.crowd import Crowd, Elsewhere, elsewhere
from tests.endurance.matrix.fault import Fault
from tests.endurance.matrix.judge import Order, Snapshots
from tests.endurance.matrix.load import Load, Publisher, meanwhile, repeatedly
from tests.endurance.matrix.network import Network, Part, network
from tests.support.map_process import MapProcess
from tests.support.nats_server import stored, until
from tests.support.postgres import gaps, kept
from tests.support.small_disk import NoSmallDisk

_WELL_SECONDS = 90
_ASKED_EVERY_SECONDS = 0.5
_REPORT_SECONDS = 15
"""How long after the last message was lost the history says so, at the latest."""
_START_SECONDS = 10
"""How long a process may take until it is ready, if what is amiss need not concern it."""


@dataclass(slots=True)
class Result:
    """What one trial showed."""

    fault: Fault
    processes: int
    said: set[str] = field(default_factory=set)
    """What was answered to the question whether a process is ready: ``ready``, ``not ready``, ``no answer``."""
    published: int = 0
    in_stream: int = 0
    in_history: int = 0
    out_of_reach: int = 0
    """How many messages no process can count: no NATS server took them, or the stream did not exist yet."""
    reported_lost: int = 0
    """How many messages the history says were lost before they were in the stream."""
    more_lost: bool = False
    """Whether the history says that more may have been lost, nobody knows how many."""
    well_again_seconds: float | None = None
    compared: int = 0
    """How often the state of a viewer was compared with a snapshot of its position."""
    events: int = 0
    """How many events viewers got as such."""
    skipped: int = 0
    """How many events came to viewers within others, because these had fallen behind."""
    connections: int = 0
    """How often viewers came."""
    events_per_second: float = 0
    """How many messages were published in a second while the fault lasted."""
    wrong: list[str] = field(default_factory=list)
    """What should not have been."""
    not_possible: str = ""
    """Why it could not be tried here."""

    @property
    def verdict(self) -> str:
        if self.not_possible:
            return f"not tried: {self.not_possible}"
        return "; ".join(self.wrong) or "holds"


async def tried(fault: Fault, processes: int, load: Load) -> Result:
    """Build a network, do it the fault under load, and look."""
    result = Result(fault, processes)
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        try:
            async with (
                network(Path(name), processes, fault.needs, front_door=load.front_door) as net,
                elsewhere(Crowd(net, load.viewers)) as crowd,
            ):
                trial = Trial(net, load, crowd, result)
                try:
                    await trial.run()
                except TimeoutError:
                    result.wrong.append("a wait of the trial ran out: " + _last_complaint(net))
                await crowd.ask(Crowd.leave)
                for status in await net.stop_maps():
                    if status != 0:
                        result.wrong.append(f"a process ended with status {status}")
                await trial.judge_viewers()
                if result.wrong:
                    net.keep_logs(f"{fault.of}, {fault.name}")
        except NoSmallDisk as error:
            result.not_possible = str(error)
    return result


class Trial:
    """One trial under way."""

    def __init__(self, net: Network, load: Load, crowd: Elsewhere, result: Result) -> None:
        self._net, self._load, self._crowd, self._result = net, load, crowd, result
        self._snapshots = Snapshots()
        self._publisher = Publisher()
        self._order: Order | None = None

    @property
    def _all_see_all(self) -> bool:
        """Whether no viewer's rights may differ from those of others, nor change."""
        return Part.POLICIES not in self._net.parts

    async def run(self) -> None:
        """Let it happen, and wait until all is well again. Raises TimeoutError if that never is."""
        fault, net = self._result.fault, self._net
        if fault.at_start:
            async with fault.disturb(net):
                await net.start_maps()
                async with self._publishing(), meanwhile(*self._questions()):
                    await asyncio.sleep(self._load.fault_seconds)
            await self._crowd.ask(Crowd.watch)
            async with self._publishing(), meanwhile(*self._looks()):
                await self._well_again()
        else:
            await net.start_maps()
            await asyncio.gather(*(one.asked() for one in net.maps))
            wandering = repeatedly(self._wander, _ASKED_EVERY_SECONDS)
            async with self._publishing(), meanwhile(*self._looks(), wandering):
                await self._well_again()
                async with fault.disturb(net), meanwhile(*self._questions()):
                    await self._last()
                await self._well_again()
        await self._rest()
        await self._judge_logs()

    async def _last(self) -> None:
        """Let the fault last; note how much went on."""
        published, began = len(self._publisher.published), time.monotonic()
        await asyncio.sleep(self._load.fault_seconds)
        self._result.events_per_second = (len(self._publisher.published) - published) / (time.monotonic() - began)

    # what goes on

    def _publishing(self) -> AbstractAsyncContextManager[None]:
        return meanwhile(self._publisher.run(self._net, self._load.events_per_second))

    def _questions(self) -> list[Coroutine[Any, Any, None]]:
        doors = [repeatedly(partial(self._net.try_doors, one), 1) for one in self._net.maps]
        return [*(self._ask(one) for one in self._net.maps), *doors]

    def _looks(self) -> list[Coroutine[Any, Any, None]]:
        return [repeatedly(partial(self._look, one), _ASKED_EVERY_SECONDS) for one in self._net.maps]

    async def _wander(self) -> None:
        await self._crowd.ask(partial(Crowd.watch, addresses=self._net.addresses))

    async def _look(self, living: MapProcess) -> None:
        async with asyncio.timeout(5):
            self._snapshots.add(await living.get("snapshot"))

    async def _ask(self, living: MapProcess) -> None:
        starting = self._result.fault.at_start and self._result.fault.all_ready
        may_start_until = time.monotonic() + (_START_SECONDS if starting else 0)
        while True:
            try:
                async with asyncio.timeout(3):
                    answer = await living.ready()
                said = str(answer["status"]).replace("_", " ")
            except (httpx.TransportError, TimeoutError):
                said = "no answer"
            if said == "ready" or time.monotonic() > may_start_until:
                may_start_until = 0
                self._result.said.add(said)
            await asyncio.sleep(_ASKED_EVERY_SECONDS)

    # what is waited for

    async def _well_again(self) -> None:
        """Wait until every process is ready, every viewer sees what is published now, and the history holds it."""
        began, number = time.monotonic(), len(self._publisher.published)

        async def has_all() -> bool:
            later = [one for one in self._publisher.published[number:] if one]
            if not later or await self._crowd.ask(Crowd.number) < later[0]:
                return False
            for living in self._net.maps:
                ready = await living.ready()
                if (ready["status"], ready["history"]) != ("ready", "written"):
                    return False
            return True

        async def is_well() -> bool:
            with contextlib.suppress(httpx.TransportError, KeyError):
                return await has_all()
            return False

        await until(is_well, _WELL_SECONDS, 0.1)
        self._result.well_again_seconds = time.monotonic() - began

    async def _rest(self) -> None:
        """Wait until each viewer stands where a snapshot stands, now that nothing is published.

        While the policy engine did not answer, rights may have differed.
        """
        await self._crowd.ask(Crowd.watch)
        async with meanwhile(*self._looks()):
            await until(self._all_at_snapshots, _WELL_SECONDS, 0.1)

    async def _all_at_snapshots(self) -> bool:
        """Tell whether all may see the same again, and a snapshot shows it."""
        places = await self._crowd.ask(Crowd.places)
        return places <= self._snapshots.states.keys() and len({one.view for one in places if one}) == 1

    # what is judged

    async def _judge_logs(self) -> None:
        result, wrong = self._result, self._result.wrong
        server = self._net.nats[await self._net.leader("LIVINGMAP")]
        log = [(seq, payload["number"]) for seq, _, payload in await stored(server) if "number" in payload]
        await until(lambda: self._is_kept(log[-1][0]), 60, 0.2)
        rows = [row for row in await kept(self._net.postgres) if "number" in row.payload]
        pairs = [(row.seq, row.payload["number"]) for row in rows]
        self._order = Order(rows[-1].epoch, log)
        result.published, result.in_stream, result.in_history = (
            len(self._publisher.published),
            len(log),
            len(set(pairs)),
        )
        await self._judge_gaps(log)
        if len(set(pairs)) != len(pairs):
            wrong.append("the history holds a message twice")
        if set(log) != set(pairs):
            wrong.append(f"the history lacks {len(set(log) - set(pairs))} messages that the stream holds")
        if result.fault.all_ready and result.said - {"ready"}:
            wrong.append(f"was {', '.join(sorted(result.said))}")
        wrong += [f"{one} was let in" for one in sorted(self._net.let_in)]

    async def _judge_gaps(self, log: Sequence[tuple[int, int]]) -> None:
        """Judge whether the history says what is not in the stream, whose sequences and numbers ``log`` are."""
        result, numbers = self._result, {number for _, number in log}
        lacking = set(self._publisher.published) - numbers
        result.out_of_reach = sum(one not in self._publisher.taken or one < min(numbers) for one in lacking)
        lost = len(lacking) - result.out_of_reach
        with contextlib.suppress(TimeoutError):
            await until(lambda: self._is_reported(lost), _REPORT_SECONDS, 0.5)
        missing = await gaps(self._net.postgres)
        result.reported_lost = sum(gap.events or 0 for gap in missing)
        result.more_lost = any(gap.reason == MORE_MISSED for gap in missing)
        if result.reported_lost > len(lacking):  # a server may have died before it sent one back
            result.wrong.append("the history says that more was lost than was")
        if result.reported_lost < lost and not result.more_lost:
            result.wrong.append(f"the history does not say that {lost - result.reported_lost} messages were lost")
        for gap in missing:
            if gap.events is None and any(gap.first_seq <= seq <= gap.last_seq for seq, _ in log):
                result.wrong.append("the history has a gap where the stream has messages")

    async def _is_reported(self, lost: int) -> bool:
        missing = await gaps(self._net.postgres)
        return any(gap.reason == MORE_MISSED for gap in missing) or sum(gap.events or 0 for gap in missing) >= lost

    async def _is_kept(self, seq: int) -> bool:
        rows = await self._net.postgres.fetch("SELECT 1 FROM living_map_history WHERE seq = $1 LIMIT 1", seq)
        return bool(rows)

    async def judge_viewers(self) -> None:
        """Judge what viewers were sent, now that there is time for it."""
        if self._order is None:
            return
        result, order, snapshots = self._result, self._order, self._snapshots
        judged = await self._crowd.ask(
            partial(Crowd.judged, order=order, snapshots=snapshots, sees_all=self._all_see_all)
        )
        result.events, result.skipped, result.connections = judged.events, judged.skipped, judged.connections
        result.compared = judged.comparison.same + judged.comparison.different
        result.wrong += [f"{count} viewers {fault}" for fault, count in judged.faults.items()]
        if judged.comparison.different:
            times = judged.comparison.different
            result.wrong.append(f"the states of viewers differ {times} times from the snapshot")
        if self._snapshots.contradictions:
            result.wrong.append(
                f"two snapshots of one position and view differ, {self._snapshots.contradictions} times"
            )
        if judged.comparison.same < self._load.viewers:
            result.wrong.append("too few states of viewers could be compared")


def _last_complaint(net: Network) -> str:
    lines: Iterable[dict[str, object]] = itertools.chain.from_iterable(one.said()[-200:] for one in net.maps)
    said = [line for line in lines if line.get("level") in ("warning", "error", "critical")]
    return str({key: said[-1].get(key) for key in ("event", "error")}) if said else "nothing was said"
