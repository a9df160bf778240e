"""Faults of where the map is served: each is found, and what the doctor proposes mends it."""

import asyncio
import contextlib
import os
import socket
import sys
from urllib.parse import urlsplit

import yaml

from tests.doctor.conftest import kinds, proposed
from tests.support.map_process import map_process
from tests.support.scripted_service import ScriptedService, Sent


async def test_a_port_that_another_program_has(patient):
    with socket.create_server(("127.0.0.1", patient.sections["server"]["port"])):
        fault = await patient.fault()
        assert kinds([fault]) == [("port_taken", "server.port")]
        assert f"process {os.getpid()}" in fault.what
        patient.follow(fault, "server.port")
        assert await patient.faults() == []


async def test_a_port_that_a_map_has_is_no_fault(patient, tmp_path):
    async with map_process(tmp_path) as living:
        patient.set("server.port", living.port)
        report = await patient.report()
    assert report.faults == []
    assert kinds(report.notes) == [("port_of_a_map", "server.port")]


async def test_a_map_of_another_configuration_is_in_the_way(patient):
    with socket.create_server(("127.0.0.1", patient.sections["server"]["port"])):
        fault = await patient.fault(maps={os.getpid(): "/etc/livingmap.yaml"})
        assert kinds([fault]) == [("port_of_a_map", "server.port")]
        assert fault.what.endswith(f"process {os.getpid()}, with /etc/livingmap.yaml")
        patient.follow(fault, "server.port")
        assert await patient.faults() == []


async def test_the_map_of_this_configuration_is_a_note(patient):
    with socket.create_server(("127.0.0.1", patient.sections["server"]["port"])):
        [note] = (await patient.report(maps={os.getpid(): str(patient.file)})).findings
    assert (note.is_fault, kinds([note])) == (False, [("port_of_a_map", "server.port")])


