"""A mock world at work: it answers in place of services, and publishes messages at a rate."""

import asyncio
from collections.abc import Callable, Mapping
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
    """Runs ``world``, if there is one; its messages go into ``log``."""

    def __init__(
        self,
        world: World | None,
        per_second: float,
        log: Log,
        now: Callable[[], datetime],
        plugins: Mapping[str, str],
    ) -> None:
        """``plugins`` are the names that the plugins of the sources give themselves, by source."""
        self._world = world
        self._rate = per_second
        self._log = log
        self._now = now
        self._plugins = plugins

    def reply(self, request: Request) -> Reply | None:
        """Answer as the service would; None if the world has no such service or path."""
        if self._world is None:
            return None
        named = replace(request, plugin=self._plugins.get(request.source, request.source))
        return self._world.reply(named, self._now())

    async def run(self) -> None:
        """Let things happen at the given rate until cancelled; end at once if nothing happens."""
        if self._world is None or self._rate <= 0:
            return
        loop = asyncio.get_running_loop()
        due, owed, pause = loop.time(), 0.0, max(1 / self._rate, _LEAST_PAUSE_SECONDS)
        while True:
            due += pause
            steps, owed = divmod(owed + self._rate * pause, 1)
            for _ in range(round(steps)):
                await self._step(self._world)
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
