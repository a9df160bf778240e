"""What a map without JetStream bears, and what it loses: the messages of the time in which it could not hear."""

from tests.support.map_process import map_process
from tests.support.nats_server import NatsServer, until
from tests.support.postgres import kept, numbers, runs, seqs, written
from tests.support.proxy import proxy
from tests.support.storm import Storm, storming
from tests.support.viewers import Viewer, agree, following


async def test_a_killed_map_has_kept_what_was_written_and_hears_again(tmp_path, server, postgres):
    storm = Storm(large=2000, lull_seconds=0.06)
    patient = {"url": server.url, "jetstream": False, "ping_seconds": 60}
    async with map_process(tmp_path, nats=patient, history={"url": postgres.url}) as living:
        await living.connected()
        viewer = Viewer(living.address)
        async with following(viewer):
            async with storming(server, storm):
                await written(postgres, 300)
                before = await kept(postgres)
                await living.kill()
                await living.start()
                await living.connected()
                await written(postgres, len(storm.published) + 100)
            last = len(storm.published) - 1
            await written(postgres, last)
            await agree(viewer, living)
    rows = await kept(postgres)
    assert rows[: len(before)] == before
    heard = runs(numbers(rows))
    assert [len(heard), heard[0][0], heard[-1][1]] == [2, 0, last]
    assert all(len(found) == 1 for found in seqs(rows).values())


async def test_a_killed_nats_server_interrupts_nobody(tmp_path, server, postgres):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with map_process(
        tmp_path, nats={"url": server.url, "ping_seconds": 1, "jetstream": False}, history={"url": postgres.url}
    ) as living:
        await living.connected()
        viewer = Viewer(living.address)
        async with following(viewer), storming(server, storm):
            for _ in range(2):
                await until(lambda end=viewer.number + 200: viewer.number >= end, 60)
                await server.kill()
                await server.start()
            await until(lambda end=viewer.number + 200: viewer.number >= end, 60)
        async with following(viewer):
            await until(lambda: viewer.number == len(storm.published) - 1, 60)
            await agree(viewer, living)
        assert viewer.reasons == ["connect"]
        assert (await living.nats())["reconnects"] == 2
        await written(postgres, viewer.number)
    rows = await kept(postgres)
    assert numbers(rows) == viewer.numbers == sorted(set(viewer.numbers))
    assert [len(found) for found in seqs(rows).values()] == [1]


async def test_while_postgresql_is_away_the_stream_goes_on_and_the_history_is_whole_afterwards(
    tmp_path, server, postgres
):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with map_process(
        tmp_path, nats={"url": server.url, "jetstream": False}, history={"url": postgres.url}
    ) as living:
        await living.connected()
        viewer = Viewer(living.address)
        async with following(viewer):
            async with storming(server, storm):
                for end in (postgres.stop, postgres.crash):
                    await until(lambda end=viewer.number + 200: viewer.number >= end, 60)
                    await end()
                    await until(lambda end=viewer.number + 500: viewer.number >= end, 60)
                    assert (await living.ready())["history"] == "waiting"
                    await postgres.start()
                    await written(postgres, len(storm.published))
            last = len(storm.published) - 1
            await until(lambda: viewer.number == last, 60)
            await written(postgres, last)
            await agree(viewer, living)
        assert viewer.reasons == ["connect"]
        assert (await living.get("history", limit=1))["gaps"] == []
        assert (await living.ready())["history"] == "written"
    rows = await kept(postgres)
    assert runs(numbers(rows)) == runs(viewer.numbers) == [(0, last)]
    assert [len(found) for found in seqs(rows).values()] == [1]


async def test_a_map_starts_before_everything_that_it_needs(tmp_path, postgres):
    server, storm = NatsServer(tmp_path), Storm()
    await postgres.stop()
    async with map_process(
        tmp_path, nats={"url": server.url, "ping_seconds": 1, "jetstream": False}, history={"url": postgres.url}
    ) as living:
        ready = await living.ready()
        assert (ready["status"], ready["intakes"]["nats"], ready["history"]) == (
            "ready",
            "disconnected",
            "waiting",
        )
        viewer = Viewer(living.address)
        async with following(viewer):
            await server.start()
            await postgres.start()
            await living.connected()
            async with server.publisher() as client:
                await storm.blow(client, 100)
            await written(postgres, 99)
            await agree(viewer, living)
    rows = await kept(postgres)
    assert runs(numbers(rows)) == [(0, 99)]
    assert [found[0][0] for found in seqs(rows).values()] == [1]
    await server.kill()


