"""Replayed runs: what a source emitted when it was recorded, in place of a run of its own."""

from livingmap.core.source import Client, Emit, Run, Source
from livingmap.sources.samples import Samples


def replayed(source: Source) -> Run:
    """Return a run that emits the listings of the source's samples once each time that it is begun."""

    async def run(client: Client, emit: Emit) -> None:  # noqa: ARG001 - the signature of a run
        samples = Samples.load(source.samples) if source.samples else Samples()
        for listing in samples.listings:
            await emit.replace(listing.layer, listing.rows, listing.collection)

    return run
