"""Maps of the whole network, with everything that decides about its readers."""

import contextlib

import pytest

from tests.network.network import Network
from tests.support.access import running
from tests.support.maps import living_map

RULES = [
    {"types": ["microdao"], "field": "id", "type": "microdao"},
    {"types": ["agent", "node", "dao", "channel"], "field": "microdao_id", "type": "microdao"},
    {"types": ["proposal", "treasury"], "field": "dao_id"},
    {"types": ["vote"], "field": "proposal_id"},
]


@pytest.fixture
async def network():
    """The running services."""
    one = Network()
    async with running(*one.services):
        yield one


@pytest.fixture
async def map_of(network, tmp_path):
    """Build maps of the network, each polled once."""
    async with contextlib.AsyncExitStack() as stack:

        async def build(*, pdp=None, interval_seconds=15.0, introspects=False, **rest):
            sources = {
                name: {
                    "base_url": service.base_url,
                    "retries": 0,
                    "interval_seconds": interval_seconds,
                    "timeout_seconds": 30.0,  # a slow machine is no service that is away
                    "account": name in ("microdao", "dao"),
                }
                for name, service in network.sources.items()
            }
            auth = {
                "mode": "daarion",
                "authenticator": {
                    "base_url": network.auth.base_url,
                    **({} if introspects else {"secret": network.auth.secret}),
                },
                "account": {"email": "map@example.org", "password": "correct-horse-1"},
            }
            if pdp is not None:
                asked = {"base_url": network.pdp.base_url, "timeout_seconds": 5.0, "patience_seconds": 20.0}
                auth["pdp"] = {"enabled": True, "items": RULES, **asked, **pdp}
            return await stack.enter_async_context(living_map(tmp_path, sources, auth=auth, **rest))

        yield build
