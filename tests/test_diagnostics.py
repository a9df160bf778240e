"""The bundle for somebody who helps: what is in it, whatever state the map is in, and that no secret is."""

import asyncio
import base64
import json
import stat
import zipfile
from urllib.parse import quote

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from livingmap.cli.program import app
from livingmap.cli.redacting import Redactor
from tests.support.map_process import MapProcess
from tests.support.ports import free_port

SECRETS = {
    "database": "Db-Pass/w0rd?1",
    "nats": "nats-PASS-2",
    "token": "source-token-3333",
    "header": "header-value-4",
    "basic": "basic pass 5",
    "key": "key-in-a-file-6",
    "metrics": "metrics-token-8888",
    "ingest": "ingest-token-9999",
    "notify": "mailtos://user:mail-pass-10@example.org",
    "variable": "variable-token-11",
    "reader": "reader-token-12",
    "short": "zq9x",
}


@pytest.fixture
def sections(tmp_path):
    """A configuration that is full of secrets, and reaches nobody."""
    (tmp_path / "key").write_text(SECRETS["key"] + "\n")
    nowhere = f"127.0.0.1:{free_port()}"
    row = {"path": "/stations", "type": "station", "id": "id", "fields": {"name": "title"}}
    weather, tides, sand = (
        {"plugin": "http", "base_url": f"http://{nowhere}", "retries": 0, "lists": [{**row, "layer": name}]}
        for name in ("weather", "tides", "sand")
    )
    return {
        "server": {"metrics_token": SECRETS["metrics"]},
        "history": {"url": f"postgresql://map:{quote(SECRETS['database'], safe='')}@{nowhere}/map"},
        "nats": {"url": f"nats://map:{SECRETS['nats']}@{nowhere}", "jetstream": False},
        "notify": {"routes": [{"urls": [SECRETS["notify"]]}]},
        "sources": {
            "weather": {**weather, "token": SECRETS["token"], "headers": {"X-Odd": SECRETS["header"]}},
            "tides": {**tides, "username": "ann", "password": SECRETS["basic"], "ingest_token": SECRETS["ingest"]},
            "sand": {**sand, "api_key_file": "key"},
        },
    }


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """Let no other map of this machine be found."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("LIVINGMAP_SOURCES__WEATHER__TOKEN", SECRETS["variable"])
    monkeypatch.setenv("SOME_API_KEY", SECRETS["short"])
    monkeypatch.setenv("LIVINGMAP_TOKEN", SECRETS["reader"])


async def bundle(file, *arguments):
    """Have one written; return its files and what was printed."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["diagnostics", str(file), *arguments])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}, done.output


def spellings(secret):
    user = "ann:" if secret == SECRETS["basic"] else ""
    return {
        secret,
        quote(secret, safe=""),
        *(base64.b64encode(f"{one}{secret}".encode()).decode() for one in ("", user)),
    }


def shown(texts):
    """Return which secrets stand where."""
    return [
        (name, secret)
        for name, text in texts.items()
        for secret in SECRETS.values()
        if any(one in text for one in spellings(secret))
    ]


async def test_the_bundle_of_a_running_map_has_what_helps_and_no_secret(sections, tmp_path):
    one = MapProcess(tmp_path, **sections)
    one.environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    try:
        await one.start(until_ready=False)
        one.log.write_text("\n".join(text for secret in SECRETS.values() for text in spellings(secret)))
        files, said = await bundle(tmp_path / "b.zip", "-c", str(one.file), "-u", f"http://{one.address}")
    finally:
        await one.kill()
    assert shown({**files, "printed": said}) == []
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    [process] = json.loads(files["processes.json"])
    assert (process["file"], f"log-{process['pid']}.txt" in files) == (str(one.file), True)
    assert [item["name"] for item in json.loads(files["map/sources.json"])["items"]] == [
        "weather",
        "tides",
        "sand",
    ]
    assert "items" in json.loads(files["map/problems.json"])
    assert "livingmap_position" in files["map/metrics.txt"]
    assert json.loads(files["map/health.json"])["sources"].keys() == {"weather", "tides", "sand"}
    faults = {fault["where"] for fault in json.loads(files["doctor.json"])["faults"]}
    assert {"history.url", "nats.url", "sources.weather.base_url"} <= faults
    settings = json.loads(files["configuration.json"])
    assert settings["history"]["url"].startswith("postgresql://127.0.0.1:")
    assert settings["sources"]["tides"]["username"] == "ann"
    assert settings["sources"]["weather"]["headers"] == {"X-Odd": "***"}
    assert json.loads(files["summary.json"])["lacking"] == {}


async def test_of_a_dead_map_with_a_broken_configuration_there_is_the_rest(sections, tmp_path):
    file, url = tmp_path / "map.yaml", f"http://127.0.0.1:{free_port()}"
    file.write_text(yaml.safe_dump({**sections, "nonsense": SECRETS["token"]}))
    files, said = await bundle(tmp_path / "b.zip", "-c", str(file), "-u", url)
    assert f"map/sources.json is not in it: {url}/living-map/sources: [Errno 111]" in said
    assert sorted(json.loads(files["summary.json"])["lacking"]) == [
        "log.txt",
        *(f"map/{name}" for name in ("health.json", "metrics.txt", "problems.json", "sources.json")),
    ]
    assert json.loads(files["configuration-faults.json"])[0].startswith(str(file))
    assert shown(files) == []
    done = await asyncio.to_thread(CliRunner().invoke, app, ["diagnostics", str(tmp_path / "b.zip"), "-u", url])
    assert (done.exit_code, "is there already" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcdef123", "Authorization: ***"),
        ("GET /x?sig=abc&at=1", "GET /x?sig=***&at=1"),
        ("nats://s3cr3t@host:4222", "nats://***@host:4222"),
        ("postgresql://map:pw@db.example.org/map", "postgresql://***@db.example.org/map"),
        (
            "the word secret, and a map at http://127.0.0.1:7017",
            "the word secret, and a map at http://127.0.0.1:7017",
        ),
    ],
)
def test_what_looks_like_a_secret_is_masked_without_being_known(text, masked):
    assert Redactor([]).text(text) == masked


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="*", codec="utf-8"), min_size=8, max_size=40), st.text(max_size=9))
def test_a_secret_that_is_known_is_masked_in_every_spelling(secret, around):
    secret = secret.strip()
    assume(len(secret) >= 8)
    raw = secret.encode()
    spelled = [
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        base64.b64encode(raw).decode().rstrip("="),
    ]
    text = Redactor([secret]).text(around.join(("", *spelled, "")))
    assert not any(one in text for one in spelled if one not in around)
