"""Services that go away, secrets that change, tokens that end: what the map says, and that it is right again."""

import pytest

from tests.network.network import SOURCES
from tests.support.access import OTHER_SECRET, token
from tests.support.maps import browser, poll
from tests.support.nats_server import until


def admin(**said):
    return {"authorization": f"Bearer {token('u-admin', roles=['admin'], **said)}"}


async def ask(living, path, **said):
    async with browser(living) as client:
        return (await client.get(f"/living-map/{path}", headers=admin(**said))).raise_for_status().json()


async def ids(living, **said):
    """Return the ids of everything on the map, by layer and collection."""
    layers = (await ask(living, "snapshot", **said))["layers"]
    return {
        (layer, name): {item["id"] for item in items}
        for layer, collections in layers.items()
        for name, items in collections.items()
        if isinstance(items, list)
    }


async def errors(living, **said):
    """Return by source what is wrong with it."""
    sources = (await ask(living, "snapshot", **said))["meta"]["sources"]
    return {source["name"]: source["error"] for source in sources if source["error"]}


async def healthy(living, **said):
    await poll(living)
    return not await errors(living, **said)


@pytest.mark.parametrize("name", SOURCES)
async def test_a_service_that_is_killed_is_named_and_takes_nothing_with_it(map_of, network, name):
    living = await map_of(interval_seconds=0.5)
    before = await ids(living)
    assert await errors(living) == {}
    await network.sources[name].kill()
    await poll(living)
    assert set(await errors(living)) == {name}
    statuses = {one["name"]: one["status"] for one in (await ask(living, "snapshot"))["meta"]["sources"]}
    assert statuses[name] in ("stale", "down")
    assert await ids(living) == before
    await network.sources[name].start()
    await until(lambda: healthy(living), 120)
    assert await ids(living) == before


async def test_what_changed_while_a_service_was_away_is_seen_when_it_is_back(map_of, network):
    living = await map_of(interval_seconds=0.5)
    await network.microdao.kill()
    await poll(living)
    gone = network.population.microdaos.pop(2)
    await network.microdao.start()
    await until(lambda: healthy(living), 120)
    assert f"microdao:{gone.slug}" not in (await ids(living))["microdao", "items"]


async def test_after_a_new_secret_the_map_signs_in_anew_and_old_tokens_end(map_of, network):
    living = await map_of(introspects=True, interval_seconds=0.5)
    before = await ids(living)
    network.population.secret = network.auth.secret = OTHER_SECRET
    async with browser(living) as client:
        old = await client.get("/living-map/snapshot", headers=admin(number=2))
    assert old.status_code == 401
    await until(lambda: healthy(living, secret=OTHER_SECRET), 120)
    assert await ids(living, secret=OTHER_SECRET) == before


async def test_a_reader_whose_token_ends_is_shown_nothing_more(map_of):
    living = await map_of()
    async with browser(living) as client:

        async def status():
            return (await client.get("/living-map/snapshot", headers=headers)).status_code

        for seconds in (2, 8, 32):  # a slow machine needs a longer one
            headers = admin(seconds=seconds)
            if await status() == 200:
                break
        else:
            pytest.fail("no token is good for long enough")

        async def is_over():
            return await status() == 401

        await until(is_over, 120)
