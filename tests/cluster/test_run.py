"""A source that says by itself, on a log that several processes share: one of them runs it."""

from tests.sources.test_run import QUEUE, Queue
from tests.support.map_process import MapProcess
from tests.support.nats_server import jetstream_server, until


async def test_one_process_runs_the_source_and_another_goes_on_when_that_is_gone(tmp_path):
    (tmp_path / "queue_source.py").write_text(QUEUE)
    async with jetstream_server(tmp_path) as server, Queue() as queue:
        section = {"module": "./queue_source.py", "port": queue.port}
        first, second = (
            MapProcess(tmp_path, sources={"queue": section}, nats={"url": server.url}) for _ in range(2)
        )
        try:
            await first.start()
            await second.start()
            await queue.say(orders=["a"])
            await queue.say(id="a", status="paid")
            for one in (first, second):
                await until(lambda one=one: _shows(one, {"id": "order:a", "name": "a", "status": "paid"}), 60, 0.1)
            assert len(queue.callers) == 1
            gone = queue.callers.pop()
            await first.kill()
            await until(lambda: queue.callers, 60)
            gone.close()
            await queue.say(orders=["b"])
            await until(lambda: _shows(second, {"id": "order:b", "name": "b"}), 60, 0.1)
        finally:
            for one in (first, second):
                await one.kill()


async def _shows(one, *orders):
    answer = await one.get("snapshot")
    return answer["layers"].get("orders", {}).get("items") == list(orders)
