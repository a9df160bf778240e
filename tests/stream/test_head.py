"""HEAD over a real connection that stays open: the headers of GET, no body, and the next request is answered."""

import asyncio

import pytest

PATHS = [
    "/",
    "/living-map/health",
    "/living-map/snapshot",
    "/living-map/entities",
    "/living-map/events",
    "/metrics",
]
MAY_DIFFER = {"date", "etag", "content-length", "transfer-encoding", "x-request-id"}


def settled(headers):
    return {name: value for name, value in headers.items() if name not in MAY_DIFFER}


async def ask(reader, writer, method, path):
    """Return status and headers of an answer to a request on an open connection."""
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: map\r\n\r\n".encode())
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.rstrip().split("\r\n")
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines)


@pytest.mark.parametrize("path", PATHS)
async def test_head_leaves_the_connection_ready_for_the_next_request(living, address, path):
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    status, _ = await ask(reader, writer, "HEAD", path)
    assert status == 200
    status, headers = await ask(reader, writer, "GET", "/living-map/health")
    assert (status, headers["content-type"]) == (200, "application/json")
    body = await reader.readexactly(int(headers["content-length"]))
    assert body.startswith(b'{"status":"ok"')
    assert living.hub.viewers == 0
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("path", PATHS)
async def test_head_has_the_headers_of_get(address, path):
    answers = []
    host, _, port = address.partition(":")
    for method in ("HEAD", "GET"):
        reader, writer = await asyncio.open_connection(host, int(port))
        answers.append(await ask(reader, writer, method, path))
        writer.close()
        await writer.wait_closed()
    (status, head), (whole_status, whole) = answers
    assert status == whole_status
    assert settled(head) == settled(whole)
