"""Faults of services: each is found, and what the doctor proposes mends it."""

import asyncio
import contextlib
import json
import socket
import ssl

import pytest

from tests.doctor.conftest import ANSWER, kinds, proposed
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.scripted_service import ScriptedService, Sent

BASE_URL = "sources.weather.base_url"


@contextlib.asynccontextmanager
async def encrypted_service(certificate, wants=None):
    """Serve the stations over TLS; with ``wants`` only to clients that show a certificate of that authority."""

    answering = set()

    async def answer(reader, writer):
        answering.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            body = json.dumps(ANSWER).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if wants is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(wants.ca_file)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*answering, return_exceptions=True)


async def test_a_name_that_nobody_knows(patient, service, monkeypatch):
    known = socket.getaddrinfo

    def look_up(host, *rest, **more):
        if host in ("weather.invalid", b"weather.invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    patient.ask("http://weather.invalid:7001")
    fault = await patient.fault()
    assert kinds([fault]) == [("host_unknown", BASE_URL)]
    assert proposed(fault) == [BASE_URL]
    patient.set(BASE_URL, service.base_url)
    assert await patient.faults() == []


async def test_a_service_that_does_not_run(patient):
    port = free_port()
    patient.ask(f"http://127.0.0.1:{port}")
    fault = await patient.fault()
    assert kinds([fault]) == [("refused", BASE_URL)]
    assert fault.what == f"nothing listens on 127.0.0.1:{port}"
    assert fault.fix.startswith("start what should answer there")
    one = ScriptedService(lambda asked: Sent(ANSWER))
    async with one:
        patient.set(BASE_URL, one.base_url)
        assert await patient.faults() == []


async def test_a_certificate_of_an_authority_that_is_not_trusted(patient, authority):
    async with encrypted_service(authority.issue("weather")) as port:
        patient.ask(f"https://localhost:{port}")
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_untrusted", BASE_URL)]
        assert proposed(fault) == ["sources.weather.ca_file"]
        patient.set("sources.weather.ca_file", str(authority.ca_file))
        assert await patient.faults() == []


async def test_a_certificate_for_another_name(patient, authority, monkeypatch):
    known = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: known(
            "127.0.0.1" if host in ("other.test", b"other.test") else host, *rest, **more
        ),
    )
    async with encrypted_service(authority.issue("weather")) as port:
        patient.ask(f"https://other.test:{port}", ca_file=str(authority.ca_file))
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_name", BASE_URL)]
        assert proposed(fault) == [BASE_URL]
        patient.set(BASE_URL, f"https://localhost:{port}")
        assert await patient.faults() == []


async def test_a_certificate_that_has_expired(patient, authority):
    patient.ask("", ca_file=str(authority.ca_file))
    async with encrypted_service(authority.issue("weather", days=-3)) as port:
        patient.set(BASE_URL, f"https://localhost:{port}")
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_expired", BASE_URL)]
        assert fault.fix == "renew the certificate of localhost"
    async with encrypted_service(authority.issue("weather")) as port:
        patient.set(BASE_URL, f"https://localhost:{port}")
        assert await patient.faults() == []


