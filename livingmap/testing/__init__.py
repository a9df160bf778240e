"""For authors of plugins: samples, and the contract that every source has to keep.

Five lines in a plugin's tests buy the whole suite::

    from livingmap.testing import SourceContract
    from my_network import weather

    class TestWeather(SourceContract):
        plugin = weather
"""

from livingmap.sources.samples import Sample, Samples
from livingmap.testing.contract import SourceContract, plugin_manager
from livingmap.testing.source_harness import SourceHarness

__all__ = ["Sample", "Samples", "SourceContract", "SourceHarness", "plugin_manager"]
