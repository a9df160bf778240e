"""The snapshot after one change: made anew of the chunks that there are, beside encoding the whole layer."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Final

import orjson

from livingmap.api.snapshot import Snapshots
from livingmap.app import LivingMap
from livingmap.core.fold import refreshed
from livingmap.core.layers import layer
from livingmap.core.model import Put
from scripts.bench.network import living_map
from scripts.bench.table import Scale, Table

_LAYER: Final = "agents"
_AT_ONCE: Final = 1000
_CHANGES: Final = 21
"""In a round, each of another item."""


def bench(scale: Scale, table: Table) -> None:
    """Change one of as many simple items as agents of the other benches, and of ten times as many."""
    for items in (scale.agents, scale.agents * 10):
        asyncio.run(_bench(items, scale, table))


async def _bench(items: int, scale: Scale, table: Table) -> None:
    async with living_map(1) as living:
        for first in range(0, items, _AT_ONCE):
            await _put(living, *(f"agent:n-{number:06}" for number in range(first, min(items, first + _AT_ONCE))))
        snapshots = Snapshots(living.reader)
        first_ms = _ms(snapshots.prepared)
        anew: list[float] = []
        whole: list[float] = []
        for number in range(scale.rounds * _CHANGES):
            await _put(living, f"agent:n-{number * 997 % items:06}", status="busy" if number % 2 else "away")
            anew.append(_ms(snapshots.prepared))
            whole.append(_ms(lambda: _whole(living)))
        size = len(snapshots.prepared().body)
    what = f"snapshot after one change of {items:,} simple items: CPU ms"
    table.row(what, anew, {"its layer encoded as a whole": whole})
    table.note(f"{what}: {size / 1e6:.1f} MB; the longest {max(anew):.1f}, the first one {first_ms:.0f}")


async def _put(living: LivingMap, *ids: str, status: str = "idle") -> None:
    fields = {"name": "A simple one", "status": status, "node_id": "node:n-1"}
    changes = [Put(_LAYER, entity_id, fields) for entity_id in ids]
    await living.log.append(refreshed("agents", living.log.position.seq, changes))


def _whole(living: LivingMap) -> str:
    body = b'{"layers":{%b}}' % orjson.dumps(layer(living.fold.scene, _LAYER))
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000
