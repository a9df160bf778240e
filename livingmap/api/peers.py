"""What another process of the map asks for when it is cut off from the log; see `livingmap.state.peers`."""

from typing import Any

from fastapi import APIRouter

from livingmap.state.peers import PATH, Peers


def routes(peers: Peers) -> APIRouter:
    """Return the endpoint, which is for the map's own processes and not part of the documented API."""
    router = APIRouter()

    @router.get(PATH, include_in_schema=False)
    async def peer() -> dict[str, Any]:
        """Say for how long nothing came from the log."""
        return peers.status()

    return router
