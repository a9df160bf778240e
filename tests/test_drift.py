"""Drift: what polls find that events had not said, and what events said that polls do not confirm."""

from livingmap.core.model import Drop, Put
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.testing import SourceHarness
from tests.support.maps import browser, living_map, poll
from tests.test_poll import SOURCE, Shop, thing


def drift(shop):
    return {kind: number for kind, number in shop.harness.health.drift.items() if number}


async def polled(*rows):
    shop = Shop(*rows)
    await shop.harness.poll()
    assert drift(shop) == {}
    return shop


async def test_what_events_announced_is_no_drift():
    shop = await polled(thing(1, a=1), thing(2), thing(3))
    await shop.harness.send("thing.changed", {"id": "thing:1", "set": {"a": 2}})
    await shop.harness.send("thing.gone", {"id": "thing:2"})
    shop.rows = [thing(1, a=2), thing(3)]
    await shop.harness.poll()
    await shop.harness.poll()
    assert drift(shop) == {}


async def test_what_a_poll_finds_alone_is_counted_by_kind_and_once():
    shop = await polled(thing(1, a=1, b=1), thing(2, a=1), thing(3))
    shop.rows = [thing(1, a=2, b=2), thing(2), thing(4), thing(5)]
    for _ in range(2):
        await shop.harness.poll()
    assert drift(shop) == {"appeared": 2, "gone": 1, "changed": 2}


async def test_an_event_that_the_next_poll_contradicts_is_unconfirmed():
    shop = await polled(thing(1, a=1), thing(2), thing(3))
    await shop.harness.send("thing.changed", {"id": "thing:1", "set": {"a": 2}})
    await shop.harness.send("thing.gone", {"id": "thing:2"})
    await shop.harness.poll()
    assert drift(shop) == {"unconfirmed": 2}
    shop.rows[0] = thing(1, a=3)
    await shop.harness.poll()
    assert drift(shop) == {"unconfirmed": 2, "changed": 1}


async def test_an_item_that_only_an_event_made_is_confirmed_or_not():
    made = SourceHarness(
        Source(
            "things",
            "thing-service",
            SOURCE.settings,
            (SOURCE.layers[0],),
            {"thing.made": lambda event, part: [Put("things", event.payload["id"], {"a": 1})]},
        ),
        lambda request: Reply([thing(1, a=1)] if len(made.requests) == 1 else [thing(1, a=1), thing(2, a=1, b=2)]),
    )
    await made.poll()
    for number in (2, 3):
        await made.send("thing.made", {"id": f"thing:{number}"})
    await made.poll()
    assert made.health.drift == {"appeared": 0, "gone": 0, "changed": 0, "unconfirmed": 1}


async def test_an_event_during_the_poll_is_newer_than_its_answer():
    rows, meanwhile = [thing(1, a=1), thing(2), thing(3)], []

    def answer(request):
        if request.path == "/things":
            for change in meanwhile:
                harness.fold.scene.apply("things", [change], 1000)
        return {"/things": Reply(rows), "/stuff": Reply([])}.get(request.path)

    harness = SourceHarness(SOURCE, answer)
    await harness.poll()
    meanwhile += [
        Put("things", "thing:1", {"a": 2}, creates=False),
        Drop("things", "thing:2"),
        Put("things", "thing:4", {"a": 2}),
    ]
    await harness.poll()
    assert harness.health.drift == dict.fromkeys(("appeared", "gone", "changed", "unconfirmed"), 0)


def test_a_source_without_events_has_no_drift():
    source = Source("things", "s", SOURCE.settings, SOURCE.layers)
    assert SourceHarness(source, lambda _: Reply([])).health.drift is None


def test_a_source_that_is_not_polled_has_no_drift():
    source = Source("things", "s", SOURCE.settings, (Layer("things"),), SOURCE.handlers)
    assert SourceHarness(source, lambda _: Reply([])).health.drift is None


async def test_the_api_and_the_metrics_tell_the_drift(tmp_path):
    mocked = {"agents": {"mock": True}, "space": {"mock": True, "enabled": False}}
    async with living_map(tmp_path, mocked, mock={"events_per_second": 0}) as living, browser(living) as client:
        await poll(living)
        living.pollers["agents"].state.drift["changed"] = 3
        items = (await client.get("/living-map/sources")).json()["items"]
        metrics = (await client.get("/metrics")).text
    reports = {one["name"]: one["drift"] for one in items}
    assert reports == {"agents": {"appeared": 0, "gone": 0, "changed": 3, "unconfirmed": 0}, "space": None}
    assert 'livingmap_source_drift_total{kind="changed",source="agents"} 3.0' in metrics
