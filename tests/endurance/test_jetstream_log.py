"""What a map with JetStream bears: whatever is killed, no message is lost that was stored, none comes twice."""

import contextlib

import httpx
import pytest

from livingmap.core.redaction import Redaction
from livingmap.testing import Sample, Samples
from tests.support.map_process import MapProcess, map_process
from tests.support.nats_server import NatsServer, jetstream_server, stored, until
from tests.support.postgres import kept, numbers, runs, written
from tests.support.proxy import proxy
from tests.support.services import StubService
from tests.support.storm import Storm, storming
from tests.support.viewers import Viewer, agree, following


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


def heard(url, **more):
    return {"url": url, "ping_seconds": 1, **more}


@contextlib.asynccontextmanager
async def replicas(tmp_path, server, postgres):
    """Run two processes of one map; the first leads."""
    sections = {"nats": heard(server.url), "history": {"url": postgres.url}}
    async with map_process(tmp_path, **sections) as first, map_process(tmp_path, **sections) as second:
        yield first, second


def storm_for(*viewers):
    """Return a storm that waits for who watches it: none of them falls behind."""
    return Storm(large=2000, lull_seconds=0.06, heard=lambda: min(one.number for one in viewers), most_unheard=300)


def leads(living):
    lines = [line["event"] for line in living.said() if line["event"] in LEADING]
    return lines[-1:] == [LEADING[0]]


LEADING = ("this process leads", "another process may lead now", "the map is served", "the map has stopped")


async def more(viewer, count):
    await until(lambda end=viewer.number + count: viewer.number >= end, 60)


async def whole(server, postgres):
    """Assert that the history holds what the stream does: each message once, in its order, with its payload."""
    hidden = Redaction()
    log = [(seq, subject, hidden.payload(payload)) for seq, subject, payload in await stored(server)]
    rows = await kept(postgres)
    end = rows[-1].seq
    assert [(row.seq, row.event_type, row.payload) for row in rows if "number" in row.payload] == [
        entry for entry in log if "number" in entry[2]
    ]
    assert [row.seq for row in rows] == [seq for seq, _, _ in log if seq <= end]
    # What the map found last before it was stopped is in the stream: the next process writes it.
    assert {subject.partition(".")[0] for seq, subject, _ in log if seq > end} <= {"livingmap"}
    assert len({row.epoch for row in rows}) == 1
    return rows


async def test_a_killed_map_loses_nothing_and_writes_nothing_twice(tmp_path, server, postgres):
    async with map_process(tmp_path, nats=heard(server.url), history={"url": postgres.url}) as living:
        viewers = [Viewer(living.address), Viewer(living.address, sse=True)]
        storm = storm_for(*viewers)
        async with following(*viewers):
            async with storming(server, storm):
                for _ in range(2):
                    await more(viewers[0], 200)
                    await living.kill()
                    await living.start(until_ready=False)
                await more(viewers[0], 100)
            last = len(storm.published) - 1
            await written(postgres, last)
            for viewer in viewers:
                await until(lambda viewer=viewer: viewer.number == last, 60)
                await agree(viewer, living)
    assert [viewer.reasons for viewer in viewers] == [["connect"], ["connect"]]
    for viewer in viewers:
        assert runs(viewer.numbers) == [(viewer.numbers[0], last)]
    assert runs(numbers(await whole(server, postgres))) == [(0, last)]


async def test_a_killed_nats_server_takes_nothing_along_that_it_had_stored(tmp_path, server, postgres):
    async with map_process(tmp_path, nats=heard(server.url), history={"url": postgres.url}) as living:
        viewer = Viewer(living.address)
        storm = storm_for(viewer)
        async with following(viewer):
            async with storming(server, storm):
                for _ in range(2):
                    await more(viewer, 200)
                    await server.kill()
                    await server.start()
                await more(viewer, 200)
            last = len(storm.published) - 1
            await written(postgres, last)
            await until(lambda: viewer.number == last, 60)
            await agree(viewer, living)
        assert viewer.reasons == ["connect"]
        assert (await living.nats())["reconnects"] == 2
    rows = await whole(server, postgres)
    assert numbers(rows) == viewer.numbers == sorted(set(viewer.numbers))


async def test_while_postgresql_is_away_the_stream_goes_on_and_a_map_that_starts_meanwhile_writes_what_it_missed(
    tmp_path, server, postgres
):
    async with map_process(tmp_path, nats=heard(server.url), history={"url": postgres.url}) as living:
        viewer = Viewer(living.address)
        storm = storm_for(viewer)
        async with following(viewer):
            async with storming(server, storm):
                await more(viewer, 100)
                await postgres.crash()
                await more(viewer, 200)
                await living.kill()
                await living.start(until_ready=False)
                await more(viewer, 100)
                await postgres.start()
            last = len(storm.published) - 1
            await written(postgres, last)
            await agree(viewer, living)
        assert (await living.get("history", limit=1))["gaps"] == []
    assert runs(numbers(await whole(server, postgres))) == [(0, last)]


