"""For authors of plugins: samples, and the contracts that sources and plugins of access control have to keep.

Five lines in a plugin's tests buy the whole suite::

    from livingmap.testing import SourceContract
    from my_network import weather

    class TestWeather(SourceContract):
        plugin = weather
"""

from livingmap.sources.harness import SourceHarness
from livingmap.sources.samples import Sample, Samples
from livingmap.testing.auth_contract import AccountContract, AuthenticatorContract, PolicyContract
from livingmap.testing.contract import SourceContract, plugin_manager

__all__ = [
    "AccountContract",
    "AuthenticatorContract",
    "PolicyContract",
    "Sample",
    "Samples",
    "SourceContract",
    "SourceHarness",
    "plugin_manager",
]