async def test_a_service_without_tls_behind_https(patient, service):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        patient.ask(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        fault = await patient.fault()
    assert kinds([fault]) == [("tls_not_spoken", BASE_URL)]
    assert proposed(fault)[0] == "http://"
    patient.set(BASE_URL, service.base_url)
    assert await patient.faults() == []


async def test_a_service_with_tls_behind_http(patient, authority):
    async with encrypted_service(authority.issue("weather")) as port:
        patient.ask(f"http://localhost:{port}", ca_file=str(authority.ca_file))
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_needed", BASE_URL)]
        assert proposed(fault) == ["https://", BASE_URL]
        patient.set(BASE_URL, f"https://localhost:{port}")
        assert await patient.faults() == []


async def test_a_service_that_wants_to_be_shown_a_certificate(patient, authority):
    certificate, key = authority.issue("map")
    async with encrypted_service(authority.issue("weather"), wants=authority) as port:
        patient.ask(f"https://localhost:{port}", ca_file=str(authority.ca_file))
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_certificate_wanted", BASE_URL)]
        assert proposed(fault) == ["sources.weather.certificate_file", "sources.weather.key_file"]
        for setting, file in zip(proposed(fault), (certificate, key), strict=True):
            patient.set(setting, str(file))
        assert await patient.faults() == []


async def test_a_certificate_that_a_service_does_not_take(patient, authority, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    certificate, key = Authority(folder).issue("map")
    async with encrypted_service(authority.issue("weather"), wants=authority) as port:
        files = {"ca_file": authority.ca_file, "certificate_file": certificate, "key_file": key}
        patient.ask(f"https://localhost:{port}", **{name: str(file) for name, file in files.items()})
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_certificate_wanted", BASE_URL)]
        for setting, file in zip(proposed(fault), authority.issue("map"), strict=True):
            patient.set(setting, str(file))
        assert await patient.faults() == []


async def test_a_token_file_that_is_not_there(patient, service):
    patient.ask(service.base_url, token_file="weather.token")
    fault = await patient.fault()
    assert kinds([fault]) == [("secret_file", "sources.weather")]
    assert fault.fix.startswith("write the secret into that file")
    (patient.folder / "weather.token").write_text("a-token-of-the-weather")
    assert await patient.faults() == []


@pytest.fixture
async def guarded():
    """A service that lets in one token."""

    def answer(asked):
        return Sent(ANSWER) if asked.headers.get("authorization") == "Bearer good-token" else Sent(None, 401)

    async with ScriptedService(answer) as one:
        yield one


async def test_a_service_that_wants_a_token(patient, guarded):
    patient.ask(guarded.base_url)
    fault = await patient.fault()
    assert kinds([fault]) == [("sign_in", "sources.weather")]
    assert proposed(fault)[0] == "sources.weather.token_file"
    (patient.folder / "token").write_text("good-token")
    patient.set("sources.weather.token_file", "token")
    assert await patient.faults() == []


async def test_a_token_that_is_not_taken_is_not_shown(patient, guarded):
    patient.ask(guarded.base_url, token="worn-out-token")
    fault = await patient.fault()
    assert kinds([fault]) == [("sign_in", "sources.weather")]
    assert "sources.weather.token" in proposed(fault)
    assert "worn-out-token" not in fault.what + fault.fix
    patient.set("sources.weather.token", "good-token")
    assert await patient.faults() == []


async def test_an_address_whose_path_leads_elsewhere(patient):
    async with ScriptedService(lambda asked: Sent(ANSWER, 200 if asked.path == "/stations" else 404)) as one:
        patient.ask(f"{one.base_url}/v7")
        fault = await patient.fault()
        assert kinds([fault]) == [("not_there", BASE_URL)]
        assert proposed(fault) == [BASE_URL]
        patient.set(BASE_URL, one.base_url)
        assert await patient.faults() == []


async def test_a_service_that_refuses_what_it_is_asked(patient):
    async with ScriptedService(lambda asked: Sent({"detail": "no such query"}, 422)) as one:
        patient.ask(one.base_url)
        fault = await patient.fault()
        assert kinds([fault]) == [("refuses", "sources.weather")]
        one.answer = lambda asked: Sent(ANSWER)
        assert await patient.faults() == []


async def test_a_page_in_place_of_a_service(patient, service):
    page = b"<!doctype html><title>Welcome</title>"

    async def answer(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(page) + page)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        patient.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        fault = await patient.fault()
    assert kinds([fault]) == [("other_shape", BASE_URL)]
    assert proposed(fault) == [BASE_URL]
    patient.set(BASE_URL, service.base_url)
    assert await patient.faults() == []


async def test_a_service_that_fails_by_itself(patient):
    async with ScriptedService(lambda asked: Sent("out of memory", 500)) as one:
        patient.ask(one.base_url)
        fault = await patient.fault()
        assert kinds([fault]) == [("fails", BASE_URL)]
        assert fault.fix == "see the log of weather-service: it fails by itself"
        one.answer = lambda asked: Sent(ANSWER)
        assert await patient.faults() == []


async def test_a_service_that_is_slower_than_its_timeout(patient, service):
    async def hang(reader, writer):
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        patient.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_seconds=0.2)
        fault = await patient.fault()
    assert kinds([fault]) == [("no_answer", BASE_URL)]
    assert proposed(fault) == ["sources.weather.timeout_seconds"]
    patient.set(BASE_URL, service.base_url)
    patient.set("sources.weather.timeout_seconds", 10)
    assert await patient.faults() == []


async def test_a_plugin_that_cannot_be_loaded(patient):
    (patient.folder / "sky.py").write_text("1 / 0\n")
    patient.set("sources.sky", {"module": "./sky.py", "on_error": "skip"})
    fault = await patient.fault()
    assert kinds([fault]) == [("plugin_fails", "sources.sky")]
    patient.follow(fault, "sources.sky.enabled")
    assert await patient.faults() == []


async def test_a_source_that_is_not_asked_by_http(patient):
    queries = {"one": {"sql": "SELECT 1 AS id", "layer": "ones", "type": "one"}}
    patient.set(
        "sources.shop", {"plugin": "postgres", "dsn": "postgresql://nobody@127.0.0.1:1/x", "queries": queries}
    )
    fault = await patient.fault()
    assert kinds([fault]) == [("source_fails", "sources.shop")]
    assert proposed(fault) == ["livingmap probe shop"]


async def test_rows_that_cannot_be_used_are_no_fault_of_the_configuration(patient):
    async with ScriptedService(lambda asked: Sent([*ANSWER, {"title": "no id"}])) as one:
        patient.ask(one.base_url)
        report = await patient.report()
    assert report.faults == []
    assert kinds(report.notes) == [("rows_dropped", "sources.weather")]


async def test_one_source_that_fails_hides_no_other(patient, service):
    patient.ask(service.base_url)
    for number in range(3):
        port = free_port()
        own = {**patient.sections["sources"]["weather"], "base_url": f"http://127.0.0.1:{port}"}
        patient.set(f"sources.other{number}", {**own, "namespace": f"n{number}"})
    found = {one.where for one in await patient.faults()}
    assert found == {f"sources.other{number}.base_url" for number in range(3)}
