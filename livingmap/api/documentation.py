"""``/docs``: Swagger UI and what problems mean, by the map alone, as services live where the internet need not be.

All its addresses are relative, so it works under whatever path a proxy puts the map.
"""

from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from livingmap.core.language import preferred
from livingmap.problems import page
from livingmap.problems.catalogue import PAGE
from livingmap.problems.in_words import LANGUAGES

_FILES: Final = "static-offline-docs"


def routes(app: FastAPI) -> APIRouter:
    """Return the endpoints of the documentation of ``app``, which then serves the files that it needs."""
    router = APIRouter(include_in_schema=False)
    app.mount(f"/{_FILES}", StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"))

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        """Send the documentation."""
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"{app.title} - Swagger UI",
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url="icon.svg",
        )

    @router.get(f"/{PAGE}")
    async def problems(request: Request) -> HTMLResponse:
        """Send what every problem means and what to do about it, in the language of `Accept-Language`."""
        language = preferred(request.headers.get("accept-language", ""), LANGUAGES)
        headers = {"content-language": language, "vary": "Accept-Language"}
        return HTMLResponse(page.page(language), headers=headers)

    return router
