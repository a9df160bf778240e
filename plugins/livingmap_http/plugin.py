"""Any service that answers with JSON: what to ask it, and what its answers mean, is given in the YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from livingmap.plugin import LayerSettings, PlainName, Source, SourceSettings, TypeSettings, hookimpl
from livingmap_http.description import as_configured
from livingmap_http.rules import unknown_names
from livingmap_http.sections import DetailsSection, EventSection, ListSection


class HttpSettings(SourceSettings):
    """A section of ``sources`` with ``plugin: http``."""

    base_url: str
    """Address of the service."""
    service: str = ""
    """What the service is called; by default like the section."""
    lists: tuple[ListSection, ...] = ()
    """The requests that list items, and how to read them."""
    events: tuple[EventSection, ...] = ()
    """The messages on NATS that say something about items."""
    details: Annotated[dict[PlainName, DetailsSection], Field(default={})]
    """By type, the request about one of its items."""
    types: Annotated[dict[PlainName, TypeSettings], Field(default={})]
    """By type, what its things are called, how they are judged, and where they stand."""
    layers: Annotated[dict[PlainName, LayerSettings], Field(default={})]
    """By layer, what it is called."""
    sentences: Annotated[dict[str, dict[str, str | list[str]]], Field(default={})]
    """By subject and language, what a message says to people."""
    alive_seconds: Annotated[float, Field(gt=0, le=31_536_000)] = 120.0
    """When items of lists with alive are offline."""

    @model_validator(mode="after")
    def _describes_what_it_names(self) -> Self:
        if not self.lists and not self.events:
            raise ValueError("give lists, events or both: what to ask the service, or what its messages say")
        if faults := list(unknown_names(self)):
            raise ValueError("; ".join(faults))
        return self


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="http",
        service="http",
        settings=HttpSettings,
        layers=(),
        samples=Path(__file__).with_name("samples"),
        configured=as_configured,
    )
