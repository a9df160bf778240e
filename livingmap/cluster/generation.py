"""The generation of the configuration: what the processes of a cluster read, and how one of them deviates.

The bucket keeps one generation: its number, and the sources that its processes have. A process that has all of
them, and more, makes a new generation; one that lacks some deviates: it follows, and leads only as a last resort.
So a rolling upgrade that adds a source works in any order, and a forgotten process takes nothing from the others.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import orjson
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from livingmap.transport.connection import call

_KEY: Final = "generation"


@dataclass(frozen=True, slots=True)
class Generation:
    """The sources that the processes of a cluster read, and the number of this configuration."""

    number: int = 0
    sources: frozenset[str] = frozenset()
    revision: int = 0
    """The revision of the bucket's key; 0 if there is none yet."""

    def lacking(self, sources: Collection[str]) -> list[str]:
        """Return what a process with ``sources`` lacks."""
        return sorted(self.sources.difference(sources))


async def read(bucket: KeyValue) -> Generation:
    """Return the generation of the cluster; number 0 if there is none yet."""
    try:
        entry = await call(bucket.get(_KEY), "reading the generation")
    except KeyNotFoundError:
        return Generation()
    kept = orjson.loads(entry.value or b"{}")
    return Generation(int(kept["number"]), frozenset(kept["sources"]), entry.revision or 0)


async def write(bucket: KeyValue, present: Generation, sources: Collection[str]) -> Generation:
    """Make the next generation, of ``sources``. Return it, or that of a process that was quicker."""
    number = present.number + 1
    data = orjson.dumps({"number": number, "sources": sorted(sources)})
    try:
        if present.revision:
            revision = await call(bucket.update(_KEY, data, last=present.revision), "writing the generation")
        else:
            revision = await call(bucket.create(_KEY, data), "writing the generation")
    except KeyWrongLastSequenceError:
        return await read(bucket)
    return Generation(number, frozenset(sources), revision)