async def test_a_bad_network_to_nats_costs_what_was_published_meanwhile_and_no_more(tmp_path, server):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with proxy(server.port) as way, server.publisher() as client:
        url = f"nats://127.0.0.1:{way.port}"
        async with map_process(tmp_path, nats={"url": url, "ping_seconds": 1, "jetstream": False}) as living:
            await living.connected()
            viewer, heard = Viewer(living.address), set()

            async def hear(count):
                """Publish what has to be heard."""
                first = len(storm.published)
                await storm.blow(client, count)
                heard.update(range(first, first + count))
                await until(lambda: viewer.number == first + count - 1, 60)

            async def lose(count):
                """Publish what nobody has to hear."""
                await storm.blow(client, count)

            async def away():
                await until(lambda: gone(living), 60)

            async with following(viewer):
                await hear(100)
                way.cut()
                await away()
                await lose(50)
                way.mend()
                await living.connected()
                await hear(100)
                way.hold()
                await away()
                await lose(50)
                way.let_go()
                await living.connected()
                await hear(100)
                way.tear(3000)
                await lose(100)
                await until(lambda: again(living, 3), 60)
                await hear(100)
                way.bytes_per_second = 100_000
                await hear(200)
                await agree(viewer, living)
    assert viewer.numbers == sorted(set(viewer.numbers))
    assert heard <= set(viewer.numbers)
    assert viewer.reasons == ["connect"]


async def gone(living):
    return not (await living.nats())["connected"]


async def again(living, reconnects):
    nats = await living.nats()
    return nats["connected"] and nats["reconnects"] >= reconnects


async def test_a_bad_network_to_postgresql_loses_nothing_and_writes_nothing_twice(tmp_path, server, postgres):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with (
        proxy(postgres.socket) as way,
        map_process(
            tmp_path, nats={"url": server.url, "jetstream": False}, history={"url": postgres.by_port(way.port)}
        ) as living,
    ):
        await living.connected()
        viewer = Viewer(living.address)
        async with following(viewer), storming(server, storm):
            await written(postgres, 100)
            for after in (1, 700, 20_000, 50_000):
                connections = way.relayed
                way.tear(after)
                await until(lambda end=connections + after: way.relayed > end, 60)
                await written(postgres, len(storm.published))
            way.cut()
            await until(lambda end=viewer.number + 200: viewer.number >= end, 60)
            way.mend()
            await written(postgres, len(storm.published))
            way.hold()
            await until(lambda end=viewer.number + 200: viewer.number >= end, 60)
            way.let_go()
            way.bytes_per_second = 300_000
            await written(postgres, len(storm.published))
            way.bytes_per_second = None
        last = len(storm.published) - 1
        await written(postgres, last)
        assert (await living.get("history", limit=1))["gaps"] == []
        assert viewer.reasons == ["connect"]
    rows = await kept(postgres)
    assert runs(numbers(rows)) == [(0, last)]
    assert [len(found) for found in seqs(rows).values()] == [1]


async def test_a_map_that_is_told_to_end_has_written_all_that_its_viewers_saw(tmp_path, server, postgres):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with map_process(
        tmp_path, nats={"url": server.url, "jetstream": False}, history={"url": postgres.url}
    ) as living:
        await living.connected()
        viewers = [Viewer(living.address), Viewer(living.address, sse=True)]
        async with following(*viewers), storming(server, storm):
            await until(lambda: all(viewer.number >= 200 for viewer in viewers), 60)
            assert await living.terminate() == 0
    rows = await kept(postgres)
    for viewer in viewers:
        assert viewer.seen[-1]["kind"] == "restarting"
        assert runs(viewer.numbers) == [(0, viewer.number)]
        assert viewer.number <= numbers(rows)[-1]
    assert len(runs(numbers(rows))) == 1
    assert [len(found) for found in seqs(rows).values()] == [1]


async def test_a_map_ends_though_its_database_does_not_answer(tmp_path, server, postgres):
    storm = Storm(large=2000, lull_seconds=0.06)
    async with (
        proxy(postgres.socket) as way,
        map_process(
            tmp_path, nats={"url": server.url, "jetstream": False}, history={"url": postgres.by_port(way.port)}
        ) as living,
    ):
        await living.connected()
        async with storming(server, storm):
            await written(postgres, 100)
            way.hold()
            await living.get("snapshot")
            assert await living.terminate() == 0
    assert "the history ends early" in [line["event"] for line in living.said()]
