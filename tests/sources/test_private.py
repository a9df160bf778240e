"""Private fields: polls and handlers compare by them, and nobody is shown them."""

import asyncio

from livingmap.core.fold import REFRESHED, Fold
from livingmap.core.model import Put
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SourceSettings
from livingmap.testing import SourceHarness
from tests.support.maps import browser, living_map, poll
from tests.support.scripted_service import ScriptedService, Sent

GROUP = "group:1"
CLUBS = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl, member_counts, member_roles

async def groups(client):
    roles = await member_roles(client, ["/groups/1"])
    return [Put("groups", "group:1", member_counts(None, roles.get("/groups/1")))]

async def details(client, name):
    return {"motto": "onward", "members_digest": "of the details"}

@hookimpl
def livingmap_source():
    layer = Layer("groups", fetch=groups, private=("members_digest",))
    return Source("clubs", "clubs", SourceSettings, (layer,), details={"group": details})
"""


async def groups(client):
    return [Put("groups", GROUP, await client.get("/group"))]


def on_renamed(event, part):
    return [Put("groups", GROUP, {"name": "By an event", "digest": part.get("groups", GROUP)["digest"] + 1})]


def harness_of(fields, *others):
    layer = Layer("groups", fetch=groups, private=("digest",))
    source = Source("groups", "s", SourceSettings, (layer,), {"group.renamed": on_renamed})
    return SourceHarness(source, lambda request: Reply(fields), others, base_url="http://groups")


def own(harness):
    return harness.fold.scene.part("groups").get("groups", GROUP)


async def test_a_private_field_is_in_the_part_of_its_source_and_not_on_the_map():
    fields = {"name": "Club", "digest": 7}
    harness = harness_of(fields)
    assert await harness.poll() == [Put("groups", GROUP, {"name": "Club"}, came=True)]
    assert (own(harness), harness.item("groups", GROUP)) == (fields, {"name": "Club"})
    assert await harness.send("group.renamed", {}) == [
        Put("groups", GROUP, {"name": "By an event"}, was={"name": "Club"})
    ]
    assert own(harness) == {"name": "By an event", "digest": 8}


async def test_a_poll_that_finds_another_value_is_an_entry_that_changes_nothing_on_the_map():
    fields = {"name": "Club", "digest": 7}
    harness = harness_of(fields)
    await harness.poll()
    fields["digest"] = 8
    assert await harness.poll() == []
    assert (harness.last.event.type, harness.last.event.payload["fields"]) == (REFRESHED, ["digest"])
    position = harness.last.event.position
    assert await harness.poll() == []
    assert harness.last.event.position == position


async def test_no_other_source_shows_a_field_that_one_calls_private():
    lending = Source("lending", "s", SourceSettings, (Layer("groups", decorates=True),), {"lent": lend})
    harness = harness_of({"name": "Club"}, lending)
    await harness.poll()
    await harness.send("lent", {})
    assert harness.item("groups", GROUP) == {"name": "Club", "colour": "red"}


def lend(event, part):
    return [Put("groups", GROUP, {"digest": 9, "colour": "red"}, creates=False)]


async def test_a_private_field_outlasts_a_restart_from_a_checkpoint():
    harness = harness_of({"name": "Club", "digest": 7})
    await harness.poll()
    other = Fold([harness.source])
    other.scene.restore(dict(harness.fold.scene.states()))
    assert other.scene.part("groups").get("groups", GROUP) == {"name": "Club", "digest": 7}
    assert other.scene.items("groups", "items") == {GROUP: {"name": "Club"}}


async def test_who_the_members_are_is_shown_nowhere_and_a_poll_notices_another(tmp_path):
    (tmp_path / "clubs.py").write_text(CLUBS)
    members = [{"user_id": "u-1", "role": "owner"}, {"user_id": "u-2", "role": "member"}]
    async with ScriptedService(lambda request: Sent(members)) as service:
        section = {"module": "./clubs.py", "base_url": service.base_url, "timeout_seconds": 30}
        async with living_map(tmp_path, {"clubs": section}) as living, browser(living) as client:
            writing = asyncio.create_task(living.writer.run())
            before = living.log.position.seq
            members[1]["user_id"] = "u-3"
            await poll(living)
            assert living.log.position.seq > before
            digest = living.fold.scene.part("clubs").get("groups", GROUP)["members_digest"]
            await living.writer.drain(10)
            paths = ("snapshot", "entities", f"entities/{GROUP}", "history", "sources")
            answers = {path: await client.get(f"/living-map/{path}") for path in paths}
            writing.cancel()
            await asyncio.wait([writing])
    assert {path: one.status_code for path, one in answers.items()} == dict.fromkeys(paths, 200)
    assert answers[f"entities/{GROUP}"].json()["data"]["motto"] == "onward"
    assert [path for path, one in answers.items() if digest in one.text or "members_digest" in one.text] == []