async def test_the_map_of_this_configuration_is_a_note_where_holders_of_ports_cannot_be_seen(patient, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    async with ScriptedService(lambda asked: Sent({"service": "living-map-service"})) as other:
        patient.set("server.port", urlsplit(other.base_url).port)
        [note] = (await patient.report(maps={7: str(patient.file)})).findings
    assert (note.is_fault, kinds([note])) == (False, [("port_of_a_map", "server.port")])
    assert note.what.endswith(f"process 7, with {patient.file}")


async def test_an_address_of_another_machine(patient):
    patient.set("server.host", "192.0.2.1")
    patient.set("auth", {"allow_anonymous": True})
    fault = await patient.fault()
    assert kinds([fault]) == [("cannot_listen", "server.host")]
    patient.follow(fault, "server.host")
    assert await patient.faults() == []


async def test_more_connections_than_files(patient, monkeypatch):
    monkeypatch.setattr("livingmap.api.connections.descriptors", lambda: 1024)
    patient.set("server.connections", 5000)
    fault = await patient.fault()
    assert kinds([fault]) == [("few_descriptors", "server.connections")]
    assert "ulimit -n" in proposed(fault)
    patient.follow(fault, "server.connections")
    assert await patient.faults() == []


async def test_a_process_that_may_open_few_files(patient, monkeypatch):
    monkeypatch.setattr("livingmap.api.connections.descriptors", lambda: 256)
    fault = await patient.fault()
    assert kinds([fault]) == [("few_descriptors", "server.connections")]
    files = int(proposed(fault)[0].removeprefix("ulimit -n "))
    monkeypatch.setattr("livingmap.api.connections.descriptors", lambda: files)
    assert await patient.faults() == []


async def test_a_proxy_that_everybody_could_be(patient):
    patient.set("server.trusted_proxies", ["0.0.0.0/0"])
    fault = await patient.fault()
    assert kinds([fault]) == [("everybody_trusted", "server.trusted_proxies")]
    patient.follow(fault, "server.trusted_proxies")
    assert await patient.faults() == []


class Proxy:
    """A reverse proxy that can be set up wrongly: ``sends`` says what it adds to each request."""

    def __init__(self, port):
        self.upstream = port
        self.sends = "X-Forwarded-For: {client}\r\nX-Forwarded-Proto: http\r\n"
        self.keeps_claims = False

    @contextlib.asynccontextmanager
    async def running(self):
        async with await asyncio.start_server(self._pass_on, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _pass_on(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            dropped = ("connection:",) if self.keeps_claims else ("connection:", "x-forwarded-")
            kept = [one for one in lines if one and not one.lower().startswith(dropped)]
            sent = self.sends.format(client=writer.get_extra_info("peername")[0])
            try:
                answers, up = await asyncio.open_connection("127.0.0.1", self.upstream)
            except OSError:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            else:
                up.write("\r\n".join([first, "Connection: close", *kept, sent, ""]).encode())
                writer.write(await answers.read())
                up.close()
            await writer.drain()
        writer.close()


async def test_a_proxy_that_is_set_up_well(patient):
    async with Proxy(patient.sections["server"]["port"]).running() as url:
        patient.set("server.public_url", url)
        assert (await patient.report()).findings == ()


async def test_a_proxy_that_is_not_trusted(patient):
    async with Proxy(patient.sections["server"]["port"]).running() as url:
        patient.set("server", {**patient.sections["server"], "public_url": url, "trusted_proxies": ["10.0.0.7"]})
        fault = await patient.fault()
        assert kinds([fault]) == [("proxy_untrusted", "server.trusted_proxies")]
        assert yaml.safe_load(proposed(fault)[0]) == {"server.trusted_proxies": ["10.0.0.7", "127.0.0.1"]}
        patient.follow(fault, "server.trusted_proxies")
        assert await patient.faults() == []


async def test_a_proxy_that_does_not_say_where_requests_come_from(patient):
    proxy = Proxy(patient.sections["server"]["port"])
    well, proxy.sends = proxy.sends, "X-Nothing: 1\r\n"
    async with proxy.running() as url:
        patient.set("server.public_url", url)
        fault = await patient.fault()
        assert kinds([fault]) == [("proxy_headers", "server.public_url")]
        assert "have it send X-Forwarded-For" in fault.fix
        proxy.sends = well
        assert await patient.faults() == []


async def test_a_proxy_that_passes_on_what_clients_claim(patient):
    proxy = Proxy(patient.sections["server"]["port"])
    well, proxy.sends, proxy.keeps_claims = proxy.sends, "X-Forwarded-Proto: http\r\n", True
    async with proxy.running() as url:
        patient.set("server.public_url", url)
        fault = await patient.fault()
        assert kinds([fault]) == [("proxy_headers", "server.public_url")]
        assert "passes on the client's own" in fault.what
        proxy.sends, proxy.keeps_claims = well, False
        assert await patient.faults() == []


async def test_a_proxy_that_does_not_say_how_clients_come(patient):
    proxy = Proxy(patient.sections["server"]["port"])
    well, proxy.sends = proxy.sends, "X-Forwarded-For: {client}\r\nX-Forwarded-Proto: https\r\n"
    async with proxy.running() as url:
        patient.set("server.public_url", url)
        fault = await patient.fault()
        assert "X-Forwarded-Proto" in fault.fix
        proxy.sends = well
        assert await patient.faults() == []


async def test_a_proxy_that_leads_elsewhere(patient):
    proxy = Proxy(1)
    async with proxy.running() as url:
        patient.set("server.public_url", url)
        fault = await patient.fault()
        assert kinds([fault]) == [("public_url", "server.public_url")]
        proxy.upstream = int(proposed(fault)[0].rpartition(":")[2])
        assert await patient.faults() == []


async def test_behind_a_running_map_only_the_answer_is_looked_at(patient, tmp_path):
    async with map_process(tmp_path) as living, Proxy(living.port).running() as url:
        patient.set("server", {"port": living.port, "public_url": url})
        report = await patient.report()
    assert report.faults == []
    assert kinds(report.notes) == [("port_of_a_map", "server.port"), ("proxy_unseen", "server.public_url")]
