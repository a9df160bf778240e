"""The page at ``/``: the built front end. Its files are read once; an asset never changes under its name."""

import mimetypes
from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from livingmap.api.prepared import IDENTITY, Prepared, accepted_encoding
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


def routes(ui: UiSettings) -> APIRouter:
    """Return the endpoints of the page; ``ui`` says which sites may frame it and where people log in."""
    router = APIRouter(include_in_schema=False)
    files = {path: _prepared(path, body, ui) for path, body in _read(FOLDER)}
    policy = {"content-security-policy": content_policy(ui)}

    @router.get("/")
    async def page(request: Request) -> Response:
        """Send the page."""
        return await _answer(files, _PAGE, request, policy)

    @router.get("/icon.svg")
    async def icon(request: Request) -> Response:
        """Send the page's icon."""
        return await _answer(files, "icon.svg", request)

    @router.get("/assets/{name}")
    async def asset(name: str, request: Request) -> Response:
        """Send a file of the page."""
        return await _answer(files, f"assets/{name}", request)

    return router


def content_policy(ui: UiSettings) -> str:
    """Return the page's Content-Security-Policy: it loads from the map, and connects to map and login only."""
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


def _prepared(path: str, body: bytes, ui: UiSettings) -> Prepared:
    if path == _PAGE:
        body = _filled(
            body, {"livingmap-login": ui.login_url or "", "livingmap-embedders": " ".join(ui.embedders)}
        )
    content_type = _TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return Prepared(body, content_type, _FOREVER if path.startswith("assets/") else _CHECKED)


def _filled(page: bytes, meta: Mapping[str, str]) -> bytes:
    """Return the page with the values of its ``meta`` elements: what it has to know before it can ask."""
    for name, value in meta.items():
        empty = f'<meta name="{name}" content="" />'.encode()
        page = page.replace(empty, f'<meta name="{name}" content="{escape(value)}" />'.encode())
    return page


async def _answer(
    files: Mapping[str, Prepared], path: str, request: Request, extra: Mapping[str, str] | None = None
) -> Response:
    file = files.get(path)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    compressed = len(file.body) >= _LEAST_COMPRESSED_BYTES and file.content_type.startswith(_COMPRESSED)
    accepted = accepted_encoding(request.headers.get("accept-encoding", "")) if compressed else IDENTITY
    return await file.answer(request, accepted, extra)
