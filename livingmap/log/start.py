"""The start: where a process reads the stream from, and the scene that it has there."""

import structlog
from nats.js import JetStreamContext
from nats.js.api import StreamInfo

from livingmap.cluster.checkpoint import Checkpoint
from livingmap.cluster.checkpoint_store import CheckpointStore
from livingmap.cluster.checkpoints import Checkpoints
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.log.consumer import Consumer
from livingmap.transport.epoch import epoch_of

_logger = structlog.get_logger(__name__)


class Start:
    """Sets ``consumer`` and ``progress`` to where reading begins, and restores what ``checkpoints`` keep."""

    def __init__(
        self, store: CheckpointStore, checkpoints: Checkpoints, consumer: Consumer, progress: Progress
    ) -> None:
        self._store = store
        self._checkpoints = checkpoints
        self._consumer = consumer
        self._progress = progress

    async def find(self, js: JetStreamContext, info: StreamInfo) -> None:
        """Begin after what was taken, or from a checkpoint, or from the start of the stream."""
        epoch, first = epoch_of(info), info.state.first_seq
        goes_on = epoch == self._progress.position.epoch
        if goes_on and first <= self._consumer.taken + 1:
            return
        if goes_on:
            _logger.warning("the stream no longer has what was published meanwhile", up_to=first - 1)
        elif self._progress.position.epoch:
            last = str(self._progress.position)
            _logger.warning("the stream was made anew, and a new epoch begins", epoch=epoch, last=last)
        while (checkpoint := await self._store.load(js, epoch)) is not None:
            if goes_on and checkpoint.read_up_to <= self._consumer.taken:
                return
            if await self._restored(checkpoint):
                return
            goes_on = False  # nothing is left of the scene
        if not goes_on:
            start = max(first - 1, 0)
            await self._begin(Position(epoch, start), start, None)

    async def _restored(self, checkpoint: Checkpoint) -> bool:
        """Begin from a checkpoint; tell whether that was possible. If not, it would not be at any other start."""
        try:
            await self._begin(checkpoint.position, checkpoint.read_up_to, checkpoint)
        except Exception:
            _logger.exception("a checkpoint cannot be restored", position=str(checkpoint.position))
            self._store.reject(checkpoint)
            return False
        return True

    async def _begin(self, position: Position, start: int, checkpoint: Checkpoint | None) -> None:
        async with self._checkpoints.turn:
            self._consumer.skip(start)
            self._progress.begin(position, start, checkpoint.term if checkpoint else 0)
            self._checkpoints.restore(checkpoint)
