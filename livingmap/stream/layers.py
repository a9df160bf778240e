"""The parameter ``layers``: which layers a client asks for."""

from collections.abc import Iterable

from livingmap.errors import LivingMapError


class LayersError(LivingMapError):
    """A client asks for a layer that the map does not have, or for no layer at all."""


def wanted(text: str | None, names: Iterable[str]) -> tuple[str, ...] | None:
    """Return the layers that ``text`` names, separated by commas, in the order of ``names``; None for all."""
    if text is None:
        return None
    asked = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    existing = list(names)
    unknown = [name for name in asked if name not in existing]
    if unknown or not asked:
        problem = f"no such layer: {', '.join(unknown)}" if unknown else "names no layer"
        raise LayersError(f"layers: {problem} (there are: {', '.join(existing)})")
    return tuple(name for name in existing if name in asked)
