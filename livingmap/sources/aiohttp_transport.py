"""Requests of httpx, sent by aiohttp in three tenths of the processor time. Nothing else imports aiohttp."""

import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx
from yarl import URL

_KEEP_ALIVE_SECONDS: Final = 4.0
"""Less than the five seconds after which most services close a connection, so that few requests meet its end."""
_LONGEST_LINE: Final = 64 * 1024
"""How long a line of an answer's head may be: links to next pages are long."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections of its own, each of which is kept for the next one.

    It raises `httpx.TimeoutException`, or `httpx.TransportError` with a reason of one line. That holds nothing
    of what was sent. A request is sent once. Nothing is followed, unpacked or taken from the environment.
    """

    def __init__(self, context: ssl.SSLContext, timeout_seconds: float) -> None:
        self._context = context
        self._timeout = aiohttp.ClientTimeout(None, timeout_seconds, timeout_seconds, timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer as soon as its head is there; its stream brings the rest."""
        with _as_of_httpx():
            answer = await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=request.content or None,
                allow_redirects=False,
            )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request)

    def _opened(self) -> aiohttp.ClientSession:
        """Return what sends the requests; it belongs to the loop in which the first one was sent."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._context, keepalive_timeout=_KEEP_ALIVE_SECONDS, use_dns_cache=False
                ),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                middlewares=(_once,),
                max_line_size=_LONGEST_LINE,
                max_field_size=_LONGEST_LINE,
            )
        return self._session

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The rest of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_of_httpx():
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        """Let another request have the connection, or close it if not everything was read."""
        self._answer.release()


@contextmanager
def _as_of_httpx() -> Iterator[None]:
    """Raise errors of aiohttp as those of httpx, with what went wrong and no more."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer in time") from error
    except aiohttp.InvalidURL as error:
        raise httpx.InvalidURL("not a valid address") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise httpx.ConnectError(str(error.certificate_error)) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(_reason(error.os_error)) from error
    except aiohttp.ServerDisconnectedError as error:
        raise httpx.RemoteProtocolError("the connection was closed without an answer") from error
    except aiohttp.ClientPayloadError as error:
        raise httpx.ReadError("the answer broke off") from error
    except aiohttp.ClientResponseError as error:
        reason = error.message.partition(":")[0].strip()  # what follows is what came
        raise httpx.RemoteProtocolError(f"what came is not HTTP ({reason})") from error
    except aiohttp.ClientOSError as error:
        raise httpx.ReadError(_reason(error)) from error
    except (aiohttp.ClientError, RuntimeError) as error:  # the latter comes of connections that are gone
        raise httpx.ReadError(f"the connection failed ({type(error).__name__})") from error


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let errors pass as those of httpx: aiohttp would send some requests again by itself."""
    with _as_of_httpx():
        return await handler(request)


def _reason(error: OSError) -> str:
    if error.errno and error.errno > 0 and not isinstance(error, ssl.SSLError | socket.gaierror):
        return os.strerror(error.errno)  # the numbers of the others are their own
    return error.strerror or type(error).__name__
