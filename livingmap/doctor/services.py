"""The services of the sources: each is asked once, as ``livingmap probe`` does."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from livingmap.app import LivingMap
from livingmap.config.loading import Config
from livingmap.doctor.asking import explained, shortened
from livingmap.doctor.finding import Code, Finding
from livingmap.history.memory import MemoryHistory
from livingmap.log.local import utc_now
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SourceSettings
from livingmap.transport.settings import NatsSettings


def map_of_polls(config: Config) -> LivingMap:
    """Return the map of a configuration without its NATS and its history: nothing fills it but polls."""
    return LivingMap(replace(config, nats=NatsSettings()), MemoryHistory())


async def polled(config: Config, names: Iterable[str]) -> LivingMap:
    """Return a map that has polled the sources ``names`` once."""
    living = map_of_polls(config)
    await asyncio.gather(*(living.pollers[name].try_out() for name in names))
    await living.close()
    return living


async def of_source(poller: Poller) -> Sequence[Finding]:
    """Return what is wrong with a source's service, and with what it answers."""
    await poller.try_out()
    state, settings = poller.state, poller.service.settings
    section = f"sources.{state.name}"
    if settings.mock:
        return []
    error = state.error_at(utc_now())
    if error is None:
        return _dropped(poller, section)
    cause = next(iter(poller.causes), None)
    if cause is not None and isinstance(settings, SourceSettings):
        return [await explained(state.service, section, settings, cause)]
    fix = f"see what the plugin needs; `livingmap probe {state.name}` shows all that came"
    return [Finding(Code.SOURCE_FAILS, section, shortened(error), fix)]


def _dropped(poller: Poller, section: str) -> Sequence[Finding]:
    """Return that a service sends rows which cannot be used: it is not of the map's making."""
    state = poller.state
    if not state.dropped_rows:
        return []
    what = f"{state.dropped_rows} of {state.rows} rows were dropped: {shortened(state.dropped[0])}"
    return [Finding(Code.ROWS_DROPPED, section, what)]


def broken_plugins(config: Config) -> list[Finding]:
    """Return the sources whose plugin cannot be loaded, and which the map starts without."""
    return [
        Finding(
            Code.PLUGIN_FAILS,
            f"sources.{one.name}",
            shortened(one.error),
            f"mend the plugin, or leave the source out: `sources.{one.name}.enabled: false`",
        )
        for one in config.sources
        if one.error is not None
    ]
