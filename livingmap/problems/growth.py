"""Growth: notices that a counter has grown lately. What only happens now and then is a problem for a while."""

from datetime import datetime


class Growth:
    """Whether a counter that began at 0 has grown within the last ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.began: datetime | None = None
        """When it began to grow again, after standing still for so long."""
        self.ended: datetime | None = None
        """When it was last seen to grow."""
        self._seconds = seconds
        self._count = 0

    def note(self, count: int, now: datetime) -> bool:
        """Note how far the counter is; tell whether it has grown lately."""
        if count > self._count:
            if not self._is_recent(now):
                self.began = now
            self.ended = now
        self._count = count
        return self._is_recent(now)

    def _is_recent(self, now: datetime) -> bool:
        return self.ended is not None and abs((now - self.ended).total_seconds()) <= self._seconds
