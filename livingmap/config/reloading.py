"""Reloading: the configuration is read again while the map runs, and used as a whole or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import structlog
from watchfiles import awatch

from livingmap.config.difference import Difference, difference, fixed
from livingmap.config.files import FileState
from livingmap.config.loading import Config, load
from livingmap.errors import ConfigError, ConfigFault, LogError
from livingmap.supervision import within

_WATCHED: Final = (".py", ".yaml", ".yml")
_LOAD_SECONDS: Final = 60.0
"""Plugins are imported anew, and one may hang."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a configuration that was read again."""

    at: datetime
    difference: Difference = field(default_factory=Difference)
    refused: tuple[str, ...] = ()
    """Why it is not used, line by line; the map goes on with the one before."""


Use: TypeAlias = Callable[[Config, Difference], Awaitable[None]]
"""Has the map use a configuration. Raises OSError, TimeoutError or LogError if it cannot; nothing changed then."""


class Reloading:
    """Reads the file of ``config`` again whenever `ask` was called, and hands what can be used to ``use``.

    What is wrong with it, or what only a restart can change, is logged and kept in `outcome`.
    """

    def __init__(self, config: Config, use: Use, now: Callable[[], datetime]) -> None:
        self.file = config.file
        self.used_at = now()
        """When the configuration was read that is used."""
        self.outcome: Outcome | None = None
        """Of the last time; None before the first."""
        self.begun = 0
        """How often `ask` had been called when the last reading began."""
        self.ended = 0
        """The same of the last reading that has ended, of which `outcome` is."""
        self.on_outcome: Callable[[], object] = _do_nothing
        """Is called when `run` begins, and when a reading begins and has ended."""
        self._config = config
        self._use = use
        self._now = now
        self._asked = 0
        self._wanted = asyncio.Event()

    async def watch(self) -> None:
        """Ask whenever a file of the configuration is written, until cancelled.

        While a new configuration is refused, a file that is new beside them may be the one that it lacks.
        """
        stamps = self._stamps()
        try:
            while True:
                folders = {file.parent for file in stamps if file.parent.is_dir()}
                async for changes in awatch(*folders, watch_filter=None, recursive=False, yield_on_timeout=True):
                    before, stamps = stamps, self._stamps()
                    is_new = any(Path(path).suffix in _WATCHED for _, path in changes)
                    if (is_new and self.is_refused) or _differ(before, stamps):
                        self.ask()
                    if not folders.issuperset(file.parent for file in stamps):
                        break
        except (OSError, RuntimeError) as error:
            _logger.warning("files are not watched any more; SIGHUP still reloads", error=str(error))

    @property
    def is_refused(self) -> bool:
        """Whether the configuration that was read last is not used."""
        return self.outcome is not None and bool(self.outcome.refused)

    def _stamps(self) -> dict[Path, object]:
        """Return how the files of the configuration are now."""
        own = [self.file] if self.file else []
        files = (state.file for one in self._config.sources for state in one.files)
        return {file: FileState.of(file).stamp for file in (*own, *files)}

    def ask(self) -> None:
        """Have the configuration read again, soon. Asked while one is read, it is read once more."""
        self._asked += 1
        self._wanted.set()

    async def run(self) -> None:
        """Read it whenever that was asked for, until cancelled."""
        self.on_outcome()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self.begun = self._asked
            self.on_outcome()
            self.outcome = await self.reload()
            self.ended = self.begun
            self.on_outcome()

    async def reload(self) -> Outcome:
        """Read it now; return what became of it."""
        try:
            return await self._reload()
        except ConfigError as error:
            lines = error.lines()
        except (OSError, TimeoutError, LogError) as error:
            lines = [str(error) or type(error).__name__]
        _logger.error("the new configuration is refused; the map goes on with the old one", reasons=lines)
        return Outcome(self._now(), refused=tuple(lines))

    async def _reload(self) -> Outcome:
        loading = asyncio.to_thread(_loaded, self.file, self._config)
        config = await within(_LOAD_SECONDS, loading, "reading the configuration")
        if faults := fixed(self._config, config):
            raise ConfigError(faults, str(self.file) if self.file else None)
        changes = difference(self._config, config)
        await self._use(config, changes)
        self._config, self.used_at = config, self._now()
        _logger.info(
            "the configuration was read again",
            added=list(changes.added),
            changed=list(changes.changed),
            removed=list(changes.removed),
        )
        return Outcome(self._now(), changes)


def _loaded(file: Path | None, previous: Config) -> Config:
    """Return the configuration that ``file`` holds now. Raises ConfigError, whatever a plugin does."""
    try:
        return load(file, previous)
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:
        fault = ConfigFault("sources", f"cannot be loaded: {type(error).__name__}: {error}")
        raise ConfigError([fault], str(file) if file else None) from error


def _differ(before: Mapping[Path, object], after: Mapping[Path, object]) -> bool:
    """Tell whether a file that is in both was written."""
    return any(file in before and before[file] != stamp for file, stamp in after.items())


def _do_nothing() -> None:
    pass
