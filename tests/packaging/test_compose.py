"""The containers of docker-compose.phase9.yml, without Docker: their passwords, and NATS as it is configured."""

import contextlib
import os
import re
import subprocess
import sysconfig
import urllib.request
from pathlib import Path

import nats
import pytest
import yaml

from livingmap.core.route import overlap
from livingmap.sources.plugin_import import installed
from livingmap.sources.registry import load_source
from tests.support.nats_server import until
from tests.support.ports import free_port
from tests.support.running import RunningMap, wait_until

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.phase9.yml").read_text())
NATS = (ROOT / "deploy" / "nats" / "nats.conf").read_text()
SCRIPTS = sysconfig.get_path("scripts")
PASSWORDS = {"nats-password": "0123e5", "nats-services-password": "1k"}
"""Such as nats-server would take for numbers."""


def test_no_password_is_written_down_or_has_a_default():
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("/run/secrets/"), name
            assert "PASSWORD" not in value, name
    assert {one["file"].rpartition("/")[0] for one in COMPOSE["secrets"].values()} == {
        "${PHASE9_SECRETS:-.secrets}"
    }


def test_the_subjects_of_all_plugins_pass_from_the_services_to_the_map():
    exported = re.findall(r'^      \{stream: "(.+)"\}$', NATS, re.MULTILINE)
    imported = re.findall(r'account: SERVICES, subject: "(.+)"', NATS)
    wanted = {pattern for name in installed() for pattern in load_source(name, None, ROOT).handlers}
    assert exported == imported
    assert [one for one in sorted(wanted) if not any(overlap(one, subject) for subject in exported)] == []
    assert not any(overlap(subject, "livingmap.>") for subject in exported)


@pytest.fixture
def server(tmp_path):
    """The NATS server of the compose file, started by its own entrypoint; only folders and ports are others."""
    for name, password in PASSWORDS.items():
        (tmp_path / name).write_text(password)
    port = free_port()
    config = NATS.replace("port: 4222", f"host: 127.0.0.1\nport: {port}").replace("8222", str(free_port()))
    (tmp_path / "nats.conf").write_text(config.replace("store_dir: /data", f'store_dir: "{tmp_path}"'))
    *shell, script = (part.replace("$$", "$") for part in COMPOSE["services"]["nats"]["entrypoint"])
    script = script.replace("/run/secrets/", f"{tmp_path}/").replace("/etc/nats/", f"{tmp_path}/")
    with subprocess.Popen(
        [*shell, script], env=os.environ | {"PATH": f"{SCRIPTS}:{os.environ['PATH']}"}, stderr=subprocess.DEVNULL
    ) as process:
        yield f"nats://127.0.0.1:{port}"
        process.terminate()


@contextlib.asynccontextmanager
async def connection(url, errors, **account):
    async def note(error):
        errors.append(str(error))

    client = await nats.connect(url, error_cb=note, connect_timeout=20, **account)
    try:
        yield client
    finally:
        await client.close()


async def test_only_the_map_reaches_its_log_and_hears_what_services_publish(server, tmp_path):
    (tmp_path / "map").mkdir()
    (tmp_path / "map" / "password").write_text(PASSWORDS["nats-password"])
    section = {"url": server, "user": "livingmap", "password_file": "password"}
    living = RunningMap(tmp_path / "map", free_port(), nats=section, sources={"agents": {"mock": True}})

    def is_heard() -> bool:
        with urllib.request.urlopen(f"{living.url}/living-map/history", timeout=5) as answer:
            return b"agent:of-the-services" in answer.read()

    errors = []
    try:
        living.start()
        own = {"user": "livingmap", "password": PASSWORDS["nats-password"]}
        other = {"user": "services", "password": PASSWORDS["nats-services-password"]}
        async with connection(server, errors, **own) as of_map, connection(server, errors, **other) as services:
            for subject in ("livingmap.LIVINGMAP.evil", "livingmap.problems", "$KV.LIVINGMAP.key", "$JS.API.INFO"):
                await services.publish(subject, b"{}")
            await services.subscribe("livingmap.LIVINGMAP.>")
            await services.flush()
            await until(lambda: len(errors) == 5)
            await services.publish("agent.event.status", b'{"agent_id": "agent:of-the-services"}')
            await services.flush()
            wait_until(is_heard)
            subjects = (await of_map.jetstream().stream_info("LIVINGMAP", subjects_filter=">")).state.subjects
        assert "agent.event.status" in subjects
        assert not {"livingmap.LIVINGMAP.evil", "livingmap.problems"} & subjects.keys()
        assert all("permissions violation" in error for error in errors)
        stranger = nats.NATS()
        with pytest.raises(nats.errors.Error, match="Authorization"):
            await stranger.connect(server, max_reconnect_attempts=0, allow_reconnect=False)
        await stranger.close()  # which the library does not do by itself
    finally:
        living.stop()
