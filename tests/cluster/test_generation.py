"""Processes of different configurations on one log: who leads, and who does not."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest
import structlog
import yaml

from livingmap.cluster import nats as cluster
from livingmap.cluster.lease import Lease
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings
from tests.support.nats_server import jetstream_server, until


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let a lease last for a second, and processes speak up often."""
    monkeypatch.setattr(cluster, "PRESENCE_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "_ABSENT_SECONDS", 0.5)
    monkeypatch.setattr(cluster, "Lease", lambda me, **how: Lease(me, 1.0, **how))


async def idle():
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def process(server, *sources, works=lambda: True):
    """Run one process of the cluster."""
    settings = NatsSettings(url=server.url, ping_seconds=1)
    made = backbone(settings, ["a.*"], sources, b"", utc_now, longest_pause_seconds=0.3)
    tasks = [
        asyncio.create_task(one)
        for one in (made.intakes[0].run(), made.cluster.lead(idle), made.cluster.run(works))
    ]
    try:
        yield made.cluster
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            await stop([task])


async def test_a_process_with_more_sources_takes_the_lead(server):
    async with process(server, "city") as old:
        await until(lambda: old.leads)
        async with process(server, "city", "usage") as new:
            await until(lambda: new.leads, 30)
            assert (old.leads, old.lacks, new.lacks) == (False, ["usage"], [])


async def test_a_forgotten_process_takes_nothing_from_the_others(server):
    async with process(server, "city", "usage") as new:
        await until(lambda: new.leads)
        with structlog.testing.capture_logs() as logs:
            async with process(server, "city") as old:
                await until(lambda: old.lacks == ["usage"])
                await until(lambda: new.members)
            assert new.leads
    assert "this process lacks sources of the cluster; it leads only if no other can" in {
        line["event"] for line in logs
    }


async def test_a_source_may_be_taken_out_of_all_processes(server):
    async with process(server, "city", "usage") as before:
        await until(lambda: before.leads)
    async with process(server, "city") as after:
        await until(lambda: after.leads, 30)
        await until(lambda: not after.lacks)
        async with process(server, "city") as other:
            await until(lambda: after.members)
            assert other.lacks == []


async def test_a_leader_that_cannot_do_its_duties_hands_the_lead_over(server):
    broken = False
    async with process(server, "city", works=lambda: not broken) as one:
        await until(lambda: one.leads)
        async with process(server, "city") as two:
            await until(lambda: one.members and two.members)
            broken = True
            await until(lambda: two.leads, 30)
            assert not one.leads


async def test_a_leader_goes_on_when_no_other_process_works_either(server):
    async with process(server, "city", works=lambda: False) as one:
        await until(lambda: one.leads)
        async with process(server, "city", works=lambda: False):
            await until(lambda: one.members)
            assert one.leads


async def command(tmp_path, server, sources, *arguments):
    """Run `livingmap cluster` with a configuration; return its exit status and what it printed."""
    sections = {"nats": {"url": server.url}, "sources": {name: {"mock": True} for name in sources}}
    file = tmp_path / f"{'-'.join(sources)}.yaml"
    file.write_text(yaml.safe_dump(sections))
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "livingmap", "cluster", *arguments, "--config", file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_command_shows_who_leads_and_what_a_configuration_lacks(tmp_path, server):
    assert await command(tmp_path, server, ["agents"], "status") == (
        1,
        "nats.stream: no map has used LIVINGMAP on this server yet\n",
    )
    async with process(server, "agents", "usage") as one:
        await until(lambda: one.leads)
        status, output = await command(tmp_path, server, ["agents"], "status")
    assert status == 0
    lines = output.splitlines()
    assert (lines[0], lines[1].partition(": ")[2], lines[2]) == (
        "generation 1: agents, usage",
        "leads",
        "this configuration lacks usage",
    )


async def test_the_stream_shrinks_by_command_alone(tmp_path, server):
    async def subjects():
        async with server.publisher() as client:
            return sorted((await client.jetstream().stream_info("LIVINGMAP")).config.subjects)

    async with process(server, "agents", "usage") as one:
        await until(lambda: one.leads)
    status, output = await command(tmp_path, server, ["agents"], "apply")
    assert (status, "kept: subjects: a.* (--allow-shrink would take it away)" in output) == (0, True)
    assert "a.*" in await subjects()
    status, output = await command(tmp_path, server, ["agents"], "apply", "--allow-shrink")
    assert (status, output) == (0, "LIVINGMAP: as configured\n")
    assert "a.*" not in await subjects()
    async with process(server, "agents") as one:
        await until(lambda: one.leads)
        assert one.lacks == []
