"""The snapshot endpoint, and the snapshots' bytes, made anew only when something has changed."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from livingmap import __version__
from livingmap.access.view import WHOLE, Rights, View
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.encoded_layer import Body, EncodedLayer
from livingmap.api.models import Snapshot
from livingmap.api.past import AT, MOST_TEXT, PastAnswers
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import documented
from livingmap.core.bounded import LRU
from livingmap.core.layers import LiveLayers, layer_names
from livingmap.core.units import rfc3339
from livingmap.state.reader import MapReader, Revision
from livingmap.stream.layers import wanted

PATH: Final = "/living-map/snapshot"
MOST_LAYERS_TEXT: Final = 1000
_MOST_VIEWS: Final = 32
_LONGEST_KEPT: Final = timedelta(seconds=5)
"""Ages and statuses in a snapshot are a matter of time: one that nothing has changed is made anew after that."""

Moment: TypeAlias = tuple[Revision, datetime]
"""All that snapshots depend on, and when that was."""


class Snapshots:
    """Makes the snapshots of ``reader``, and keeps their bytes for as long as nothing changes."""

    def __init__(self, reader: MapReader) -> None:
        self._reader = reader
        self._encoded: WeakKeyDictionary[LiveLayers, dict[str, EncodedLayer]] = WeakKeyDictionary()
        self._prepared: LRU[View, tuple[Moment, Prepared]] = LRU(_MOST_VIEWS)
        self._moment: Moment = (reader.revision, reader.now())

    def moment(self) -> Moment:
        """Return since when no snapshot has changed: the same object for as long as none does."""
        revision, now = self._reader.revision, self._reader.now()
        if revision != self._moment[0] or abs(now - self._moment[1]) >= _LONGEST_KEPT:
            self._moment = revision, now
        return self._moment

    def prepared(self, view: View = WHOLE) -> Prepared:
        """Return the bytes of a view, by default of everything."""
        moment, kept = self.moment(), self._prepared.get(view)
        if kept is not None and kept[0] is moment:
            return kept[1]
        made = self._make(view, self._reader.now())
        self._prepared.put(view, (moment, made))
        return made

    def body(self, view: View) -> bytes:
        """Return the JSON of a view."""
        return self.prepared(view).body

    def _make(self, view: View, now: datetime) -> Prepared:
        reader, shown = self._reader, self._reader.shown(view.rights)
        names = layer_names(shown) if view.layers is None else view.layers
        generated_at = rfc3339(now)
        meta = {
            "version": __version__,
            "generated_at": generated_at,
            "cursor": reader.cursor(view),
            "source_services": reader.contributors(),
            "sources": reader.sources(now, reports=view.rights.reports),
            "phase": str(reader.progress.phase),
            "at": None,
            "gaps": [],
            "standing_still_since": rfc3339(reader.progress.standing_still_since),
            "collisions": reader.collisions(view.rights),
            "access": "pending" if view.rights.pending else "complete",
        }
        body, encoded = Body(), self._encoded.setdefault(shown, {})
        body.add(b'{"generated_at":%b,"layers":{' % orjson.dumps(generated_at))
        for number, name in enumerate(names):
            body.add(b"%b%b:" % (b"," if number else b"", orjson.dumps(name)))
            encoded.setdefault(name, EncodedLayer(name)).add_to(body, shown)
        body.add(b'},"meta":%b}' % orjson.dumps(meta))
        return Prepared(body.joined(), "application/json", "private, no-cache", body.tag())


def routes(reader: MapReader, snapshots: Snapshots, auth: AuthDependencies, answers: PastAnswers) -> APIRouter:
    """Return the snapshot endpoint."""
    router = APIRouter(tags=["map"])

    @router.get(
        PATH,
        summary="Snapshot",
        response_model=Snapshot,
        responses={
            304: {"description": "The client has the current snapshot"},
            **documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS),
        },
    )
    async def snapshot(
        request: Request,
        rights: Annotated[Rights, Depends(auth.rights)],
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=MOST_LAYERS_TEXT)
        ] = None,
        at: Annotated[str | None, Query(description=f"{AT}. Now by default", max_length=MOST_TEXT)] = None,
    ) -> Response:
        """Return the state of the whole network, now or then. The answer never waits for a source."""
        if at is not None:
            return await answers.snapshot(request, at, layers, rights)
        prepared = snapshots.prepared(View(wanted(layers, layer_names(reader.shown(rights))), rights))
        return await prepared.answer(request, accepted_encoding(request.headers.get("accept-encoding", "")))

    return router
