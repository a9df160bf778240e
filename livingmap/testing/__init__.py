"""For authors of plugins: samples, and the contracts of sources, worlds and plugins of access control.

Five lines in a plugin's tests buy the whole suite::

    from livingmap.testing import SourceContract
    from my_network import weather

    class TestWeather(SourceContract):
        plugin = weather
"""

import pytest

for _suite in ("auth_contract", "contract", "world_contract"):
    pytest.register_assert_rewrite(f"livingmap.testing.{_suite}")  # so that a rule that fails says what it saw

from livingmap.sources.harness import SourceHarness
from livingmap.sources.samples import Sample, Samples
from livingmap.testing.auth_contract import AccountContract, AuthenticatorContract, PolicyContract
from livingmap.testing.contract import SourceContract, plugin_manager
from livingmap.testing.world_contract import WorldContract

__all__ = [
    "AccountContract",
    "AuthenticatorContract",
    "PolicyContract",
    "Sample",
    "Samples",
    "SourceContract",
    "SourceHarness",
    "WorldContract",
    "plugin_manager",
]
