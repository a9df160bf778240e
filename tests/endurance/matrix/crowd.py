"""The viewers of a trial, in a process of their own: many cost so much that relays and services would be late."""

import asyncio
import contextlib
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from tests.endurance.matrix.judge import Comparison, Order, Snapshots, seen_wrongly
from tests.endurance.matrix.network import Network
from tests.endurance.matrix.viewers import Messages, Place, Viewer

_ROUND_SECONDS: Final = 0.05
_STAYS_SECONDS: Final = 6
"""How long a viewer has a connection, on average."""
_AWAY_SECONDS: Final = 3
_T = TypeVar("_T")
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Judged:
    """What all viewers together were sent, and what was wrong with it."""

    faults: Counter[str] = field(default_factory=Counter)
    comparison: Comparison = field(default_factory=Comparison)
    events: int = 0
    skipped: int = 0
    connections: int = 0


class Crowd:
    """Viewers that come and go. `look` is to be called often."""

    def __init__(self, net: Network, size: int) -> None:
        self._messages = Messages()
        self._viewers = [
            Viewer(
                net.addresses[number % len(net.addresses)],
                self._messages,
                sse=number % 3 == 2,
                token=net.token(number),
            )
            for number in range(size)
        ]
        self._watches = False
        self._addresses: Sequence[str] = ()
        self._moves_at = 0.0
        self._dice = random.Random(1)

    def look(self) -> None:
        """Take what has come to each, without waiting for anything."""
        if not self._watches:
            return
        while self._addresses and time.monotonic() >= self._moves_at:
            self._moves_at = max(self._moves_at, time.monotonic() - 1) + _STAYS_SECONDS / len(self._viewers)
            self._move(self._dice.choice(self._viewers))
        for one in self._viewers:
            one.look()

    def _move(self, viewer: Viewer) -> None:
        viewer.address = self._dice.choice(self._addresses)
        match self._dice.randrange(10):
            case 0:
                viewer.forget()
            case 1 | 2:
                viewer.break_off(_AWAY_SECONDS)
            case _:
                viewer.break_off()

    # what may be asked of it

    def watch(self, addresses: Sequence[str] = ()) -> None:
        """Watch from now on. With addresses: lose connections now and then, and come back to any of these.

        Some stay away for a while; some have forgotten where they were.
        """
        self._watches, self._addresses = True, addresses

    def leave(self) -> None:
        """Watch no more."""
        self._watches = False
        for one in self._viewers:
            one.break_off()

    def number(self) -> int:
        """Return the number of the last message that all have got to."""
        return min(one.number for one in self._viewers)

    def places(self) -> set[Place | None]:
        """Return where they stand, and what they may see there; None for one who has no cursor."""
        return {Place.of(one.cursor) if one.cursor else None for one in self._viewers}

    def judged(self, order: Order, snapshots: Snapshots, *, sees_all: bool) -> Judged:
        """Judge all that they were sent."""
        judged = Judged(connections=sum(one.connections for one in self._viewers))
        for life in (life for one in self._viewers for life in one.lives):
            glances = [self._messages.glance(one) for one in life]
            judged.faults.update(seen_wrongly(glances, order, sees_all=sees_all))
            judged.events += sum(one.kind == "event" for one in glances)
            judged.skipped += sum(one.skipped for one in glances)
            judged.comparison.fold(life, self._messages, snapshots)
        return judged


class Elsewhere:
    """A crowd in another process, which does what it is asked one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._line = ThreadPoolExecutor(1)

    async def ask(self, question: Callable[[Crowd], _T]) -> _T:
        """Return what a method of `Crowd` returns, bound to its other arguments if it has any."""
        return await asyncio.get_running_loop().run_in_executor(self._line, self._exchange, question)

    def _exchange(self, question: Callable[[Crowd], Any]) -> Any:
        self._connection.send(question)
        return self._connection.recv()


@contextlib.asynccontextmanager
async def elsewhere(crowd: Crowd) -> AsyncIterator[Elsewhere]:
    """Let a crowd live in a process of its own until the end of the block."""
    own, its = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_live, args=(crowd, its), daemon=True)
    process.start()
    its.close()
    try:
        yield Elsewhere(own)
    finally:
        process.kill()
        process.join()
        own.close()


def _live(crowd: Crowd, connection: Connection) -> None:
    with contextlib.suppress(EOFError):  # the trial is over
        while True:
            crowd.look()
            if connection.poll(_ROUND_SECONDS):
                question: Callable[[Crowd], Any] = connection.recv()
                connection.send(question(crowd))
