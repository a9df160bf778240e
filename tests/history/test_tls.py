"""The history over TLS, by the protocol of PostgreSQL: the server is verified, and shown a certificate.

The embedded PostgreSQL cannot encrypt. A real PgBouncer before it does, in the same words of the protocol.
"""

import asyncio
import socket
import ssl
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from livingmap.history import HistoryUnavailable, Query
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings
from tests.history.making import entry, seqs
from tests.support.certificates import Authority
from tests.support.pgbouncer import pgbouncer


@pytest.fixture
def authority(open_folder):
    return Authority(open_folder)


@pytest.fixture
def other_authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture(params=["session", "transaction"])
async def encrypted(request, server, database, authority):
    """The URL of an empty database whose server encrypts, and wants a certificate of its authority."""
    certificate, key = authority.issue("database")
    more = (
        f"client_tls_sslmode = verify-ca\nclient_tls_ca_file = {authority.ca_file}\n"
        f"client_tls_cert_file = {certificate}\nclient_tls_key_file = {key}"
    )
    sockets = Path(parse_qs(urlsplit(server).query)["host"][0])
    async with pgbouncer(sockets, request.param, more, owned=[key]) as port:
        yield f"postgresql://postgres@localhost:{port}{urlsplit(database).path}"


def history(url, **files):
    settings = HistorySettings(url=url, **files)
    return PostgresHistory(settings.url.get_secret_value(), connecting=settings.connecting())


async def test_the_history_is_kept_by_a_server_that_is_verified_and_shown_a_certificate(encrypted, authority):
    certificate, key = authority.issue("map")
    one = history(encrypted, ca_file=authority.ca_file, certificate_file=certificate, key_file=key)
    await one.open()
    await one.write([entry(number) for number in range(300)])
    assert seqs((await one.read(Query(limit=3))).entries) == [299, 298, 297]
    await one.close()


async def test_a_server_of_an_authority_that_is_not_trusted_is_refused(encrypted, authority, other_authority):
    certificate, key = authority.issue("map")
    one = history(encrypted, ca_file=other_authority.ca_file, certificate_file=certificate, key_file=key)
    with pytest.raises(HistoryUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await one.open()


async def test_a_map_without_a_certificate_of_the_servers_authority_is_refused(
    encrypted, authority, other_authority
):
    certificate, key = other_authority.issue("map")
    for files in ({}, {"certificate_file": certificate, "key_file": key}):
        with pytest.raises(HistoryUnavailable):
            await history(encrypted, ca_file=authority.ca_file, **files).open()


async def test_without_a_word_about_tls_a_server_that_wants_it_is_not_reached(encrypted):
    with pytest.raises(HistoryUnavailable, match=r"(?i)ssl|tls"):
        await history(f"{encrypted}?sslmode=disable").open()


async def test_what_a_server_says_of_our_certificate_as_it_closes_is_said(authority, other_authority):
    """As PostgreSQL itself does; PgBouncer closes without a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("database"))
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED

    def refuse(listening):
        own, _ = listening.accept()
        own.recv(8)  # SSLRequest (PostgreSQL, 55.2.11)
        own.sendall(b"S")
        wrapped = context.wrap_socket(own, server_side=True, do_handshake_on_connect=False)
        with pytest.raises(ssl.SSLError):
            wrapped.do_handshake()
        with socket.socket(fileno=wrapped.detach()) as rest:
            rest.shutdown(socket.SHUT_WR)
            while rest.recv(4096):  # or else what was said is lost by a reset
                pass

    certificate, key = other_authority.issue("map")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listening))
        url = f"postgresql://postgres@localhost:{listening.getsockname()[1]}/postgres"
        with pytest.raises(HistoryUnavailable, match=r"SSLError: .*(?i:alert|certificate)"):
            await history(url, ca_file=authority.ca_file, certificate_file=certificate, key_file=key).open()
        await refusing
