"""What a poll brings to the log, and what it says of a source's health."""

import asyncio

import pytest
from pydantic import BaseModel

from livingmap.core.model import Drop, Put, Total
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SourceSettings
from livingmap.testing import SourceHarness


class Settings(SourceSettings):
    base_url: str = "http://things"


async def things(client):
    return [Put("things", row["id"], {"at": row["id"], **row["set"]}) for row in await client.get("/things")]


async def stuff(client):
    return [Put("stuff", row["id"], {"name": row["id"]}) for row in await client.get("/stuff")]


def on_thing(event, part):
    return [Put("things", event.payload["id"], event.payload["set"], creates=False)]


def on_gone(event, part):
    return [Drop("things", event.payload["id"])]


SOURCE = Source(
    "things",
    "thing-service",
    Settings,
    (Layer("things", fetch=things), Layer("stuff", fetch=stuff)),
    {"thing.changed": on_thing, "thing.gone": on_gone},
)


class Named(BaseModel):
    name: str


class Shop:
    """A service whose shelves a test fills."""

    def __init__(self, *rows):
        self.rows = list(rows)
        self.stuff = [{"id": "stuff:1"}]
        self.dead = False
        self.harness = SourceHarness(SOURCE, self.answer)

    def answer(self, request):
        if self.dead:
            return Reply(b"Internal Server Error", 500)
        return {"/things": Reply(self.rows), "/stuff": Reply(self.stuff)}.get(request.path)

    @property
    def things(self):
        return dict(self.harness.items("things"))

    @property
    def status(self):
        return str(self.harness.health.status)


def thing(number, **fields):
    return {"id": f"thing:{number}", "set": fields}


async def test_only_the_difference_is_news():
    shop = Shop(thing(1, a=1), thing(2, a=1))
    await shop.harness.poll()
    shop.rows = [thing(1, a=1), thing(2, a=2), thing(3)]
    assert await shop.harness.poll() == [
        Put("things", "thing:2", {"a": 2}),
        Put("things", "thing:3", {"at": "thing:3"}),
    ]


async def test_what_a_full_poll_lacks_goes():
    shop = Shop(*(thing(number) for number in range(4)))
    await shop.harness.poll()
    shop.rows.pop()
    assert await shop.harness.poll() == [Drop("things", "thing:3")]


async def test_what_a_full_poll_lacks_goes_though_an_event_drops_another_meanwhile(monkeypatch):
    monkeypatch.setattr("livingmap.sources.comparison._LOOKED_UP_AT_ONCE", 1)
    shop = Shop(*(thing(number) for number in range(6)))
    await shop.harness.poll()
    shop.rows.pop()  # five are listed of the five that will be there when all are looked up

    looked_up = shop.harness._poller._comparison._may_lack_some

    async def meanwhile(records, listed):
        looking = asyncio.create_task(looked_up(records, listed))
        await asyncio.sleep(0)
        await shop.harness.send("thing.gone", {"id": "thing:0"})
        return await looking

    monkeypatch.setattr(shop.harness._poller._comparison, "_may_lack_some", meanwhile)
    await shop.harness.poll()
    assert list(shop.things) == ["thing:1", "thing:2", "thing:3", "thing:4"]


async def test_a_field_that_a_poll_lacks_goes_and_what_events_set_stays():
    shop = Shop(thing(1, a=1, b=2))
    await shop.harness.poll()
    await shop.harness.send("thing.changed", {"id": "thing:1", "set": {"c": 3}})
    shop.rows = [thing(1, a=1)]
    assert await shop.harness.poll() == [Put("things", "thing:1", {}, ("b",))]
    assert shop.things["thing:1"] == {"at": "thing:1", "a": 1, "c": 3}


@pytest.mark.parametrize("left", [0, 1])
async def test_a_suspicious_answer_is_held_until_the_next_confirms_it(left):
    shop = Shop(*(thing(number) for number in range(3)))
    await shop.harness.poll()
    shop.rows = shop.rows[:left]
    assert await shop.harness.poll() == []
    assert shop.status == "stale"
    assert f"{left} items instead of 3" in shop.harness.health.error
    assert len(await shop.harness.poll()) == 3 - left
    assert shop.status == "fresh"


