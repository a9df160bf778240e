"""Connections to others: whom they trust, what they show, and where their secrets come from."""

import asyncio
import contextlib
import os
import ssl
import subprocess
import sys
from pathlib import Path

import nkeys
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import ValidationError

from livingmap.config.loading import load
from livingmap.errors import ConfigError, Unreachable
from livingmap.history.settings import HistorySettings
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import ServiceSettings
from livingmap.tls import TlsSettings
from livingmap.transport.connection import NatsClient, NatsConnection, connected
from livingmap.transport.settings import NatsSettings
from tests.support.certificates import Authority
from tests.support.nats_server import NatsServer, until

ROOT = Path(__file__).parents[1]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@contextlib.asynccontextmanager
async def encrypted_service(authority, *, asks=False):
    """Serve JSON over TLS; with ``asks`` only to clients that show a certificate."""

    async def answer(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]")
            await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("service"))
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.ca_file)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


async def asked(url, **settings):
    client = JsonClient("sources.city", ServiceSettings(base_url=url, retries=0, **settings))
    try:
        return await client.get("/")
    finally:
        await client.close()


async def test_a_service_of_an_authority_that_the_system_does_not_know_is_not_trusted(authority):
    async with encrypted_service(authority) as url:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            await asked(url)


async def test_a_service_is_trusted_by_ca_file(authority):
    async with encrypted_service(authority) as url:
        assert await asked(url, ca_file=authority.ca_file) == []


async def test_a_service_that_asks_for_a_certificate_is_shown_one(authority):
    certificate, key = authority.issue("map")
    async with encrypted_service(authority, asks=True) as url:
        with pytest.raises(Unreachable):
            await asked(url, ca_file=authority.ca_file)
        assert await asked(url, ca_file=authority.ca_file, certificate_file=certificate, key_file=key) == []


PROGRAM = """
import asyncio, sys
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import ServiceSettings
print(asyncio.run(JsonClient("sources.city", ServiceSettings(base_url=sys.argv[1], retries=0)).get("/")))
"""


async def test_a_service_is_trusted_by_the_variable_of_openssl(authority):
    async with encrypted_service(authority) as url:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            url,
            cwd=ROOT,
            env={**os.environ, "SSL_CERT_FILE": str(authority.ca_file)},
            stdout=subprocess.PIPE,
        )
        assert (await process.communicate())[0] == b"[]\n"


@pytest.fixture
async def encrypted_nats(tmp_path, authority):
    certificate, key = authority.issue("nats")
    tls = f'cert_file: "{certificate}", key_file: "{key}", ca_file: "{authority.ca_file}", verify: true'
    server = NatsServer(tmp_path, f"tls {{ {tls} }}")
    await server.start()
    yield server
    await server.kill()


async def test_nats_is_shown_a_certificate(encrypted_nats, authority):
    certificate, key = authority.issue("map")
    files = {"ca_file": authority.ca_file, "certificate_file": certificate, "key_file": key}
    url = f"tls://localhost:{encrypted_nats.port}"
    async with connected(NatsSettings(url=url, **files)) as client:
        assert client.is_connected
    with pytest.raises(OSError, match=r"(?i)certificate|connection|NATS"):
        async with connected(NatsSettings(url=url, ca_file=authority.ca_file)):
            pass


@pytest.mark.parametrize("ended", [BrokenPipeError(32, "Broken pipe"), ConnectionResetError(104, "reset")])
async def test_a_nats_server_that_ends_the_connection_is_named_as_what_did(ended, monkeypatch):
    async def connect(*_, **__):
        raise ended

    monkeypatch.setattr(NatsClient, "connect", connect)
    with pytest.raises(OSError, match="NATS: the server ended the connection"):
        async with connected(NatsSettings(url="tls://localhost:4222")):
            pass


async def test_nats_that_does_not_encrypt_is_not_used_under_tls(tmp_path):
    server = NatsServer(tmp_path, "authorization { user: map, password: secret-word }")
    await server.start()
    try:
        settings = NatsSettings(url=f"tls://127.0.0.1:{server.port}", user="map", password="secret-word")
        with pytest.raises(OSError, match="NATS"):
            async with connected(settings):
                pass
    finally:
        await server.kill()


