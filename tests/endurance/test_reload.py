"""A map that runs reads its configuration again: what changed is replaced, and nothing else notices."""

import asyncio
import os
import signal
import sysconfig
from pathlib import Path

import pytest

from tests.support.clients import normal, same
from tests.support.map_process import MapProcess, map_process
from tests.support.nats_server import jetstream_server, until
from tests.support.viewers import Viewer, following

SECONDS = 60
PROGRAM = Path(sysconfig.get_path("scripts")) / "livingmap"

WEATHER = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, Total, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://weather:8080"
    station: str = "lviv"

async def fetch(client):
    return [Put("weather", f"station:{client.settings.station}", {"name": "Sunny"})]

def on_storm(event, part):
    return [Total("weather", {"storms": event.payload["number"]})]

@hookimpl
def livingmap_source():
    layers, handlers = (Layer("weather", fetch=fetch),), {"weather.storm": on_storm}
    return Source("weather", "weather-service", Settings, layers, handlers)
"""


@pytest.fixture
async def living(tmp_path):
    (tmp_path / "weather.py").write_text(WEATHER)
    one = MapProcess(tmp_path, sources=sources())
    one.environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    await one.start()
    yield one
    if one.runs:
        await one.kill()


def sources(**more):
    mocked = {name: {"mock": True, "interval_seconds": 86_400} for name in ("city", "agents", "usage")}
    return mocked | {"weather": {"module": "./weather.py", "interval_seconds": 86_400}} | more


async def reloaded(living, **sections):
    """Write other sections, and wait until they are used."""
    before = (await configuration(living))["used_at"]
    if sections:
        living.configure(**sections)
    living.send(signal.SIGHUP)

    async def is_used():
        return (await configuration(living))["used_at"] != before

    await until(is_used, SECONDS, 0.05)
    await living.asked()


async def configuration(living):
    return (await living.get("sources"))["configuration"]


async def statuses(living):
    return {one["name"]: one["status"] for one in (await living.get("sources"))["items"]}


def filled(state):
    return {name: layer for name, layer in same(state).items() if layer}


async def agree(viewer, living):
    """Wait until a viewer shows what the map shows; of a layer that is gone it keeps the empty place."""

    async def agrees():
        snapshot = await living.get("snapshot")
        there = filled(normal(snapshot["layers"]))
        return (snapshot["meta"]["cursor"], there) == (viewer.cursor, filled(viewer.state))

    await until(agrees, SECONDS, 0.05)


def lines(living, event):
    return [line for line in living.said() if line["event"] == event]


def kinds(viewer):
    return [one["kind"] for one in viewer.seen if one["kind"] != "heartbeat"]


async def test_a_changed_a_removed_and_an_added_source_are_replaced_and_no_viewer_is_disturbed(living):
    everything, other = Viewer(living.address), Viewer(living.address, ["city", "agents"])
    async with following(everything), following(other):
        await until(lambda: everything.cursor and other.cursor, SECONDS)
        polls = {one["name"]: one["polls"] for one in (await living.get("sources"))["items"]}
        seen = kinds(other)
        changed = sources(weather={"module": "./weather.py", "station": "kyiv", "interval_seconds": 86_400})
        del changed["usage"]
        await reloaded(living, sources=changed | {"messaging": {"mock": True, "interval_seconds": 86_400}})
        await agree(everything, living)
        assert list(everything.state["weather"]["items"]) == ["station:kyiv"]
        assert everything.reasons == other.reasons == ["connect"]
        assert kinds(other)[: len(seen)] == seen
        after = {one["name"]: one["polls"] for one in (await living.get("sources"))["items"]}
        assert after == {"city": polls["city"], "agents": polls["agents"], "weather": 1, "messaging": 1}
        event = next(one for one in everything.seen if one.get("event_type") == "livingmap.sources.changed")
        assert event["payload"] == {"added": ["messaging"], "changed": ["weather"], "removed": ["usage"]}
        [line] = lines(living, "the configuration was read again")
        assert (line["added"], line["changed"], line["removed"]) == (["messaging"], ["weather"], ["usage"])
    history = await living.history()
    assert "livingmap.sources.changed" in [one["event_type"] for one in history]
    assert await living.terminate() == 0


async def test_a_viewer_comes_back_with_a_cursor_of_before(living):
    viewer = Viewer(living.address)
    async with following(viewer):
        await until(lambda: viewer.cursor, SECONDS)
    await reloaded(living, sources=sources(usage={"enabled": False}))
    async with following(viewer):
        await agree(viewer, living)
        assert viewer.reasons == ["connect"]
    assert (await statuses(living))["usage"] == "disabled"


async def test_a_plugin_file_that_was_written_again_is_imported_anew(living, tmp_path):
    (tmp_path / "weather.py").write_text(WEATHER.replace("Sunny", "Snow"))
    await reloaded(living)
    weather = (await living.get("snapshot"))["layers"]["weather"]["items"]
    assert [(one["id"], one["name"]) for one in weather] == [("station:lviv", "Snow")]


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"sources": sources(city={"mock": True, "colour": 3})}, "sources.city.colour: no such setting"),
        ({"history": {"url": "embedded"}}, "history.url: cannot change while the map runs"),
        ({"sources": {}}, "sources: names no source"),
    ],
)
async def test_a_configuration_that_cannot_be_used_changes_nothing_and_is_explained(living, sections, reason):
    before = (await living.get("snapshot"))["layers"]
    used_at = (await configuration(living))["used_at"]
    living.configure(**sections)
    living.send(signal.SIGHUP)

    async def is_refused():
        return (await configuration(living))["refused"]

    await until(is_refused, SECONDS, 0.05)
    refused = await configuration(living)
    assert await living.metrics("livingmap_configuration_refused") == [1]
    assert any(reason in line for line in refused["refused"])
    assert refused["used_at"] == used_at
    [line] = lines(living, "the new configuration is refused; the map goes on with the old one")
    assert line["reasons"] == refused["refused"]
    after = (await living.get("snapshot"))["layers"]
    assert (list(after), after["weather"]) == (list(before), before["weather"])
    await reloaded(living, sources=sources(), history={"url": "memory:"}, stream={})
    assert (await configuration(living))["refused"] == []
    assert await living.metrics("livingmap_configuration_refused") == [0]


async def test_a_plugin_that_breaks_on_import_leaves_the_one_that_runs(living, tmp_path):
    (tmp_path / "weather.py").write_text("raise OSError('half a file')")
    living.send(signal.SIGHUP)

    async def is_refused():
        return (await configuration(living))["refused"]

    await until(is_refused, SECONDS, 0.05)
    [reason] = (await configuration(living))["refused"]
    assert "weather.py failed on import: OSError: half a file" in reason
    assert (await statuses(living))["weather"] == "fresh"


async def command(living, *arguments, **environment):
    """Run `livingmap reload` and return its exit status, its output and its complaints."""
    program = await asyncio.create_subprocess_exec(
        *(PROGRAM, "reload", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **living.environment, **environment},
    )
    output, complaints = await program.communicate()
    return program.returncode, output.decode().splitlines(), complaints.decode().splitlines()


async def test_the_command_reloads_the_map_of_its_file_and_says_what_became_of_it(living):
    living.configure(sources=sources(usage={"enabled": False}, messaging={"mock": True}))
    config = ("--config", living.file)
    assert await command(living, *config) == (0, ["messaging: added", "usage: removed"], [])
    assert (await statuses(living))["usage"] == "disabled"
    assert await command(living, *config) == (0, ["no source has changed"], [])
    living.configure(sources=sources(city={"mock": True, "interval_seconds": "often"}))
    status, output, [complaint] = await command(living, *config)
    assert (status, output) == (1, [])
    assert complaint.startswith(f"{living.file}:")
    assert "sources.city.interval_seconds" in complaint


async def test_the_command_finds_no_map_that_has_ended_or_has_another_file(living):
    status, _, [complaint] = await command(living, "--config", living.file.with_name("other.yaml"))
    assert status == 1
    assert complaint.endswith(f"(running: {living.file})")
    await living.kill()
    status, _, [complaint] = await command(living, "--config", living.file)
    assert status == 1
    assert complaint.endswith("(running: none)")


async def test_a_map_that_watches_reloads_what_is_saved(tmp_path):
    (tmp_path / "weather.py").write_text("from words import NAME\n" + WEATHER.replace('"Sunny"', "NAME"))
    (tmp_path / "words.py").write_text("NAME = 'Sunny'\n")
    one = MapProcess(tmp_path, sources=sources())
    one.options = ["--watch"]
    await one.start()

    async def shows(name):
        return [item["name"] for item in (await one.get("snapshot"))["layers"]["weather"]["items"]] == [name]

    try:
        await until(lambda: shows("Sunny"), SECONDS, 0.05)
        (tmp_path / "words.py").write_text("NAME = 'Snowy'\nNO = {\n")  # half of an edit is refused
        await until(
            lambda: lines(one, "the new configuration is refused; the map goes on with the old one"), SECONDS
        )
        assert await shows("Sunny")
        (tmp_path / "words.py").write_text("NAME = 'Snowy'\n")
        await until(lambda: shows("Snowy"), SECONDS, 0.05)
        one.configure(sources=sources(usage={"enabled": False}))

        async def is_disabled():
            return (await statuses(one))["usage"] == "disabled"

        await until(is_disabled, SECONDS, 0.05)
        assert await one.terminate() == 0
    finally:
        if one.runs:
            await one.kill()


@pytest.fixture
async def replicas(tmp_path):
    """Two processes on one log, of which the first leads; each has its own file and plugin."""
    (tmp_path / "weather.py").write_text(WEATHER)
    async with jetstream_server(tmp_path) as server:
        nats = {"url": server.url, "ping_seconds": 1}
        async with map_process(tmp_path, nats=nats, sources=sources()) as first:
            await until(lambda: lines(first, "this process leads"), SECONDS)
            async with map_process(tmp_path, nats=nats, sources=sources()) as second:
                yield first, second


async def layers(living):
    return filled(normal((await living.get("snapshot"))["layers"]))


async def test_processes_on_one_log_take_up_a_source_one_after_the_other(replicas):
    first, second = replicas
    viewers = Viewer(first.address), Viewer(second.address)
    async with following(*viewers):
        await until(lambda: all(viewer.cursor for viewer in viewers), SECONDS)
        more = sources(messaging={"mock": True, "interval_seconds": 86_400})
        await reloaded(second, sources=more)  # it has more than the first, and takes over
        await until(lambda: lines(second, "this process leads"), SECONDS)

        async def shows_rooms():
            return "messaging" in await layers(second)

        await until(shows_rooms, SECONDS, 0.05)
        assert "messaging" not in await layers(first)
        await reloaded(first, sources=more)  # what the log has of it already, it folds again
        for viewer, living in zip(viewers, replicas, strict=True):
            await agree(viewer, living)

        async def agrees():
            return await layers(first) == await layers(second)

        await until(agrees, SECONDS, 0.05)
        assert [viewer.reasons for viewer in viewers] == [["connect"], ["connect"]]
    assert (await first.ready())["status"] == (await second.ready())["status"] == "ready"


async def test_a_process_that_drops_a_source_takes_it_from_no_other(replicas):
    first, second = replicas
    viewers = Viewer(first.address), Viewer(second.address)
    async with following(*viewers):
        await until(lambda: all(viewer.cursor for viewer in viewers), SECONDS)
        fewer = sources()
        del fewer["weather"]
        await reloaded(first, sources=fewer)
        await agree(viewers[0], first)
        assert "weather" not in await layers(first)
        await until(lambda: lines(second, "this process leads"), SECONDS)  # the first lacks a source
        assert "weather" in await layers(second)
        await reloaded(second, sources=fewer)
        for viewer, living in zip(viewers, replicas, strict=True):
            await agree(viewer, living)

        async def agrees():
            return await layers(first) == await layers(second)

        await until(agrees, SECONDS, 0.05)
        assert [viewer.reasons for viewer in viewers] == [["connect"], ["connect"]]
        assert [one["differences"] for one in (await second.get("sources"))["intakes"]] == [
            ["subjects: weather.storm"]
        ]


async def test_a_map_hears_the_subjects_of_a_new_source_without_connecting_again(tmp_path, server):
    (tmp_path / "weather.py").write_text(WEATHER)
    without = {name: one for name, one in sources().items() if name != "weather"}
    async with map_process(tmp_path, sources=without, nats={"url": server.url, "jetstream": False}) as one:
        await one.connected()
        await reloaded(one, sources=sources())

        async def has_heard():
            async with server.publisher() as client:
                await client.publish("weather.storm", b'{"number": 1}')
            return (await one.get("snapshot"))["layers"]["weather"].get("storms") == 1

        await until(has_heard, SECONDS, 0.05)
        await reloaded(one, sources=without)
        assert "weather" not in (await one.get("snapshot"))["layers"]
        assert (await one.nats())["reconnects"] == 0
