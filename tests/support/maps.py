"""Whole maps for tests: the real program, built from YAML, asked once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.history import History
from livingmap.history.memory import MemoryHistory
from livingmap.sources.registry import load_source

FAMILIES = ("agents", "microdao", "dao", "space", "usage", "messaging", "city")
SOURCES = [load_source(name, None, Path()) for name in sorted((*FAMILIES, "registry"))]


@contextlib.asynccontextmanager
async def living_map(
    folder: Path,
    sources: Mapping[str, Mapping[str, Any]],
    *,
    polled: bool = True,
    kept: History | None = None,
    **rest: Any,
) -> AsyncIterator[LivingMap]:
    """Build the map of ``sources``, with a history that is ``kept`` if one is given; ask every service once."""
    file = folder / "map.yaml"
    file.write_text(yaml.safe_dump({"sources": dict(sources), **rest}, sort_keys=False))
    living = LivingMap(load(file), kept or MemoryHistory())
    if polled:
        await poll(living)
    try:
        yield living
    finally:
        await living.close()


async def poll(living: LivingMap, times: int = 1) -> None:
    """Ask every service."""
    for _ in range(times):
        await asyncio.gather(*(poller.poll() for poller in living.pollers.values()))


def browser(living: LivingMap) -> httpx.AsyncClient:
    """Return a client of the map's HTTP API."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(living.http, raise_app_exceptions=False), base_url="http://map"
    )


async def snapshot(living: LivingMap) -> Any:
    """Return the snapshot as a client gets it."""
    async with browser(living) as client:
        return (await client.get("/living-map/snapshot")).raise_for_status().json()
