"""A map whose log is in JetStream, and whose history is lost: the stream has what came later, or all there is."""

import json

import httpx

from tests.backup.conftest import backed_up, restored
from tests.support.map_process import MapProcess
from tests.support.nats_server import jetstream_server, until


async def say(client, first, end):
    for number in range(first, end):
        payload = {"agent_id": f"agent:x{number % 5}", "status": "busy", "number": number}
        await client.publish("agent.event.status", json.dumps(payload).encode())
    await client.flush()


async def kept(process, number):
    """Wait until the history has this message; return every message with its place, and what it changed."""

    async def is_kept():
        try:
            page = await process.get("history", limit=1, event_type="agent.event.status")
        except httpx.HTTPStatusError:  # it is still being opened
            return False
        return [item["payload"]["number"] for item in page["items"]] == [number]

    await until(is_kept, 60, 0.05)
    items = await process.history(event_type="agent.event.status")
    return [(item["payload"]["number"], item["cursor"], item["timestamp"], item["changes"]) for item in items]


async def test_after_a_restore_the_rest_comes_from_the_stream_and_cursors_hold(
    postgres, database, target, tmp_path
):
    await postgres.close()
    sources = {"agents": {"mock": True, "interval_seconds": 86_400}}
    async with jetstream_server(tmp_path) as nats, nats.publisher() as client:
        one = MapProcess(tmp_path, history={"url": database}, nats={"url": nats.url}, sources=sources)
        try:
            await one.start()
            await say(client, 0, 50)
            await kept(one, 49)
            await backed_up(database, tmp_path / "b.tar.zst")
            await say(client, 50, 100)
            before = await kept(one, 99)
            await one.terminate()
            await restored(tmp_path / "b.tar.zst", target)
            one.configure(history={"url": target})
            await one.start()
            assert await kept(one, 99) == before
            assert (await one.get("history"))["gaps"] == []
        finally:
            if one.runs:
                await one.kill()


async def asked(client, subject, request):
    answer = json.loads((await client.request(f"$JS.API.STREAM.{subject}", json.dumps(request).encode(), 10)).data)
    assert "error" not in answer, answer
    return answer


async def taken(client, stream):
    """Return a stream as `nats stream backup` asks for it: what it is, and the parts of its content."""
    inbox, parts = client.new_inbox(), []
    subscription = await client.subscribe(inbox)
    about = await asked(client, f"SNAPSHOT.{stream}", {"deliver_subject": inbox, "chunk_size": 65_536})
    while (part := await subscription.next_msg(10)).data:
        parts.append(part.data)
        if part.reply:
            await part.respond(b"")
    await subscription.unsubscribe()
    return about, parts


async def given(client, stream, about, parts):
    """Make a stream of what was taken, as `nats stream restore` does."""
    wanted = {name: about[name] for name in ("config", "state")}
    to = (await asked(client, f"RESTORE.{stream}", wanted))["deliver_subject"]
    for part in (*parts, b""):
        answer = (await client.request(to, part, timeout=10)).data
    assert json.loads(answer)["state"]["last_seq"] == about["state"]["last_seq"]


async def test_a_stream_that_was_backed_up_brings_a_history_back_that_is_lost(tmp_path):
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    sources = {"agents": {"mock": True, "interval_seconds": 86_400}}
    async with jetstream_server(folders[0]) as old, jetstream_server(folders[1]) as new:
        one = MapProcess(tmp_path, history={"url": "memory:"}, nats={"url": old.url}, sources=sources)
        try:
            await one.start()
            async with old.publisher() as client:
                await say(client, 0, 50)
                before = await kept(one, 49)
                await one.terminate()
                stream = await taken(client, "LIVINGMAP")
            async with new.publisher() as client:
                await given(client, "LIVINGMAP", *stream)
                one.configure(nats={"url": new.url})
                await one.start()
                after = await kept(one, 49)
                assert [without_cursor(item) for item in after] == [without_cursor(item) for item in before]
        finally:
            if one.runs:
                await one.kill()


def without_cursor(item):
    """Return a message of the history without the epoch: NATS says that a restored stream was made just now."""
    number, _, *rest = item
    return number, *rest
