"""Peers: what the processes of a map tell each other by HTTP when one of them is cut off from the log.

Example: at 12:00:00 process A notices that its log is gone. At 12:00:11 it asks B, which answers that it heard
from the log a second ago, and has followed it for an hour. So A alone is cut off, and its viewers are better off
with B. If NATS as a whole is away, B has heard nothing since before A noticed; if NATS is just back, B has not
followed it for long, and A will follow it soon. Then nobody sends viewers away, and A shows its branch.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog

from livingmap.cluster import Cluster
from livingmap.core.model import Json
from livingmap.core.progress import Phase, Progress
from livingmap.errors import SourceError
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import ServiceSettings

PATH: Final = "/living-map/health/peer"
_LOOK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 2.0
_PROOF_SECONDS: Final = 10.0
"""How long it counts that another process followed the log, though it may not answer now."""
_LASTING_SECONDS: Final = 30.0
"""Whoever has followed the log for so long did not find it a moment earlier than this process will."""
_MOST_ASKED: Final = 5

_logger = structlog.get_logger(__name__)


class Peers:
    """The other processes of ``cluster``, as far as this one has to know of them.

    ``silent_seconds`` returns for how long nothing came from the log; None without a connection to it.
    """

    def __init__(
        self,
        cluster: Cluster,
        progress: Progress,
        silent_seconds: Callable[[], float | None],
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._progress = progress
        self._silent_seconds = silent_seconds
        self._now = now
        self._clients: dict[str, JsonClient] = {}
        self._turn = 0
        self._attached_at: float | None = None
        self._lost_at: float | None = None
        self._proved_at: float | None = None

    def status(self) -> dict[str, Json]:
        """Return what another process is answered."""
        self._note()
        clock, since = asyncio.get_running_loop().time(), self._attached_at
        return {
            "process": self._cluster.id,
            "silent_seconds": None if since is None else self._silent_seconds(),
            "attached_seconds": None if since is None else clock - since,
            "peers": len(self._cluster.peers()),
        }

    def _note(self) -> None:
        """Note since when this process has followed the log, or has been without it."""
        clock, progress = asyncio.get_running_loop().time(), self._progress
        follows, is_away = progress.phase is Phase.LIVE, progress.away_since is not None
        self._attached_at = (self._attached_at or clock) if follows and not is_away else None
        self._lost_at = (self._lost_at or clock) if is_away else None

    async def run(self, send_away: Callable[[bool], None]) -> None:
        """Call ``send_away`` whenever viewers should go elsewhere, and when no longer. Runs until cancelled."""
        before = False
        try:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                away = await self.look()
                if away and not before:
                    _logger.warning("another process follows the log; viewers are sent there")
                elif before and not away:
                    _logger.info("viewers are taken in again")
                if away != before:
                    send_away(away)
                before = away
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections to the other processes."""
        await self._close(self._clients)

    async def look(self) -> bool:
        """Tell whether this process is cut off from the log, and another one is not."""
        clock = asyncio.get_running_loop().time
        self._note()
        if self._lost_at is None or not self._progress.is_detached(self._now()):
            self._proved_at = None
            return False
        if await self._is_followed_since(self._lost_at):
            self._proved_at = clock()
        return self._proved_at is not None and clock() - self._proved_at < _PROOF_SECONDS

    async def _is_followed_since(self, lost_at: float) -> bool:
        """Tell whether a peer heard from the log after this process had lost it, and not only just."""
        peers = self._in_turn()
        await self._close(self._clients.keys() - set(peers.values()))
        away_seconds = asyncio.get_running_loop().time() - lost_at  # before it is asked: what it answers is older
        answers = await asyncio.gather(*(self._asked(one, address) for one, address in peers.items()))
        is_followed = any(
            silent < away_seconds and attached >= min(away_seconds, _LASTING_SECONDS)
            for silent, attached in filter(None, answers)
        )
        if not is_followed:  # else the same ones are asked again: what they prove must not lapse meanwhile
            self._turn += len(peers)
        return is_followed

    def _in_turn(self) -> dict[str, str]:
        """Return the peers to ask now: all of them, or the next ones in turn."""
        peers = list(self._cluster.peers().items())
        self._turn %= max(len(peers), 1)
        return dict([*peers[self._turn :], *peers[: self._turn]][:_MOST_ASKED])

    async def _asked(self, peer: str, address: str) -> tuple[float, float] | None:
        """Return for how long a peer has heard nothing from the log, and has followed it; None if it does not."""
        client = self._clients.get(address)
        if client is None:
            client = self._clients[address] = JsonClient(f"peer {address}", _settings(address))
        try:
            answer = await client.get(PATH)
        except SourceError as error:
            _logger.debug("another process does not answer", address=address, error=str(error))
            return None
        match answer:
            case {
                "process": str(process),
                "silent_seconds": float() | int() as silent,
                "attached_seconds": float() | int() as attached,
            } if process == peer:
                return silent, attached
        return None

    async def _close(self, addresses: Iterable[str]) -> None:
        for address in list(addresses):
            await self._clients.pop(address).close()


def _settings(address: str) -> ServiceSettings:
    return ServiceSettings(base_url=f"http://{address}", timeout_seconds=_ANSWER_SECONDS, retries=0)
