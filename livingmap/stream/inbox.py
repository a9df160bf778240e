"""The inbox of a connection: a queue for its one reader that takes little memory while it is empty."""

import asyncio
from typing import Any


class Inbox(asyncio.Queue[Any]):
    """What uvicorn does with an `asyncio.Queue`, without its three deques and its event, which take 3 KiB."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._filled: asyncio.Future[None] | None = None

    def put_nowait(self, item: Any) -> None:
        """Add an item."""
        self._items.append(item)
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)

    async def get(self) -> Any:
        """Wait for an item, and take the oldest."""
        while not self._items:
            self._filled = asyncio.get_running_loop().create_future()
            try:
                await self._filled
            finally:
                self._filled = None
        return self._items.pop(0)

    def empty(self) -> bool:
        """Tell whether there is nothing to be taken."""
        return not self._items
