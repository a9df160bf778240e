"""``/metrics``: the map's metrics for Prometheus, collected from where they are kept anyway on every request."""

from collections.abc import Callable, Iterable
from http import HTTPStatus

from fastapi import APIRouter, Depends, Response
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.problems import documented


def routes(
    collectors: Iterable[Collector], auth: AuthDependencies, scrape_token: Callable[[], str | None]
) -> APIRouter:
    """Return the endpoint, for callers with the token of the scraper, or that may see how services are doing."""
    router, registry = APIRouter(tags=["operations"]), CollectorRegistry()
    for one in collectors:
        registry.register(one)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)

    @router.get(
        "/metrics",
        summary="Metrics",
        response_class=Response,
        dependencies=[Depends(auth.scraper(scrape_token))],
        responses={
            int(HTTPStatus.OK): {"description": "The metrics", "content": {"text/plain": {}}},
            **documented(*REFUSALS),
        },
    )
    async def metrics() -> Response:
        """Return every metric in the text format of Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