async def test_an_nkey_in_a_file_signs_in_and_a_rotated_one_at_the_next_connection(tmp_path):
    pairs = [nkeys.from_seed(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)) for _ in range(2)]
    users = [f"authorization {{ users: [ {{ nkey: {pair.public_key.decode()} }} ] }}" for pair in pairs]
    server, file = NatsServer(tmp_path, users[0]), tmp_path / "seed"
    file.write_text(pairs[0].seed.decode() + "\n")
    await server.start()
    connection = NatsConnection(NatsSettings(url=server.url, nkey_file=file, ping_seconds=1), 0.2)
    running = asyncio.create_task(connection.run())
    try:
        await until(lambda: connection.status.connected)
        await server.kill()
        server.config = users[1]
        await server.start()
        await until(lambda: "authorization violation" in (connection.status.error or "").lower())
        file.write_text(pairs[1].seed.decode())
        await until(lambda: connection.status.connected)
        assert not any(pair.seed.decode() in repr(connection.status) for pair in pairs)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await server.kill()


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ({"user": "map", "password_file": "secret"}, "user: map, password: swordfish"),
        ({"token_file": "secret"}, "token: swordfish"),
    ],
)
async def test_a_secret_of_nats_may_be_in_a_file(tmp_path, how, rule):
    (tmp_path / "secret").write_text("swordfish\n")
    server = NatsServer(tmp_path, f"authorization {{ {rule} }}")
    await server.start()
    try:
        given = {name: tmp_path / one if name.endswith("_file") else one for name, one in how.items()}
        async with connected(NatsSettings(url=server.url, **given)) as client:
            assert client.is_connected
    finally:
        await server.kill()


async def test_a_file_of_nats_that_is_not_there_is_named(tmp_path):
    connection = NatsConnection(NatsSettings(url="nats://127.0.0.1:1", token_file=tmp_path / "none"), 0.2)
    running = asyncio.create_task(connection.run())
    await until(lambda: (connection.status.error or "").startswith("token_file: "))
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize(
    "given",
    [
        {"user": "a", "password": "b", "password_file": "c"},
        {"token": "a", "token_file": "b"},
        {"nkey_file": "a", "credentials_file": "b"},
        {"user": "a"},
        {"key_file": "a"},
    ],
)
def test_nats_takes_one_way_to_sign_in(given):
    with pytest.raises(ValidationError):
        NatsSettings(url="nats://nats", **given)


def test_the_password_of_the_database_is_read_from_its_file_each_time(tmp_path):
    file = tmp_path / "password"
    settings = HistorySettings(url="postgresql://map@db/map", password_file=file)
    password = settings.connecting()["password"]
    with pytest.raises(OSError, match=r"history\.password_file"):
        password()
    file.write_text("one\n")
    assert password() == "one"
    file.write_text("two")
    assert password() == "two"


@pytest.mark.parametrize("query", ["?sslmode=verify-full", ""])
def test_the_database_is_verified_by_the_system_or_ca_file(query, authority, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    own = {} if query else {"ca_file": authority.ca_file}
    context = HistorySettings(url=f"postgresql://map@db/map{query}", **own).connecting()["ssl"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_without_a_word_about_tls_the_database_is_reached_as_its_url_says(tmp_path):
    assert HistorySettings(url="postgresql://map:a@db/map?sslmode=require").connecting() == {}


@pytest.mark.parametrize(
    "given",
    [
        {"password_file": "a"},
        {"url": "memory:", "ca_file": "a"},
        {"url": "postgresql://u:p@h/d", "password_file": "a"},
    ],
)
def test_what_no_database_of_ones_own_could_use_is_refused(given):
    with pytest.raises(ValidationError):
        HistorySettings(**given)


def test_a_file_of_tls_that_cannot_be_used_is_a_fault_with_its_place(tmp_path):
    file = tmp_path / "map.yaml"
    (tmp_path / "junk.pem").write_text("junk")
    file.write_text(
        "nats: {url: 'tls://nats', ca_file: none.pem}\n"
        "history: {url: 'postgresql://a@b/c', ca_file: junk.pem}\n"
        "sources:\n  city: {certificate_file: none.pem}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert [fault.path for fault in caught.value.faults] == [
        "sources.city.certificate_file",
        "nats.ca_file",
        "history.ca_file",
    ]


def test_an_encrypted_key_is_refused_without_a_question(authority, tmp_path):
    certificate, key = authority.issue("map")
    locked = tmp_path / "locked.key"
    private = load_pem_private_key(key.read_bytes(), password=None)
    locked.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(ValueError, match=r"certificate_file: .*encrypted"):
        TlsSettings(certificate_file=certificate, key_file=locked).ssl_context()
