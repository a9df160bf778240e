"""The catalogue of entities, and single entities in full."""

import asyncio
from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.models import EntityDetails, EntityLine, EntityLink, EntityPage, PastGap
from livingmap.api.page_cursor import page_cursor, place_after
from livingmap.api.past import AT, CURRENT, MOST_TEXT, PastAnswers
from livingmap.api.problems import ProblemError, documented
from livingmap.core.catalogue import Catalogue, home_of
from livingmap.core.layers import Layers
from livingmap.core.search_key import search_key
from livingmap.core.units import rfc3339
from livingmap.past.past import Shown, gaps
from livingmap.state.reader import MapReader

_RESPONSES: Final = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS)


def routes(reader: MapReader, auth: AuthDependencies, answers: PastAnswers) -> APIRouter:
    """Return the endpoints of entities."""
    router = APIRouter(prefix="/living-map/entities", tags=["map"])

    @router.get("", summary="Entities", responses=_RESPONSES)
    async def listing(
        response: Response,
        rights: Annotated[Rights, Depends(auth.items)],
        type: Annotated[  # noqa: A002
            str | None, Query(description="Only entities of this type, one of those of `/living-map/types`")
        ] = None,
        layer: Annotated[str | None, Query(description="Only entities whose home is this layer")] = None,
        status: Annotated[str | None, Query(description="Only entities with this status")] = None,
        q: Annotated[
            str | None, Query(description="Only entities whose label or id contains this text", max_length=200)
        ] = None,
        only: Annotated[
            str | None,
            Query(description="Only these entities, by id or alias, separated by commas", max_length=4000),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(description="The next_cursor of the previous page")] = None,
        at: Annotated[str | None, Query(description=f"{AT}. Now by default", max_length=MOST_TEXT)] = None,
    ) -> EntityPage:
        """List entities ordered by id. Pages neither repeat nor miss an entity while the map changes."""
        catalogue, types, layers = reader.catalogue(rights), [*reader.types(rights)], [*reader.layers(rights)]
        missing: list[PastGap] = []
        if at is not None:
            shown = await answers.shown(at, rights)
            response.headers["cache-control"] = CURRENT  # links are those of today
            missing = _gaps(shown, rights)
            catalogue = await asyncio.to_thread(_read, shown.layers)
            types = list(dict.fromkeys((*types, *catalogue.places())))
            layers = list(dict.fromkeys((*layers, *shown.layers.layers())))
        _check("type", type, types)
        _check("layer", layer, layers)
        after = place_after(cursor, "this catalogue", str) if cursor is not None else ""
        key = search_key(q) if q is not None else None
        wanted = None if only is None else _wanted(reader, only)
        fitting = (
            entity
            for entity in catalogue.entities()
            if entity.id > after
            and (wanted is None or entity.id in wanted)
            and type in (None, entity.type)
            and layer in (None, entity.layer)
            and status in (None, entity.status)
            and (key is None or entity.matches(key))
        )
        page = [entity for entity, _ in zip(fitting, range(limit + 1), strict=False)]
        items = [
            EntityLine(
                id=entity.id,
                type=entity.type,
                label=entity.label,
                status=entity.status,
                layer=entity.layer,
                links=_links(reader, entity.id, rights),
            )
            for entity in page[:limit]
        ]
        return EntityPage(
            items=items, next_cursor=page_cursor(items[-1].id) if len(page) > limit else None, gaps=missing
        )

    @router.get(
        "/{entity_id:path}",
        summary="One entity",
        responses=_RESPONSES,
    )
    async def one(
        response: Response,
        entity_id: str,
        rights: Annotated[Rights, Depends(auth.items)],
        at: Annotated[str | None, Query(description=f"{AT}. Now by default", max_length=MOST_TEXT)] = None,
    ) -> EntityDetails:
        """Return an entity by id or alias, with the details that its service gives within two seconds.

        Of a past moment: what the map had of it, without asking its service.
        """
        if at is not None:
            shown = await answers.shown(at, rights)
            response.headers["cache-control"] = CURRENT
            return _details_then(reader, shown, entity_id, rights)
        entity = await reader.describe(entity_id, rights)
        if entity is None:
            raise _unknown(entity_id)
        return EntityDetails(
            id=entity.id,
            type=entity.id.partition(":")[0],
            layer=entity.layer,
            data=dict(entity.data),
            sources=entity.sources,
            observed_at=rfc3339(entity.observed_at),
            links=[EntityLink(**one) for one in entity.links],
            gaps=[],
        )

    return router


def _read(scene: Layers) -> Catalogue:
    catalogue = Catalogue(scene)
    catalogue.entities()
    return catalogue


def _gaps(shown: Shown, rights: Rights) -> list[PastGap]:
    return [PastGap(**one) for one in gaps(shown.missing, rights)]


def _wanted(reader: MapReader, only: str) -> set[str]:
    """Return ids as they are today and as they may have been then."""
    ids = only.split(",")
    return {*ids, *(reader.scene.resolve(one) for one in ids)}


def _links(reader: MapReader, entity_id: str, rights: Rights) -> list[EntityLink]:
    return [EntityLink(**one) for one in reader.links(entity_id, rights)]


def _details_then(reader: MapReader, shown: Shown, entity_id: str, rights: Rights) -> EntityDetails:
    """Return what the map had of an entity, by its id of today or of then, and where it has a page today."""
    for one in (reader.scene.resolve(entity_id), entity_id):
        if place := home_of(shown.layers, one):
            data = dict(shown.layers.items(*place)[one])
            kind = one.partition(":")[0]
            return EntityDetails(
                id=one,
                type=kind,
                layer=place[0],
                data=data,
                sources={},
                observed_at=None,
                links=_links(reader, one, rights),
                gaps=_gaps(shown, rights),
            )
    raise _unknown(entity_id)


def _unknown(entity_id: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown_entity", f"the map has no entity {entity_id!r}")


def _check(parameter: str, value: str | None, known: Collection[str]) -> None:
    """Raise a problem unless there may be such entities."""
    if value is not None and value not in known:
        problem = f"{parameter}: no such {parameter} {value!r} (there are: {', '.join(known) or 'none'})"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", problem)
