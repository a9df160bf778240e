"""The lease, in a bucket that can be away."""

import asyncio

import pytest
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from livingmap.cluster.lease import Lease, Standing
from tests.support.nats_server import until


class Bucket:
    """One key of a bucket."""

    def __init__(self):
        self.away = False
        self._entry = None

    async def get(self, key):
        self._reach()
        if self._entry is None:
            raise KeyNotFoundError
        return self._entry

    async def create(self, key, value):
        return await self.update(key, value)

    async def update(self, key, value, last=None):
        self._reach()
        revision = self._entry.revision + 1 if self._entry else 1
        self._entry = KeyValue.Entry("bucket", key, value, revision, None, None, None)
        return revision

    async def delete(self, key, last=None):
        self._reach()
        self._entry = None

    def _reach(self):
        if self.away:
            raise OSError("away")


async def test_who_is_told_to_end_while_its_duties_end_ends():
    bucket, lease = Bucket(), Lease("me", seconds=0.2, newest_term=lambda: 7, standing=lambda: Standing.FIT)
    lease.attach(bucket)
    ending = asyncio.Event()

    async def duties():
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(lease.hold(duties))
    await until(lambda: lease.held)
    assert lease.term == 8
    bucket.away = True
    await ending.wait()
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(120):
            await asyncio.shield(holding)
    assert holding.cancelled()


async def test_a_lease_that_nobody_renews_is_seen_to_be_so():
    bucket, lease = Bucket(), Lease("me", seconds=0.2, newest_term=int, standing=lambda: Standing.FIT)
    lease.attach(bucket)
    assert lease.unrenewed_seconds() is None
    holding = asyncio.create_task(lease.hold(asyncio.Event().wait))
    await until(lambda: lease.held)
    bucket.away = True
    await until(lambda: not lease.held)
    away_seconds = lease.unrenewed_seconds()
    assert away_seconds >= 0.2
    assert lease.failure == "away"
    bucket.away = False
    await until(lambda: lease.held and lease.unrenewed_seconds() < away_seconds)
    assert lease.failure is None
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding


async def test_a_process_that_is_not_fit_to_lead_does_not_look():
    bucket, standing = Bucket(), [Standing.FIT]
    lease = Lease("me", seconds=0.2, newest_term=int, standing=lambda: standing[0])
    lease.attach(bucket)
    holding = asyncio.create_task(lease.hold(asyncio.Event().wait))
    await until(lambda: lease.held)
    standing[0] = Standing.UNFIT
    await until(lambda: not lease.held and lease.unrenewed_seconds() is None)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
