"""The histories that the laws of the past are held against."""

import pytest

from livingmap.history.memory import MemoryHistory
from tests.history.conftest import database, furnished, lasting_folder, postgres, server, template

__all__ = ["database", "furnished", "lasting_folder", "postgres", "server", "template"]


@pytest.fixture(params=["memory", "postgres"])
def kept(request):
    """A history, empty."""
    return MemoryHistory() if request.param == "memory" else request.getfixturevalue("postgres")