async def test_of_two_processes_each_serves_the_whole_and_one_writes_it(tmp_path, server, postgres):
    async with replicas(tmp_path, server, postgres) as (first, second):
        way = [first.address, second.address]
        wanderers = [Viewer(first.address, sse=number % 2 == 1) for number in range(4)]
        storm = storm_for(*wanderers)
        async with storming(server, storm):
            for turn in range(6):
                for number, viewer in enumerate(wanderers):
                    viewer.address = way[(turn + number) % 2]
                async with following(*wanderers):
                    await more(wanderers[0], 40)
        last = len(storm.published) - 1
        await written(postgres, last)
        async with following(*wanderers):
            for viewer in wanderers:
                await until(lambda viewer=viewer: viewer.number == last, 60)
        for viewer in wanderers:
            assert viewer.reasons == ["connect"]
            assert runs(viewer.numbers) == [(viewer.numbers[0], last)]
        assert [leads(first), leads(second)].count(True) == 1
    assert runs(numbers(await whole(server, postgres))) == [(0, last)]


async def test_when_the_leader_is_killed_the_other_polls_and_writes(tmp_path, server, postgres):
    async with replicas(tmp_path, server, postgres) as (first, second):
        viewer = Viewer(first.address)
        storm = storm_for(viewer)
        async with following(viewer), storming(server, storm):
            await more(viewer, 100)
            assert leads(first)
            await first.kill()
            viewer.address = second.address
            await until(lambda: leads(second), 60, 0.05)
            await more(viewer, 200)
        last = len(storm.published) - 1
        await written(postgres, last)
        async with following(viewer):
            await until(lambda: viewer.number == last, 60)
            await agree(viewer, second)
        assert viewer.reasons == ["connect"]
        assert runs(viewer.numbers) == [(viewer.numbers[0], last)]

        async def polled():
            return all(source["polls"] > 0 for source in (await second.get("sources"))["items"])

        await until(polled, 60, 0.05)
    assert runs(numbers(await whole(server, postgres))) == [(0, last)]


async def test_a_bad_network_to_nats_costs_nothing(tmp_path, server, postgres):
    async with proxy(server.port) as way:
        nats = heard(f"nats://127.0.0.1:{way.port}")
        async with map_process(tmp_path, nats=nats, history={"url": postgres.url}) as living:
            viewer = Viewer(living.address)
            storm = storm_for(viewer)
            async with following(viewer):
                async with storming(server, storm):
                    await more(viewer, 100)
                    way.cut()
                    await until(lambda: gone(living), 60, 0.05)
                    way.mend()
                    await more(viewer, 100)
                    way.hold()
                    await until(lambda: gone(living), 60, 0.05)
                    way.let_go()
                    await more(viewer, 100)
                    for after in (1, 3000, 20_000):
                        way.tear(after)
                        await more(viewer, 100)
                    way.bytes_per_second = 200_000
                    await more(viewer, 100)
                    way.bytes_per_second = None
                last = len(storm.published) - 1
                await until(lambda: viewer.number == last, 60)
                await written(postgres, last)
                await agree(viewer, living)
    assert viewer.reasons == ["connect"]
    assert runs(viewer.numbers) == runs(numbers(await whole(server, postgres))) == [(0, last)]


async def gone(living):
    return not (await living.nats())["connected"]


async def test_a_map_starts_before_its_stream_can_be_had_and_before_its_database(tmp_path, postgres):
    server = NatsServer(tmp_path)
    server.use_jetstream()
    await postgres.stop()
    living = MapProcess(tmp_path, nats=heard(server.url), history={"url": postgres.url})
    try:
        await living.start(until_ready=False)
        ready = await living.ready()
        assert (ready["status"], ready["log"], ready["intakes"]["nats"]) == (
            "not_ready",
            "detached",
            "disconnected",
        )
        await server.start()
        await living.asked()
        await postgres.start()
        viewer = Viewer(living.address)
        storm = storm_for(viewer)
        async with following(viewer), server.publisher() as client:
            await storm.blow(client, 100)
            await written(postgres, 99)
            await agree(viewer, living)
        assert runs(numbers(await whole(server, postgres))) == [(0, 99)]
        assert await living.terminate() == 0
    finally:
        await living.kill()
        await server.kill()


async def test_a_server_without_jetstream_ends_the_start_with_what_would_work(tmp_path):
    server = NatsServer(tmp_path)
    await server.start()
    living = MapProcess(tmp_path, nats=heard(server.url))
    await living.start(until_ready=False)
    assert await living.ended() == 1
    assert "nats.jetstream: the server has no JetStream" in living.last_words()
    await server.kill()


