"""Mock worlds at work: they answer in place of services, and publish messages at a rate."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.model import Total
from livingmap.core.validity import invalid_reason
from livingmap.hookspecs import Reply, Request, World
from livingmap.log import Log

_LEAST_PAUSE_SECONDS: Final = 0.01

_logger = structlog.get_logger(__name__)


class Simulation:
    """Runs the worlds that were added; their messages go into ``log``."""

    def __init__(self, log: Log, now: Callable[[], datetime]) -> None:
        self._worlds: list[World] = []
        self._by_source: dict[str, World] = {}
        self._plugins: dict[str, str] = {}
        self._rate = 0.0
        self._log = log
        self._now = now
        self._happens = asyncio.Event()

    @property
    def sources(self) -> Collection[str]:
        """The sources whose services are simulated."""
        return self._by_source.keys()

    def add(self, world: World, plugins: Mapping[str, str], per_second: float) -> None:
        """Have ``world`` stand in for services, and so much happen in it.

        ``plugins`` are the names that the plugins of their sources give themselves, by source.
        """
        self._worlds.append(world)
        self._by_source |= dict.fromkeys(plugins, world)
        self._plugins |= plugins
        self._rate = per_second
        if per_second > 0:
            self._happens.set()

    def reply(self, request: Request) -> Reply | None:
        """Answer as the service would; None if the world has no such service or path."""
        world = self._by_source.get(request.source)
        if world is None:
            return None
        return world.reply(replace(request, plugin=self._plugins[request.source]), self._now())

    async def run(self) -> None:
        """Let things happen at the given rate until cancelled."""
        await self._happens.wait()
        loop = asyncio.get_running_loop()
        due, owed, pause = loop.time(), 0.0, max(1 / self._rate, _LEAST_PAUSE_SECONDS)
        while True:
            due += pause
            steps, owed = divmod(owed + self._rate * pause, 1)
            for _ in range(round(steps)):
                for world in self._worlds:
                    await self._step(world)
            due = max(due, loop.time())  # a stopped machine does not make up for lost time
            await asyncio.sleep(due - loop.time())

    async def _step(self, world: World) -> None:
        """Let one thing happen. A message that is not valid is logged and left out."""
        try:
            for message in world.step(self._now()):
                if problem := invalid_reason(Total("mock", message.payload)):
                    raise ValueError(f"{message.type}: {problem}")
                await self._log.append(message)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the plugin rim
            _logger.warning("the mock world made a mistake", error=f"{type(error).__name__}: {error}")