async def test_a_held_answer_that_was_a_slip_is_forgotten():
    shop = Shop(*(thing(number) for number in range(3)))
    rows = shop.rows
    await shop.harness.poll()
    for _ in range(2):
        shop.rows = []
        assert await shop.harness.poll() == []
        shop.rows = rows
        assert await shop.harness.poll() == []
    assert shop.status == "fresh"


async def test_half_of_what_there_was_is_not_suspicious():
    shop = Shop(thing(1), thing(2))
    await shop.harness.poll()
    shop.rows = [thing(1)]
    assert await shop.harness.poll() == [Drop("things", "thing:2")]


async def test_events_newer_than_the_start_of_a_poll_win():
    shop = Shop(thing(1, a="old"), thing(2, a="old"))
    await shop.harness.poll()
    slow = shop.answer

    async def things_meanwhile(client):
        answer = await things(client)
        await shop.harness.deliver("thing.changed", {"id": "thing:1", "set": {"a": "new"}})
        await shop.harness.deliver("thing.gone", {"id": "thing:2"})
        return answer

    late = Source("things", "s", Settings, (Layer("things", fetch=things_meanwhile),), SOURCE.handlers)
    shop.harness = SourceHarness(late, slow)
    await shop.harness.poll()
    shop.rows = [thing(1, a="older"), thing(2, a="older")]
    await shop.harness.poll()
    assert shop.things == {"thing:1": {"at": "thing:1", "a": "new"}}


async def test_a_dead_service_keeps_its_part_and_goes_stale_then_down_then_comes_back():
    shop = Shop(thing(1))
    await shop.harness.poll()
    shop.dead = True
    seen = []
    for _ in range(4):
        assert await shop.harness.poll() == []
        seen.append(shop.status)
    assert seen == ["stale", "stale", "down", "down"]
    assert shop.things == {"thing:1": {"at": "thing:1"}}
    assert "500" in shop.harness.health.error


async def test_a_service_that_never_answered_is_down_at_once():
    shop = Shop()
    shop.dead = True
    await shop.harness.poll()
    assert shop.status == "down"


async def test_going_down_and_coming_up_are_events():
    shop = Shop(thing(1))
    shop.dead = True
    await shop.harness.poll()
    assert (shop.harness.last.event.type, shop.harness.last.event.payload["source"]) == (
        "livingmap.source.down",
        "things",
    )
    shop.dead = False
    await shop.harness.poll()
    assert (shop.harness.last.event.type, shop.harness.last.event.payload) == (
        "livingmap.source.up",
        {"source": "things"},
    )


async def test_one_failing_layer_leaves_the_others():
    shop = Shop(thing(1))
    shop.stuff = {"no": "array"}
    await shop.harness.poll()
    assert shop.status == "stale"
    assert shop.things == {"thing:1": {"at": "thing:1"}}
    assert shop.harness.health.error.startswith("stuff.items: TypeError")


async def test_values_that_no_client_could_read_are_dropped_and_told():
    deep = []
    for _ in range(20):
        deep = [deep]
    shop = Shop(thing(1), thing(2, a=deep), thing(3, a="x\0y"), thing(5), thing(6))
    await shop.harness.poll()
    assert sorted(shop.things) == ["thing:1", "thing:5", "thing:6"]
    assert shop.harness.health.dropped == [
        "thing:2: a: nested deeper than 16 levels",
        "thing:3: a: text with a NUL character",
    ]


async def test_a_fetch_may_fill_only_its_own_layer():
    async def stranger(client):
        return [Put("elsewhere", "thing:1"), Put("things", "thing:2")]

    harness = SourceHarness(Source("things", "s", Settings, (Layer("things", fetch=stranger),)))
    await harness.poll()
    assert list(harness.items("things")) == ["thing:2"]
    assert harness.health.dropped == ["thing:1: is not of things.items"]


