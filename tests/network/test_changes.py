"""What changes in the network without a message: the map is right again at the next poll."""

from dataclasses import replace

from livingmap.core.model import Message
from tests.network.population import FOOD, MAP, VOVK
from tests.support.access import token
from tests.support.maps import browser, poll

ADMIN = {"authorization": f"Bearer {token('u-admin', roles=['admin'])}"}


async def items(living, layer="city", collection="items"):
    async with browser(living) as client:
        answer = (await client.get("/living-map/snapshot", headers=ADMIN)).raise_for_status().json()
    return {item["id"]: item for item in answer["layers"][layer][collection]}


def without(microdao, *members):
    return replace(microdao, members=tuple(one for one in microdao.members if one not in members))


async def test_a_microdao_that_the_account_left_is_hidden_and_neither_gone_nor_forgotten(map_of, network):
    living = await map_of()
    before = (await items(living))[f"microdao:{VOVK.slug}"]
    network.population.microdaos[1] = without(VOVK, MAP)
    await poll(living)
    after = (await items(living))[f"microdao:{VOVK.slug}"]
    assert after == {**before, "status": "hidden", "hidden_since": after["hidden_since"]}
    assert (await items(living, "agents"))["agent:helion"]["microdao_id"] == f"microdao:{VOVK.slug}"
    renamed = {"microdao_id": VOVK.uuid, "slug": VOVK.slug, "changes": {"name": "Vovk Power"}}
    await living.log.append(Message("microdao.event.updated", renamed))
    await poll(living)
    assert (await items(living))[f"microdao:{VOVK.slug}"]["name"] == "Vovk Power"
    network.population.microdaos[1] = VOVK
    await poll(living)
    assert (await items(living))[f"microdao:{VOVK.slug}"]["status"] == "active"


async def test_a_microdao_that_was_deleted_without_a_message_is_gone(map_of, network):
    living = await map_of()
    network.population.microdaos.remove(VOVK)
    await poll(living)
    assert f"microdao:{VOVK.slug}" not in await items(living)
    assert f"microdao:{VOVK.slug}" not in await items(living, "microdao")


async def test_a_hidden_microdao_that_is_deleted_goes(map_of, network):
    living = await map_of()
    network.population.microdaos[1] = without(VOVK, MAP)
    await poll(living)
    await living.log.append(Message("microdao.event.deleted", {"microdao_id": VOVK.uuid, "slug": VOVK.slug}))
    assert f"microdao:{VOVK.slug}" not in await items(living)


async def test_a_rename_without_a_message_is_seen(map_of, network):
    living = await map_of()
    network.population.microdaos[2] = replace(FOOD, name="Fresh Food")
    await poll(living)
    assert (await items(living))[f"microdao:{FOOD.slug}"]["name"] == "Fresh Food"
