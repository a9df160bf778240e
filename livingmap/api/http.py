"""The HTTP application, put together."""

from fastapi import FastAPI

from livingmap import __version__
from livingmap.api import entities, health, problems, snapshot, sources, ui
from livingmap.api.picture import Picture
from livingmap.api.snapshot import Snapshots


def application(picture: Picture) -> FastAPI:
    """Return the application that shows ``picture``."""
    app = FastAPI(
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        redoc_url=None,
    )
    problems.install(app)
    for router in (
        health.routes(picture),
        snapshot.routes(picture, Snapshots(picture)),
        entities.routes(picture),
        sources.routes(picture),
        ui.routes(picture),
    ):
        app.include_router(router)
    return app
