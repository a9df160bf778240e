"""Sources whose layers and handlers stand in their section of the YAML."""

import pytest

from livingmap.config.loading import load
from livingmap.errors import ConfigError

GIVEN = """
from dataclasses import replace

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl


class Settings(SourceSettings):
    base_url: str = "http://given"
    names: list[str] = []


def configured(source, settings):
    if "nothing" in settings.names:
        return None
    if "fault" in settings.names:
        raise RuntimeError("no such list")
    return replace(source, service=f"given {len(settings.names)}", layers=tuple(map(Layer, settings.names)))


@hookimpl
def livingmap_source():
    return Source("given", "given", Settings, (), configured=configured)
"""


@pytest.fixture
def given(tmp_path):
    (tmp_path / "given.py").write_text(GIVEN)
    file = tmp_path / "map.yaml"

    def written(names, rest=""):
        file.write_text(f"sources:\n  given: {{module: ./given.py, names: [{names}]{rest}}}\n")
        return file

    return written


def test_a_source_may_be_what_its_settings_describe(given):
    [(source, _)] = load(given("sky, sea")).enabled()
    assert (source.name, source.service, [layer.name for layer in source.layers]) == (
        "given",
        "given 2",
        ["sky", "sea"],
    )


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("sky, sky", "layer sky.items is declared twice"),
        ("", "it has no layers"),
        ("nothing", "configuring it returned None, not a Source (FILE:12)"),
        ("fault", "configuring it raised RuntimeError: no such list (FILE:16)"),
    ],
)
def test_what_settings_describe_is_checked_like_what_a_plugin_describes(given, tmp_path, names, problem):
    problem = problem.replace("FILE", str(tmp_path / "given.py"))
    with pytest.raises(ConfigError) as caught:
        load(given(names))
    assert [(one.path, one.problem) for one in caught.value.faults] == [("sources.given", problem)]


def test_a_source_that_cannot_be_configured_may_be_skipped(given):
    [source] = load(given("sky, sky", ", on_error: skip")).sources
    assert (source.source, source.error) == (None, "layer sky.items is declared twice")
