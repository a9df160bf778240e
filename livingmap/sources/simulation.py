"""Mock worlds at work: they answer in place of services, and publish messages at a rate."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

import structlog

from livingmap.core.model import Message, Total
from livingmap.core.validity import invalid_reason
from livingmap.hookspecs import Reply, Request, World
from livingmap.log import Log
from livingmap.sources.plugin_thread import PluginThread

T = TypeVar("T")

_LEAST_PAUSE_SECONDS: Final = 0.01

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Pace:
    """A world and how much happens in it."""

    world: World
    per_second: float
    owed: float = 0.0

    def steps(self, seconds: float) -> int:
        """Return how many things are to happen after so many more seconds."""
        steps, self.owed = divmod(self.owed + self.per_second * seconds, 1)
        return round(steps)


class Simulation:
    """Runs the worlds that were added, in a thread of theirs; their messages go into ``log``."""

    def __init__(self, log: Log, now: Callable[[], datetime]) -> None:
        self._worlds: list[_Pace] = []
        self._by_source: dict[str, World] = {}
        self._plugins: dict[str, str] = {}
        self._log = log
        self._now = now
        self._happens = asyncio.Event()
        self._thread = PluginThread("mock")

    @property
    def sources(self) -> Collection[str]:
        """The sources whose services are simulated."""
        return self._by_source.keys()

    def add(self, world: World, plugins: Mapping[str, str], per_second: float) -> None:
        """Have ``world`` stand in for services, and so much happen in it.

        ``plugins`` are the names that the plugins of their sources give themselves, by source.
        """
        self._worlds.append(_Pace(world, per_second))
        self._by_source |= dict.fromkeys(plugins, world)
        self._plugins |= plugins
        if per_second > 0:
            self._happens.set()

    async def reply(self, request: Request) -> Reply | None:
        """Answer as the service would; None if the world has no such service or path."""
        world = self._by_source.get(request.source)
        if world is None:
            return None
        asked, now = replace(request, plugin=self._plugins[request.source]), self._now()
        return await self._thread.run(_called(lambda: world.reply(asked, now)))

    async def run(self) -> None:
        """Let things happen in each world at its rate until cancelled."""
        await self._happens.wait()
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            pause = max(1 / max(pace.per_second for pace in self._worlds), _LEAST_PAUSE_SECONDS)
            due += pause
            for pace in list(self._worlds):
                if steps := pace.steps(pause):
                    await self._step(pace.world, steps)
            due = max(due, loop.time())  # a stopped machine does not make up for lost time
            await asyncio.sleep(due - loop.time())

    async def _step(self, world: World, steps: int = 1) -> None:
        """Let some things happen."""
        for messages in await self._thread.run(_called(lambda: [self._messages(world) for _ in range(steps)])):
            for message in messages:
                await self._log.append(message)

    def _messages(self, world: World) -> list[Message]:
        """Let one thing happen; return what is published of it. One that is not valid is logged, and ends it."""
        messages: list[Message] = []
        try:
            for message in world.step(self._now()):
                if problem := invalid_reason(Total("mock", message.payload)):
                    raise ValueError(f"{message.type}: {problem}")
                messages.append(message)
        except BaseException as error:  # noqa: BLE001 - the plugin rim
            _logger.warning("the mock world made a mistake", error=f"{type(error).__name__}: {error}")
        return messages

    async def close(self) -> None:
        """End the thread of the worlds."""
        await self._thread.close()


async def _called(function: Callable[[], T]) -> T:
    return function()