ASKED_OFTEN = {"mock": True, "interval_seconds": 1}
BUSY = {"agents": 20, "nodes": 4, "microdaos": 2, "daos": 1, "events_per_second": 20}


async def test_a_source_may_leave_the_configuration_of_a_map_that_goes_on(tmp_path, server):
    both = {"agents": ASKED_OFTEN, "usage": ASKED_OFTEN}
    async with map_process(tmp_path, nats=heard(server.url), sources=both, mock=BUSY) as living:
        await until(lambda: spoken_of(living, "usage"), 60)
    for _ in range(3):
        one = {"agents": ASKED_OFTEN}
        async with map_process(tmp_path, nats=heard(server.url), sources=one, mock=BUSY) as living:
            before = await living.position()
            await until(lambda living=living, before=before: is_past(living, before), 60)
            assert [line for line in living.said() if line.get("level") in ("error", "critical")] == []
            assert await living.terminate() == 0


async def spoken_of(living, source):
    page = await living.get("history", source=source, event_type="livingmap.source.refreshed")
    return bool(page["items"])


async def is_past(living, position):
    return await living.position() > position + 20


LIVELY = {"agents": 20, "nodes": 4, "microdaos": 2, "daos": 1, "events_per_second": 0}


WEATHER = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl


class Settings(SourceSettings):
    base_url: str = "http://127.0.0.1:9"


async def fetch(client):
    return [Put("weather", "station:oslo", {"celsius": row["celsius"]}) for row in await client.get("/stations")]


@hookimpl
def livingmap_source() -> Source:
    return Source("weather", "weather-service", Settings, (Layer("weather", fetch=fetch),))
"""


async def test_a_map_without_its_log_shows_what_it_polls_and_says_so(tmp_path, server, postgres):
    (tmp_path / "weather.py").write_text(WEATHER)
    service = StubService(Samples())
    await service.start()
    weather = {"module": "./weather.py", "base_url": service.base_url, "interval_seconds": 0.5}
    sections = {"sources": {"weather": weather}, "history": {"url": postgres.url}}
    forecast(service, 1)
    async with map_process(tmp_path, nats=heard(server.url, detached_seconds=1), **sections) as living:
        viewer = Viewer(living.address)
        async with following(viewer):
            await until(lambda: shows(living, 1), 60)
            await server.kill()
            forecast(service, 2)
            await until(lambda: shows(living, 2), 60)
            meta = (await living.get("snapshot"))["meta"]
            assert (meta["phase"], meta["sources"][0]["status"]) == ("on_its_own", "fresh")
            ready = await living.ready()
            assert (ready["status"], ready["phase"]) == ("not_ready", "on_its_own")
            await agree(viewer, living)
            await server.start()
            await until(lambda: phase(living, "live"), 60)
            forecast(service, 3)
            await until(lambda: shows(living, 3), 60)
            assert (await living.ready())["status"] == "ready"
            await agree(viewer, living)
        await until(lambda: stored_in(postgres), 60)
    assert {row.epoch for row in await kept(postgres)} == {row.epoch for row in (await kept(postgres))[:1]}
    await service.kill()


def forecast(service, celsius):
    service.samples = Samples((Sample("/stations", [{"celsius": celsius}]),))


async def stored_in(postgres):
    return len(await kept(postgres)) >= 2


async def test_a_map_that_never_had_its_log_answers_503_and_then_what_it_polls(tmp_path, server):
    await server.kill()
    sources = {"agents": {"mock": True, "interval_seconds": 1}}
    nats = heard(server.url, detached_seconds=15)
    living = MapProcess(tmp_path, nats=nats, sources=sources, mock=LIVELY)
    await living.start(until_ready=False)
    try:
        answers = []
        await until(lambda: answered(living, answers), 60)
        assert 503 in answers
        snapshot = await living.get("snapshot")
        assert snapshot["meta"]["phase"] == "on_its_own"
        await until(lambda: has_agents(living), 60)
        await server.start()
        await until(lambda: phase(living, "live"), 60)
        await until(lambda: has_agents(living), 60)
    finally:
        await living.terminate()


async def answered(living, answers):
    """Note how a snapshot is answered, and tell whether it is there."""
    try:
        await living.get("snapshot")
    except httpx.HTTPStatusError as error:
        answers.append(error.response.status_code)
        return False
    answers.append(200)
    return True


async def has_agents(living):
    return bool((await living.get("snapshot"))["layers"]["agents"]["items"])


async def shows(living, celsius):
    items = (await living.get("snapshot"))["layers"].get("weather", {}).get("items", [])
    return [item["celsius"] for item in items] == [celsius]


async def phase(living, name):
    return (await living.ready())["phase"] == name
