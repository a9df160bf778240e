"""A map with access control, served by the real uvicorn, and the services that it asks about callers."""

import contextlib
from types import SimpleNamespace

import pytest

from tests.stream.conftest import served
from tests.support.access import AuthService, PolicyService, running
from tests.support.maps import living_map

MOCK = {"microdaos": 4, "agents": 24, "nodes": 6, "daos": 3, "events_per_second": 0}
SOURCES = {name: {"mock": True} for name in ("agents", "microdao", "dao", "space", "usage", "messaging", "city")}
RULES = [
    {"types": ["microdao"], "field": "id", "type": "microdao"},
    {"types": ["agent", "node", "dao", "channel"], "field": "microdao_id", "type": "microdao"},
    {"types": ["proposal", "treasury"], "field": "dao_id"},
    {"types": ["vote"], "field": "proposal_id"},
]


@pytest.fixture
async def services():
    async with running(AuthService(), PolicyService()) as (auth, pdp):
        yield SimpleNamespace(auth=auth, pdp=pdp)


@pytest.fixture
async def guarded(services, tmp_path):
    """Build maps with access control; `services` are asked about callers."""
    async with contextlib.AsyncExitStack() as stack:

        async def build(*, pdp=None, authenticator=None, **auth):
            checked = {"base_url": services.auth.base_url, "timeout_seconds": 5.0, **(authenticator or {})}
            section = {"mode": "daarion", "authenticator": checked, **auth}
            if pdp is not None:
                asked = {"base_url": services.pdp.base_url, "timeout_seconds": 5.0, "patience_seconds": 20.0}
                section["pdp"] = {"enabled": True, **asked, **pdp}
            folder = tmp_path / f"map-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            living = await stack.enter_async_context(living_map(folder, SOURCES, mock=MOCK, auth=section))
            address = await stack.enter_async_context(served(living))
            return SimpleNamespace(
                living=living, address=address, url=f"http://{address}", ws=f"ws://{address}/living-map/stream"
            )

        yield build
