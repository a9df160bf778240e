"""Sources at work: the pollers of all sources, of which some can be replaced while the others go on."""

import asyncio
from collections.abc import Iterable

from livingmap.sources.poll import Poller
from livingmap.supervision import stop


class SourcesAtWork:
    """The pollers of the sources by name, and their tasks while `run` lasts."""

    def __init__(self, pollers: Iterable[Poller] = ()) -> None:
        self.pollers = {poller.source.name: poller for poller in pollers}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Poll all sources until cancelled. Raises what a poller raises: that would be a fault of the program."""
        try:
            while True:
                self._changed.clear()
                for name, poller in self.pollers.items():
                    if name not in self._tasks:
                        self._tasks[name] = asyncio.create_task(poller.run(), name=f"poll {name}")
                await self._change()
        finally:
            tasks, self._tasks = self._tasks, {}
            await stop([*tasks.values(), *self._leaving])
            self._leaving = []

    async def _change(self) -> None:
        """Return when there are other pollers; raise what a task raises. A source without polls ends at once."""
        changed = asyncio.create_task(self._changed.wait(), name="other sources")
        try:
            running = {changed, *self._tasks.values()}
            while not changed.done():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done.intersection(self._tasks.values()):
                    task.result()
        finally:
            changed.cancel()
        leaving, self._leaving = self._leaving, []
        await stop(leaving)

    def replace(self, pollers: Iterable[Poller]) -> list[Poller]:
        """Have ``pollers`` and no others from now on; return those that were replaced, which append no more."""
        new = {poller.source.name: poller for poller in pollers}
        replaced = [poller for name, poller in self.pollers.items() if new.get(name) is not poller]
        for poller in replaced:
            if task := self._tasks.pop(poller.source.name, None):
                task.cancel()
                self._leaving.append(task)
        self.pollers = new
        self._changed.set()
        return replaced
