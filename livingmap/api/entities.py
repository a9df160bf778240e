"""The catalogue of entities, and single entities in full."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.models import EntityDetails, EntityLine, EntityLink, EntityPage
from livingmap.api.page_cursor import page_cursor, place_after
from livingmap.api.problems import ProblemError, documented
from livingmap.core.search_key import search_key
from livingmap.core.units import rfc3339
from livingmap.state.reader import MapReader


def routes(reader: MapReader, auth: AuthDependencies) -> APIRouter:
    """Return the endpoints of entities."""
    router = APIRouter(prefix="/living-map/entities", tags=["map"])

    @router.get("", summary="Entities", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS))
    async def listing(
        rights: Annotated[Rights, Depends(auth.items)],
        type: Annotated[  # noqa: A002
            str | None, Query(description="Only entities of this type, one of those of `/living-map/types`")
        ] = None,
        layer: Annotated[str | None, Query(description="Only entities whose home is this layer")] = None,
        status: Annotated[str | None, Query(description="Only entities with this status")] = None,
        q: Annotated[
            str | None, Query(description="Only entities whose label or id contains this text", max_length=200)
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(description="The next_cursor of the previous page")] = None,
    ) -> EntityPage:
        """List entities ordered by id. Pages neither repeat nor miss an entity while the map changes."""
        _check("type", type, reader.types(rights))
        _check("layer", layer, reader.layers(rights))
        after = place_after(cursor, "this catalogue", str) if cursor is not None else ""
        key = search_key(q) if q is not None else None
        fitting = (
            entity
            for entity in reader.catalogue(rights).entities()
            if entity.id > after
            and type in (None, entity.type)
            and layer in (None, entity.layer)
            and status in (None, entity.status)
            and (key is None or entity.matches(key))
        )
        page = [entity for entity, _ in zip(fitting, range(limit + 1), strict=False)]
        shown = page[:limit]
        return EntityPage(
            items=[
                EntityLine(
                    id=entity.id,
                    type=entity.type,
                    label=entity.label,
                    status=entity.status,
                    layer=entity.layer,
                )
                for entity in shown
            ],
            next_cursor=page_cursor(shown[-1].id) if len(page) > limit else None,
        )

    @router.get(
        "/{entity_id:path}",
        summary="One entity",
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS),
    )
    async def one(entity_id: str, rights: Annotated[Rights, Depends(auth.items)]) -> EntityDetails:
        """Return an entity by id or alias, with the details that its service gives within two seconds."""
        entity = await reader.describe(entity_id, rights)
        if entity is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown_entity", f"the map has no entity {entity_id!r}")
        return EntityDetails(
            id=entity.id,
            type=entity.id.partition(":")[0],
            layer=entity.layer,
            data=dict(entity.data),
            sources=entity.sources,
            observed_at=rfc3339(entity.observed_at),
            links=[EntityLink(**one) for one in entity.links],
        )

    return router


def _check(parameter: str, value: str | None, known: Collection[str]) -> None:
    """Raise a problem unless there may be such entities."""
    if value is not None and value not in known:
        problem = f"{parameter}: no such {parameter} {value!r} (there are: {', '.join(known) or 'none'})"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", problem)
