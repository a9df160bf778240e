"""The catalogue of problems: every kind that there is."""

from typing import Final

from livingmap.problems import log_kinds, of_history, of_network, of_settings, of_sources
from livingmap.problems.kind import Kind

KINDS: Final[tuple[Kind, ...]] = (
    *of_network.KINDS,
    *of_sources.KINDS,
    *log_kinds.KINDS,
    *of_history.KINDS,
    *of_settings.KINDS,
)

PAGE: Final = "docs/problems"
"""The page of a map that has a section for each of them, with its code as anchor."""


def link_of(kind: Kind) -> str:
    """Return where a map describes a kind, below its address."""
    return f"{PAGE}#{kind.code}"
