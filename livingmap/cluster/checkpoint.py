"""Checkpoints: the scene at a position of the log, kept beside it for processes that join later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
import zstandard

from livingmap.core.model import Json, Position

FORM: Final = 2
"""Of what another version of the program has saved in another form nothing can be made."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a process needs to read the log from ``read_up_to`` on as if it had read all before."""

    position: Position
    """The position of the last event that the states hold."""
    read_up_to: int
    """The last ``seq`` that was read; beyond the position if what stands there is not an event."""
    states: Mapping[str, Json]
    term: int = 0
    """The term of the newest leader of which a message was read."""
    revision: int = 0
    """By which the `livingmap.cluster.checkpoint_store.CheckpointStore` knows it, which it is from."""


def encode(position: Position, read_up_to: int, term: int, states: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a checkpoint as it is stored; ``states`` come as JSON."""
    seqs = {"seq": position.seq, "read_up_to": read_up_to, "term": term}
    head = orjson.dumps({"form": FORM, "epoch": position.epoch, **seqs})
    body = b",".join(orjson.dumps(name) + b":" + state for name, state in states)
    return zstandard.compress(head[:-1] + b',"states":{' + body + b"}}", 1)


def decode(data: bytes) -> Checkpoint | None:
    """Return what `encode` wrote; None if another version of the program did."""
    kept = orjson.loads(zstandard.decompress(data))
    if kept.get("form") != FORM:
        return None
    return Checkpoint(Position(kept["epoch"], kept["seq"]), kept["read_up_to"], kept["states"], kept["term"])