async def test_a_list_that_a_fetch_keeps_stays_as_it_is():
    kept = [Put("stuff", "stuff:1", {"name": "one"}), Put("things", "thing:1", {}), Put("stuff", "stuff:2", {})]

    async def same(client):
        return kept

    source = Source("stuff", "stuff-service", Settings, (Layer("stuff", fetch=same),))
    harness = SourceHarness(source, lambda request: None)
    for _ in range(2):
        await harness.poll()
        assert list(dict(harness.items("stuff"))) == ["stuff:1", "stuff:2"]
    assert [row.id for row in kept] == ["stuff:1", "thing:1", "stuff:2"]


async def test_totals_of_two_fetches_of_one_layer_stand_side_by_side():
    async def one(client):
        return [Total("things", {"a": 1})]

    async def two(client):
        return [Total("things", {"b": 2})]

    layers = (Layer("things", "ones", fetch=one), Layer("things", "twos", fetch=two))
    harness = SourceHarness(Source("things", "s", Settings, layers))
    await harness.poll()
    assert harness.totals("things") == {"a": 1, "b": 2}
    assert await harness.poll() == []


async def test_a_source_fed_by_events_alone_is_fresh():
    harness = SourceHarness(Source("things", "s", Settings, (Layer("things"),)))
    assert str(harness.health.status) == "fresh"


async def test_what_events_said_of_an_item_that_another_source_lists_stays():
    async def none(client):
        return []

    async def one(client):
        return [Put("things", "thing:1", {"name": "One"})]

    quiet = Source("quiet", "s", Settings, (Layer("things", fetch=none),), {"thing.changed": on_thing})
    other = Source("other", "s", Settings, (Layer("things", fetch=one),))
    harness = SourceHarness(quiet, others=[other])
    harness.fold.scene.apply("other", [Put("things", "thing:1", {"name": "One"})], 1)
    await harness.send("thing.changed", {"id": "thing:1", "set": {"load": 0.5}})
    await harness.send("thing.changed", {"id": "thing:ghost", "set": {"load": 0.5}})
    await harness.poll()
    assert dict(harness.items("things")) == {"thing:1": {"name": "One", "load": 0.5}}
    assert [entity_id for entity_id, _ in harness.fold.scene.part("quiet").items("things")] == ["thing:1"]


@pytest.mark.parametrize("complete", [True, False])
async def test_a_list_that_is_not_complete_takes_away_only_what_polls_brought(complete):
    rows = [Put("things", f"thing:{number}", {"name": "x"}) for number in range(3)]

    async def some(client):
        return rows

    def on_made(event, part):
        return [Put("things", "thing:made", {"name": "made"})]

    harness = SourceHarness(
        Source("things", "s", Settings, (Layer("things", fetch=some, complete=complete),), {"made": on_made})
    )
    await harness.poll()
    await harness.send("made", {})
    rows.pop()
    await harness.poll()
    assert sorted(harness.items("things")) == ["thing:0", "thing:1", *([] if complete else ["thing:made"])]


