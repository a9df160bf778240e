"""The checkpoint store: the two checkpoints of a log, in the object store of its server.

The last one is where a process that starts goes on from. It does not wait for the history, and a process need not
lead to save it. The recorded one is the last that the history covers: from there what it lacks is made again.

Example: the history ends at 500 because the database is away. At 80,000 a process starts from the checkpoint at
79,000. When the database is back, 501 to 79,000 are made again, from the recorded checkpoint at 480.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
import zstandard
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from livingmap.cluster.checkpoint import FORM, Checkpoint, decode
from livingmap.cluster.replicas import CHECKPOINTS, replicate
from livingmap.core.model import Position
from livingmap.transport import objects
from livingmap.transport.connection import NatsClient, call
from livingmap.transport.epoch import epoch_of

_FORM, _EPOCH, _READ_UP_TO = "form", "epoch", "read-up-to"
"""Headers of an object, which tell what is in it."""

_logger = structlog.get_logger(__name__)


class Kind(StrEnum):
    """Which checkpoint, and the name under which it is kept."""

    LAST = "checkpoint"
    RECORDED = "recorded-checkpoint"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A checkpoint as it is stored."""

    position: Position
    read_up_to: int
    data: bytes


class CheckpointStore:
    """The checkpoints in ``bucket``, which has the name of the stream."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._damaged: set[int] = set()
        """Revisions of those of which nothing can be made."""

    async def load(self, js: JetStreamContext, epoch: str, up_to: int | None = None) -> Checkpoint | None:
        """Return the last checkpoint of ``epoch``, or the last up to a ``seq``; None if none can be used."""
        kept = [one for kind in Kind if (one := await self._look(js, kind)) is not None]
        for one in sorted(kept, key=_read_up_to, reverse=True):
            if one.revision not in self._damaged and (up_to is None or _read_up_to(one) <= up_to):
                checkpoint = await self._load(js, one)
                if checkpoint is not None and checkpoint.position.epoch == epoch:
                    return replace(checkpoint, revision=one.revision)
        return None

    def reject(self, checkpoint: Checkpoint) -> None:
        """Leave a checkpoint aside that was loaded; whatever is saved next replaces it."""
        self._damaged.add(checkpoint.revision)

    async def _look(self, js: JetStreamContext, kind: Kind) -> objects.Kept | None:
        try:
            return await objects.look(js, self._bucket, kind)
        except (NatsError, OSError, TimeoutError) as error:
            _complain(error)
            return None

    async def _load(self, js: JetStreamContext, kept: objects.Kept) -> Checkpoint | None:
        try:
            return decode(await objects.get(js, self._bucket, kept))
        except (ValueError, KeyError, TypeError, zstandard.ZstdError) as error:
            self._damaged.add(kept.revision)
            _complain(error)
        except (NatsError, OSError, TimeoutError) as error:
            _complain(error)
        return None

    async def recorded_up_to(self, js: JetStreamContext, epoch: str) -> int:
        """Return up to where the history held the log of ``epoch`` at the recorded checkpoint; 0 without one."""
        kept = await objects.look(js, self._bucket, Kind.RECORDED)
        return _read_up_to(kept) if kept is not None and kept.header(_EPOCH) == epoch else 0

    async def save(self, client: NatsClient, kind: Kind, encoded: Encoded) -> int:
        """Save a checkpoint unless that which is there goes further; return up to where it goes then.

        Raises ConnectionError if another process saves one meanwhile, or the stream was made anew.
        """
        js, epoch = client.jetstream(), encoded.position.epoch
        await self._open(js)
        before = await objects.look(js, self._bucket, kind)
        if before is not None and self._is_usable(before, epoch) and _read_up_to(before) >= encoded.read_up_to:
            return _read_up_to(before)
        if epoch_of(await call(js.stream_info(self._bucket), "looking at the stream")) != epoch:
            raise ConnectionError("the stream was made anew")
        headers = {_FORM: str(FORM), _EPOCH: epoch, _READ_UP_TO: str(encoded.read_up_to)}
        await objects.put(client, self._bucket, kind, encoded.data, before, headers)
        return encoded.read_up_to

    def _is_usable(self, kept: objects.Kept, epoch: str) -> bool:
        is_ours = (kept.header(_FORM), kept.header(_EPOCH)) == (str(FORM), epoch)
        return is_ours and kept.revision not in self._damaged

    async def _open(self, js: JetStreamContext) -> None:
        try:
            await call(js.object_store(self._bucket), "opening the checkpoints")
        except NotFoundError:
            await call(js.create_object_store(self._bucket), "making the checkpoints' store")
            await replicate(js, self._bucket, CHECKPOINTS)


def _read_up_to(kept: objects.Kept) -> int:
    """Return up to where a checkpoint goes; 0 if it does not say."""
    text = kept.header(_READ_UP_TO)
    return int(text) if text.isascii() and text.isdecimal() else 0


def _complain(error: Exception) -> None:
    _logger.warning("a checkpoint cannot be used", error=f"{type(error).__name__}: {error}")
