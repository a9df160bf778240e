"""docs/daarion.md as an operator follows it: the map in the place of the present service, and back again."""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import asyncpg
import httpx
import pytest
import yaml
from websockets.asyncio.client import connect

from tests.support.nats_server import NatsServer, until
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.program import Program
from tests.test_docs import ROOT, blocks, text_of

PAGE = ROOT / "docs" / "daarion.md"
[SERVICE] = [yaml.safe_load(one.text) for one in blocks(PAGE, "text")]
COMMANDS = re.findall(r"docker compose run --rm living-map-service (\w+)", text_of(PAGE))
[BACK] = re.findall(r"`(BEGIN; .+?; COMMIT)`", text_of(PAGE))
PRESENT = (ROOT / "migrations" / "010_create_living_map_tables.sql").read_text()
ADD = "INSERT INTO living_map_history (event_type, payload) VALUES ('dao.event.vote_cast', '{}')"


async def execute(server, *statements):
    connection = await asyncpg.connect(server.url)
    for one in statements:
        await connection.execute(one)
    await connection.close()


@pytest.fixture
async def postgres():
    """A database in which the present service keeps its history."""
    async with PostgresServer() as server:
        await execute(server, PRESENT, ADD)
        yield server


@pytest.fixture
async def nats(tmp_path):
    server = NatsServer(tmp_path)
    server.use_jetstream()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def environment(network, postgres, nats):
    """The variables of the compose file, and what the page adds to them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
    own = {name: str(value) for name, value in SERVICE["living-map-service"]["environment"].items()}
    assert own["LIVINGMAP_CONFIG"] == "/etc/livingmap/livingmap.yaml"
    urls = {name: service.base_url for name, service in network.sources.items()}
    return {
        **clean,
        **own,
        "LIVINGMAP_CONFIG": str(ROOT / "config" / "livingmap.yaml"),
        "PORT": str(free_port()),
        "DATABASE_URL": postgres.url,
        "NATS_URL": nats.url,
        "USAGE_ENGINE_URL": urls["usage"],
        **{f"{name.upper()}_SERVICE_URL": urls[name] for name in ("agents", "microdao", "dao", "city", "space")},
        "LIVINGMAP_SOURCES__REGISTRY__BASE_URL": urls["registry"],
        "LIVINGMAP_SOURCES__MESSAGING__BASE_URL": urls["messaging"],
        "LIVINGMAP_AUTH__AUTHENTICATOR__BASE_URL": network.auth.base_url,
        "LIVINGMAP_AUTH__ACCOUNT__EMAIL": "map@example.org",
        "LIVINGMAP_AUTH__ACCOUNT__PASSWORD": "correct-horse-1",
        "LIVINGMAP_SOURCES__MICRODAO__ACCOUNT": "true",
        "LIVINGMAP_SOURCES__DAO__ACCOUNT": "true",
    }


async def test_the_commands_of_the_page_put_the_map_in_its_place_and_give_it_back(environment, postgres, tmp_path):
    output = tmp_path / "output"

    def livingmap(*arguments):
        return Program(arguments, environment, tmp_path, output, output)

    assert COMMANDS == ["check", "probe", "migrate"]
    for command in COMMANDS:
        assert await livingmap(command).wait() == 0, output.read_text()
    served = livingmap("serve")
    address = f"127.0.0.1:{environment['PORT']}"
    async with httpx.AsyncClient(base_url=f"http://{address}/living-map") as client:

        async def is_ready():
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                assert served.returncode is None, output.read_text()
                return False

        await until(is_ready, 60)

        async def layers():
            return (await client.get("/snapshot")).json()["layers"]

        async def shows_everything():
            shown = await layers()
            return len(shown["agents"]["items"]) == 4 and len(shown["dao"]["items"]) == 2

        await until(shows_everything, 60)
        snapshot = (await client.get("/snapshot")).json()
        async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
            message = json.loads(await socket.recv())
        kept = (await client.get("/history?event_type=dao.event.vote_cast")).json()["items"]
    assert message["data"]["layers"]["agents"]["total_agents"] == 4
    assert {node["status"] for node in snapshot["layers"]["nodes"]["items"]} == {"online", "offline"}
    assert snapshot["meta"]["generated_at"]
    assert len(kept) == 1
    await execute(postgres, ADD)  # the present service may go on writing
    served.send_signal(15)
    assert await served.wait() == 0, output.read_text()
    await execute(postgres, BACK, ADD)
    rows = await postgres.fetch("SELECT id FROM living_map_history WHERE event_type = 'dao.event.vote_cast'")
    assert len(rows) == 3


def test_the_service_of_the_page_is_one_of_a_compose_file(tmp_path):
    file = tmp_path / "compose.yml"
    file.write_text(yaml.safe_dump({"services": SERVICE}))
    program = Path(sysconfig.get_path("scripts"), "check-jsonschema")
    subprocess.run([program, "--builtin-schema", "vendor.compose-spec", file], check=True, capture_output=True)
