"""Answers of a running map to commands that want them as they are, whatever their status."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

_MOST_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came."""

    status: int
    body: Any
    """JSON, or the text if it is not."""

    @property
    def is_success(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == HTTPStatus.OK


class _NoRedirect(HTTPRedirectHandler):
    """Follows nothing: a token is sent to the map and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Return None: an answer that leads elsewhere is the answer."""


def answer(url: str, path: str, token: str | None, seconds: float) -> Answer:
    """Return the answer of the map at ``url``. Raises OSError if it does not answer, or not in HTTP."""
    address = f"{url.rstrip('/')}{path}"
    if not address.startswith(("http://", "https://")):
        raise OSError(f"{url}: not the address of a map; write it like http://127.0.0.1:7017")
    try:
        with _opened(address, token, seconds) as opened:
            return Answer(opened.status, _decoded(opened.read(_MOST_BYTES)))
    except URLError as error:
        raise OSError(f"{address}: {error.reason}") from None
    except (OSError, ValueError, HTTPException) as error:  # such as a port that is not a number
        raise OSError(f"{address}: {str(error).strip() or type(error).__name__}") from None


def _opened(address: str, token: str | None, seconds: float) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(address, headers=headers)  # noqa: S310 - http alone
    try:
        return build_opener(_NoRedirect).open(request, timeout=seconds)
    except HTTPError as error:  # which is an answer, too
        return error


def _decoded(body: bytes) -> Any:
    text = body.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
