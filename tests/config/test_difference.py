"""What is different in a configuration that is read again, and what may be."""

import os

import pytest

from livingmap.config.difference import Difference, difference, fixed
from livingmap.config.loading import load
from livingmap.errors import ConfigError

WEATHER = """
from livingmap.plugin import Layer, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://weather:8080"

@hookimpl
def livingmap_source():
    return Source("weather", "weather-service", Settings, (Layer("weather"),))
"""
START = """
server: {port: 7017}
sources:
  weather: {module: ./weather.py}
  agents:
  usage: {enabled: false}
"""


class Folder:
    """A folder with a configuration, which is written and read again."""

    def __init__(self, folder):
        self.folder = folder
        self.plugin(WEATHER)
        self.config = self.load(START)

    def load(self, text):
        file = self.folder / "map.yaml"
        file.write_text(text)
        return load(file, getattr(self, "config", None))

    def plugin(self, text):
        """Write the plugin; a text of the same length at the same moment would be taken for the same."""
        file = self.folder / "weather.py"
        file.write_text(text)
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))

    def differs(self, text=START):
        """Return what is different in ``text``, and what is fixed of it."""
        config = self.load(text)
        return difference(self.config, config), [fault.path for fault in fixed(self.config, config)]


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_the_same_text_has_the_same_sources(folder):
    again = folder.load(START)
    assert all(one is two for one, two in zip(again.sources[:2], folder.config.sources[:2], strict=True))
    assert difference(folder.config, again) == Difference()
    assert not difference(folder.config, again)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (START.replace("  agents:", "  agents: {interval_seconds: 3}"), Difference(changed=("agents",))),
        (START.replace("  agents:\n", ""), Difference(removed=("agents",))),
        (START.replace("  agents:", "  agents: {enabled: false}"), Difference(removed=("agents",))),
        (START.replace("enabled: false", "enabled: true"), Difference(added=("usage",))),
        (START + "  dao:\n", Difference(added=("dao",))),
        (START.replace("  agents:\n", "") + "  dao:\n", Difference(added=("dao",), removed=("agents",))),
        (
            "sources: {agents: , weather: {module: ./weather.py}}",
            Difference(is_reordered=True),
        ),
    ],
)
def test_sources_are_compared_by_their_sections(folder, text, expected):
    assert folder.differs(text) == (expected, [])


def test_a_plugin_file_that_was_written_again_changes_its_source_alone(folder):
    folder.plugin(WEATHER.replace("weather-service", "weather-station"))
    config = folder.load(START)
    assert difference(folder.config, config) == Difference(changed=("weather",))
    assert [source.service for source, _ in config.enabled()] == ["weather-station", "agents-service"]


def test_a_file_that_a_source_names_changes_it(folder):
    token = folder.folder / "token"
    token.write_text("a")
    folder.config = folder.load("sources: {agents: {token_file: token}, usage: }")
    token.write_text("bb")
    assert folder.differs("sources: {agents: {token_file: token}, usage: }")[0] == Difference(changed=("agents",))


def test_a_plugin_that_breaks_is_reported_and_the_one_that_runs_is_as_it_was(folder):
    folder.plugin("raise OSError('half a file')")
    with pytest.raises(ConfigError, match=r"sources.weather: .*weather.py failed on import: OSError: half a file"):
        folder.load(START)
    assert folder.config.sources[0].source.service == "weather-service"


def test_a_plugin_that_ran_and_breaks_is_reported_though_it_might_be_skipped_at_a_start(folder):
    text = START.replace("./weather.py", "./weather.py, on_error: skip")
    folder.config = folder.load(text)
    folder.plugin("raise OSError('half a file')")
    with pytest.raises(ConfigError, match="half a file"):
        folder.load(text)
    assert "half a file" in load(folder.folder / "map.yaml").sources[0].error


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (START.replace("7017", "7018"), ["server.port"]),
        (START + "auth: {mode: none, ttl_seconds: 7}\n", ["auth.ttl_seconds"]),
        (START + "nats: {url: 'nats://n:4222'}\nhistory: {url: 'memory:'}\n", ["nats.url", "history.url"]),
        (START + "stream: {snapshot_field: data}\n", ["stream.snapshot_field"]),
        (START + "same_as: {'node:1': 'node:2'}\n", ["same_as"]),
    ],
)
def test_what_only_a_restart_changes_is_listed(folder, text, names):
    assert folder.differs(text) == (Difference(), names)


def test_the_settings_of_a_mock_world_that_runs_are_fixed(folder):
    mocked = "sources: {agents: {mock: true}}\nmock: {seed: %d}\n"
    folder.config = folder.load(mocked % 1)
    assert folder.differs(mocked % 1) == (Difference(), [])
    assert folder.differs(mocked % 2) == (Difference(), ["mock"])


def test_a_source_that_is_asked_for_memberships_is_fixed(folder):
    text = """
server: {port: 7017}
auth: {mode: daarion, authenticator: {base_url: "http://auth"}, pdp: {enabled: true, base_url: "http://pdp"}}
sources: {microdao: {base_url: "%s"}, city: , agents: {interval_seconds: %d}}
"""
    folder.config = folder.load(text % ("http://one", 1))
    assert folder.differs(text % ("http://one", 2)) == (Difference(changed=("agents",)), [])
    assert folder.differs(text % ("http://two", 1)) == (Difference(changed=("microdao",)), ["sources.microdao"])
