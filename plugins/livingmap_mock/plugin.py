"""The built-in mock: a whole simulated network that stands in for the services of sources with ``mock: true``."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from livingmap.plugin import Mock, hookimpl
from livingmap_mock.world import SimulatedWorld


class MockSettings(BaseModel):
    """Section ``mock``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    module: str | None = None
    """Import path of another mock plugin than the built-in one. The host reads it."""
    seed: int = 7
    """Which network is simulated: the same seed gives the same one, name by name."""
    agents: Annotated[int, Field(ge=1, le=100_000)] = 200
    """How many agents there are at the start."""
    nodes: Annotated[int, Field(ge=1, le=10_000)] = 40
    """How many nodes there are."""
    microdaos: Annotated[int, Field(ge=1, le=1_000)] = 12
    """How many microDAOs there are at the start."""
    daos: Annotated[int, Field(ge=1, le=1_000)] = 6
    """How many DAOs there are."""
    events_per_second: Annotated[float, Field(ge=0, le=10_000)] = 5.0
    """How many things happen in a second; 0 lets the network stand still but for its loads."""


@hookimpl
def livingmap_mock() -> Mock:
    """Describe the mock."""
    return Mock(settings=MockSettings, build=SimulatedWorld)