class Outlaw(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize(
    "error", [SystemExit(0), KeyboardInterrupt(), Outlaw("x"), asyncio.CancelledError(), ValueError("x")], ids=repr
)
async def test_a_fetch_that_raises_anything_fails_its_layer_alone(error):
    async def bad(client):
        raise error

    harness = SourceHarness(
        Source("things", "s", Settings, (Layer("things", fetch=things), Layer("stuff", fetch=bad))),
        lambda request: Reply([thing(1)]),
    )
    await harness.poll()
    assert (str(harness.health.status), list(harness.items("things"))) == ("stale", ["thing:1"])
    assert harness.health.error.startswith("stuff.items: ")


async def test_a_handler_that_calls_exit_is_quarantined():
    def leave(event, part):
        raise SystemExit(1)

    harness = SourceHarness(Source("things", "s", Settings, (Layer("things"),), {"thing.left": leave}))
    await harness.deliver("thing.left", {})
    assert harness.faults[0].error == "SystemExit: 1"


async def test_a_second_small_answer_of_another_size_is_held_too():
    shop = Shop(*(thing(number) for number in range(10)))
    rows = shop.rows
    await shop.harness.poll()
    shop.rows = []
    await shop.harness.poll()
    shop.rows = rows[:4]
    await shop.harness.poll()
    assert len(shop.things) == 10
    await shop.harness.poll()
    assert len(shop.things) == 4


async def test_what_a_status_page_shows_is_cut():
    shop = Shop(thing("x" * 5000), thing(1))
    await shop.harness.poll()
    assert len(shop.harness.health.dropped[0]) <= 1001
    shop.stuff = "y" * 5000
    await shop.harness.poll()
    assert len(shop.harness.health.error) <= 2100


async def test_failures_are_logged_once_and_so_is_recovery(capsys):
    shop = Shop(thing(1))
    await shop.harness.poll()
    shop.dead = True
    for _ in range(3):
        await shop.harness.poll()
    said = capsys.readouterr().out
    assert (said.count("source failed"), said.count("source answers")) == (1, 1)


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [(4, 4, 4), (2, 1, 1), (2, 4, 4), (1, 3, 10), (4, 1, 10), (2, 0, 10), (0, 0, 0), (2, 5, 5), (0, 10, 10)],
)
async def test_a_held_answer_is_believed_if_the_next_is_within_a_factor_of_two(first, second, left):
    shop = Shop(*(thing(number) for number in range(10)))
    rows = shop.rows
    await shop.harness.poll()
    shop.rows = rows[:first]
    assert await shop.harness.poll() == []
    assert f"held until the next poll confirms it: {first} items instead of 10" in shop.harness.health.error
    shop.rows = rows[:second]
    await shop.harness.poll()
    assert len(shop.things) == left


async def test_a_poll_that_takes_longer_than_ten_timeouts_keeps_what_there_was():
    slow = asyncio.Event()

    async def fetch(client):
        if slow.is_set():
            await asyncio.Event().wait()
        return [Put("things", "thing:1", {"name": "One"})]

    class Hasty(Settings):
        timeout_seconds: float = 0.01

    harness = SourceHarness(Source("things", "s", Hasty, (Layer("things", fetch=fetch),)))
    await harness.poll()
    slow.set()
    assert await harness.poll() == []
    assert harness.health.error == "things.items: the poll took longer than 10 timeouts"
    assert (str(harness.health.status), dict(harness.items("things"))) == ("stale", {"thing:1": {"name": "One"}})


async def test_a_poll_that_reads_on_is_not_given_up_after_ten_timeouts():
    class Hasty(Settings):
        timeout_seconds: float = 0.001

    async def fetch(client):
        loop = asyncio.get_running_loop()
        end = loop.time() + 3 * 10 * Hasty().timeout_seconds
        while loop.time() < end:
            client.read_one(Named, {"name": "One"})
            await asyncio.sleep(0)
        return [Put("things", "thing:1", {"name": "One"})]

    harness = SourceHarness(Source("things", "s", Hasty, (Layer("things", fetch=fetch),)))
    await harness.poll()
    assert (harness.health.error, dict(harness.items("things"))) == (None, {"thing:1": {"name": "One"}})


async def put_as_named(client):
    return [Put("things", f"thing:{row['id']}", row) for row in await client.get("/things")]


async def test_a_field_called_id_is_left_out_and_noted_and_never_replaces_the_items_id():
    source = Source("things", "s", Settings, (Layer("things", fetch=put_as_named),))
    harness = SourceHarness(source, lambda _: Reply([{"id": "7f3c", "name": "a"}]))
    await harness.poll()
    assert harness.items("things") == {"thing:7f3c": {"name": "a"}}
    assert (harness.health.dropped_rows, harness.health.dropped) == (
        0,
        ["thing:7f3c: a field called id would replace the item's own; call it service_id, for example"],
    )


async def put_nothing(client):
    return await client.get("/things")


async def test_rows_that_are_not_changes_are_an_error_that_says_so():
    source = Source("things", "s", Settings, (Layer("things", fetch=put_nothing),))
    harness = SourceHarness(source, lambda _: Reply([{"a": 1}]))
    await harness.poll()
    assert (
        harness.health.error == "things.items: TypeError: returned {'a': 1} among its rows; they are Put and Total"
    )
