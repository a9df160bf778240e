"""Another Living Map: its items, types and layers are on this one, and change as they do there."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from livingmap.plugin import Source, SourceSettings, hookimpl
from livingmap_map.description import as_configured
from livingmap_map.rows import Described, Place
from livingmap_map.run import follow_map


class MapSettings(SourceSettings):
    """Section ``sources.map``."""

    base_url: str
    """Address of the other map."""
    types_file: Path
    """What there is on it: a file with the answer of its /living-map/types, sought beside the YAML."""
    layers: tuple[str, ...] | None = None
    """The layers to show; by default all that the file has."""
    service: str = ""
    """What the map is called; by default like the section."""

    @model_validator(mode="after")
    def _has_a_token_of_its_own(self) -> Self:
        if self.account or self.username is not None or self.api_key is not None or self.api_key_file is not None:
            raise ValueError("a map is shown a token: give token or token_file")
        return self

    def bearer(self) -> str | None:
        """Return the token of this moment."""
        text = self.token_file.read_text(encoding="utf-8") if self.token_file else ""
        return (self.token.get_secret_value() if self.token else text).strip() or None

    def described(self) -> Described:
        """Return what the file describes. Raises ValueError."""
        return Described.read(self.types_file)

    def places(self) -> dict[Place, set[str]]:
        """Return the collections to show, each with the fields that hold ids. Raises ValueError."""
        return self.described().places(self.layers)


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="map",
        service="livingmap",
        settings=MapSettings,
        layers=(),
        run=follow_map,
        samples=Path(__file__).with_name("samples"),
        configured=as_configured,
    )
