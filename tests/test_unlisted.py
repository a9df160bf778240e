"""Items that a poll no longer lists: gone, or hidden from the account that asks."""

import pytest

from livingmap.core.model import Drop, Put
from livingmap.core.source import Layer, Source
from livingmap.errors import NotFound, Unreachable
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SourceSettings
from livingmap.sources.unlisted import MOST_ASKED
from livingmap.testing import SourceHarness


class Settings(SourceSettings):
    base_url: str = "http://things"


async def things(client):
    return [
        Put("things", row["id"], {"at": row["id"]}, aliases=(f"{row['id']}-alias",))
        for row in await client.get("/things")
    ]


async def unlisted(client, entity_id, fields):
    try:
        return await client.get(f"/things/{entity_id}")
    except NotFound:
        return None


def on_made(event, part):
    return [Put("things", event.payload["id"], {"at": event.payload["id"]})]


def on_noted(event, part):
    return [Put("things", event.payload["id"], {"noted": True}, creates=False)]


def on_gone(event, part):
    return [Drop("things", event.payload["id"])]


SOURCE = Source(
    "things",
    "thing-service",
    Settings,
    (Layer("things", fetch=things, complete=False, unlisted=unlisted),),
    {"thing.made": on_made, "thing.noted": on_noted, "thing.gone": on_gone},
)


class Shop:
    """A service that lists some things and hides others."""

    def __init__(self, count):
        self.rows = [{"id": f"thing:{number:03d}"} for number in range(count)]
        self.hidden = {}
        self.harness = SourceHarness(SOURCE, self.answer)

    def hide(self, number, fate):
        [row] = [row for row in self.rows if row["id"] == f"thing:{number:03d}"]
        self.rows.remove(row)
        self.hidden[row["id"]] = fate

    def answer(self, request):
        if request.path == "/things":
            return Reply(self.rows)
        fate = self.hidden.get(request.path.rpartition("/")[2])
        return fate if isinstance(fate, Reply) or fate is None else Reply(fate)

    @property
    def things(self):
        return dict(self.harness.items("things"))

    def asked(self):
        """Return about how many things the last poll asked, and forget it."""
        count = sum(request.path != "/things" for request in self.harness.requests)
        self.harness.requests.clear()
        return count


async def test_an_item_that_is_not_listed_is_marked_and_keeps_what_was_said_of_it():
    shop = Shop(3)
    await shop.harness.poll()
    shop.hide(1, {"status": "hidden"})
    assert await shop.harness.poll() == [Put("things", "thing:001", {"status": "hidden"})]
    assert shop.things["thing:001"] == {"at": "thing:001", "status": "hidden"}
    assert await shop.harness.poll() == []
    assert shop.harness.fold.scene.resolve("thing:001-alias") == "thing:001"


async def test_an_item_that_is_listed_again_loses_its_marks():
    shop = Shop(3)
    await shop.harness.poll()
    shop.hide(1, {"status": "hidden"})
    await shop.harness.poll()
    shop.rows.append({"id": "thing:001"})
    assert await shop.harness.poll() == [Put("things", "thing:001", {}, ("status",))]


async def test_an_item_that_is_gone_goes_when_it_is_asked_for():
    shop = Shop(3)
    await shop.harness.poll()
    shop.hide(1, {"status": "hidden"})
    await shop.harness.poll()
    del shop.hidden["thing:001"]
    assert await shop.harness.poll() == [Drop("things", "thing:001")]


async def test_an_item_about_which_nobody_can_be_asked_stays_as_it_is():
    shop = Shop(3)
    await shop.harness.poll()
    shop.hide(1, Reply(b"Internal Server Error", 500))
    assert await shop.harness.poll() == []
    assert shop.things["thing:001"] == {"at": "thing:001"}
    assert str(shop.harness.health.status) == "fresh"


async def test_an_event_removes_what_is_hidden():
    shop = Shop(3)
    await shop.harness.poll()
    shop.hide(1, {"status": "hidden"})
    await shop.harness.poll()
    await shop.harness.send("thing.gone", {"id": "thing:001"})
    await shop.harness.poll()
    assert sorted(shop.things) == ["thing:000", "thing:002"]


async def test_what_only_an_event_made_is_asked_for_and_what_it_lent_is_not():
    shop = Shop(1)
    await shop.harness.poll()
    shop.hidden["thing:900"] = {"status": "hidden"}
    await shop.harness.send("thing.made", {"id": "thing:900"})
    await shop.harness.send("thing.made", {"id": "thing:901"})
    await shop.harness.send("thing.noted", {"id": "thing:902"})
    await shop.harness.poll()
    assert shop.asked() == 2
    assert sorted(shop.things) == ["thing:000", "thing:900"]
    assert shop.things["thing:900"]["status"] == "hidden"


async def test_what_is_hidden_makes_no_later_answer_suspicious():
    shop = Shop(8)
    await shop.harness.poll()
    for number in range(6):
        shop.hide(number, {"status": "hidden"})
    await shop.harness.poll()
    assert "2 items instead of 8" in shop.harness.health.error
    for _ in range(3):
        await shop.harness.poll()
        assert shop.harness.health.error is None
    shop.rows.clear()
    await shop.harness.poll()
    assert "0 items instead of 2" in shop.harness.health.error


async def test_a_poll_asks_about_a_bounded_number_and_about_the_others_in_turn():
    shop = Shop(MOST_ASKED + 60)
    await shop.harness.poll()
    for number in range(MOST_ASKED + 50):
        shop.hide(number, {"status": "hidden"})
    await shop.harness.poll()  # it is held
    for expected in (MOST_ASKED, MOST_ASKED + 50):
        shop.asked()
        await shop.harness.poll()
        assert shop.asked() == MOST_ASKED
        assert sum("status" in thing for thing in shop.things.values()) == expected


@pytest.mark.parametrize("error", [Unreachable("away"), ValueError("x")])
async def test_whatever_the_question_raises_nothing_is_removed(error):
    async def bad(client, entity_id, fields):
        raise error

    shop = Shop(3)
    layer = Layer("things", fetch=things, complete=False, unlisted=bad)
    shop.harness = SourceHarness(Source("things", "s", Settings, (layer,)), shop.answer)
    await shop.harness.poll()
    shop.hide(1, None)
    assert await shop.harness.poll() == []
    assert len(shop.things) == 3
