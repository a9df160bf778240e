"""The page at ``/``: the built front end. Its files are read once, and an asset never changes under its name."""

import asyncio
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from livingmap.api.snapshot import ENCODERS, acceptable, is_current
from livingmap.config.page import UiSettings

FOLDER: Final = Path(__file__).parent.parent / "_ui"
"""Where ``npm run build`` of the front end puts the page."""
_PAGE: Final = "index.html"
_FOREVER: Final = "public, max-age=31536000, immutable"
_CHECKED: Final = "no-cache"
_LEAST_COMPRESSED_BYTES: Final = 1024
_COMPRESSED: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
"""Not left to the machine: some have a MIME table that calls JavaScript plain text, and browsers refuse that."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page, and its bytes in each encoding that was asked for."""

    body: bytes
    type: str
    cache: str
    tag: str
    encoded: dict[str, bytes] = field(default_factory=dict)

    async def in_encoding(self, encoding: str) -> bytes:
        """Return the body in an encoding, compressed once, beside the event loop."""
        if encoding not in self.encoded:
            self.encoded[encoding] = await asyncio.to_thread(ENCODERS[encoding], self.body)
        return self.encoded[encoding]


def routes(ui: UiSettings) -> APIRouter:
    """Return the page and its files; ``ui`` says who may frame it and where people log in."""
    router = APIRouter(include_in_schema=False)
    files = {path: _file(path, body, ui) for path, body in _read(FOLDER)}
    policy = {"content-security-policy": content_policy(ui)}

    @router.get("/")
    async def page(request: Request) -> Response:
        """Send the page."""
        return await _answer(files, _PAGE, request, policy)

    @router.get("/icon.svg")
    async def icon(request: Request) -> Response:
        """Send the page's icon."""
        return await _answer(files, "icon.svg", request, {})

    @router.get("/assets/{name}")
    async def asset(name: str, request: Request) -> Response:
        """Send a file of the page."""
        return await _answer(files, f"assets/{name}", request, {})

    return router


def content_policy(ui: UiSettings) -> str:
    """Return the page's Content-Security-Policy: all comes from here, and it talks to map and login."""
    login = f" {ui.login_url.rstrip('/')}/" if ui.login_url else ""
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": f"'self' data: blob:{login}",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *ui.embedders]),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _file(path: str, body: bytes, ui: UiSettings) -> File:
    if path == _PAGE:
        body = _told(body, {"livingmap-login": ui.login_url or "", "livingmap-embedders": " ".join(ui.embedders)})
    guessed = mimetypes.guess_type(path)[0] or "application/octet-stream"
    kind = _TYPES.get(Path(path).suffix, guessed)
    cache = _FOREVER if path.startswith("assets/") else _CHECKED
    return File(body, kind, cache, hashlib.blake2b(body, digest_size=12).hexdigest())


def _told(page: bytes, said: Mapping[str, str]) -> bytes:
    """Return the page with what it has to know before it can ask."""
    for name, value in said.items():
        empty = f'<meta name="{name}" content="" />'.encode()
        page = page.replace(empty, f'<meta name="{name}" content="{escape(value)}" />'.encode())
    return page


async def _answer(files: Mapping[str, File], path: str, request: Request, extra: Mapping[str, str]) -> Response:
    file = files.get(path)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    compressed = len(file.body) >= _LEAST_COMPRESSED_BYTES and file.type.startswith(_COMPRESSED)
    encoding = acceptable(request.headers.get("accept-encoding", "")) if compressed else "identity"
    tag = f'"{file.tag}"' if encoding == "identity" else f'"{file.tag}-{encoding}"'
    headers = {"etag": tag, "cache-control": file.cache, "vary": "Accept-Encoding", **extra}
    if is_current(request.headers.get("if-none-match", ""), tag):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    if encoding == "identity":
        return Response(file.body, headers=headers, media_type=file.type)
    headers["content-encoding"] = encoding
    return Response(await file.in_encoding(encoding), headers=headers, media_type=file.type)
