"""What is wrong with a plugin's description is said when it is loaded, with file and line."""

import pytest

from livingmap.config.loading import load
from livingmap.errors import ConfigError
from livingmap.sources.source_rules import invalid_source

HEAD = """\
from functools import partial
from pathlib import Path
from livingmap.plugin import Amounts, Count, Layer, Lifetime, Put, Source, SourceSettings, Tally, Type, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://weather"

async def fetch(client):
    return []

async def details(client, name):
    return {}

async def unlisted(client, id, fields):
    return None

def on_event(event, part):
    return []

def sync_fetch(client):
    return []

async def no_client():
    return []

async def async_handler(event, part):
    return []

def short_handler(event):
    return []

WEATHER = Layer("weather", fetch=fetch)

@hookimpl
def livingmap_source():
"""
HOOK_LINE = HEAD.splitlines().index("@hookimpl") + 1


def line_of(text):
    return next(number for number, line in enumerate(HEAD.splitlines(), 1) if line.startswith(text))


def source(layers="(WEATHER,)", name='"weather"', rest=""):
    return f'return Source({name}, "weather-service", Settings, {layers}{rest})'


DESCRIPTIONS = {
    "a forgotten return": (
        'Source("weather", "weather-service", Settings, (WEATHER,))',
        "livingmap_source of livingmap_file_weather returned None; does it lack a return?",
    ),
    "something else": ("return [WEATHER]", "returned [Layer("),
    "a missing argument": ('return Source("weather")', "raised TypeError: Source.__init__() missing 3 required"),
    "layers without the comma": (source("(WEATHER)"), "its layers are one Layer, not a tuple: write (Layer(…),)"),
    "layers that are none": (source("None"), "its layers are None, not a tuple of Layer"),
    "layers of another kind": (source("('weather',)"), "its layers are not all a Layer"),
    "no layers": (source("()"), "it has no layers"),
    "an empty layer": (source('(Layer(""),)'), "layer .items has a name that cannot be one, ''"),
    "a number as layer": (source("(Layer(5),)"), "layer 5.items has a name that cannot be one, 5"),
    "a reserved layer": (source('(Layer("meta"),)'), "layer meta.items has a name that cannot be one, 'meta'"),
    "an empty collection": (
        source('(Layer("weather", ""),)'),
        "layer weather. has a collection that cannot be one",
    ),
    "a layer twice": (source("(WEATHER, WEATHER)"), "layer weather.items is declared twice"),
    "no text as service": (
        'return Source("weather", None, Settings, (WEATHER,))',
        "its service is None, not a text",
    ),
    "settings of another class": (
        'return Source("weather", "s", dict, (WEATHER,))',
        "its settings are <class 'dict'>, not a subclass of SourceSettings",
    ),
    "a fetch that is not async": (
        source('(Layer("weather", fetch=sync_fetch),)'),
        f"has a fetch that is not async: write async def (FILE:{line_of('def sync_fetch')})",
    ),
    "a fetch without a client": (
        source('(Layer("weather", fetch=no_client),)'),
        f"not take (client): too many positional arguments (FILE:{line_of('async def no_client')})",
    ),
    "a fetch that is called": (source('(Layer("weather", fetch=5),)'), "has a fetch that is 5, not a function"),
    "an unlisted with another signature": (
        source('(Layer("weather", fetch=fetch, unlisted=details),)'),
        "an unlisted that does not take (client, id, fields)",
    ),
    "references without the comma": (
        source('(Layer("weather", references=("node_id")),)'),
        "has references='node_id', not a tuple: write ('node_id',), with the comma",
    ),
    "a default of the id": (source('(Layer("weather", defaults={"id": 1}),)'), "defaults of a field called id"),
    "defaults of another kind": (source('(Layer("weather", defaults=[1]),)'), "has defaults=[1], not a mapping"),
    "copies from nowhere": (source('(Layer("weather", copies={"a": "nodes"}),)'), "give layer and collection"),
    "a list of handlers": (source(rest=", handlers=[on_event]"), "its handlers are not a mapping from subject"),
    "a handler that is not a function": (source(rest=', handlers={"a": 5}'), "its handlers are not a mapping"),
    "a pattern that NATS does not take": (
        source(rest=', handlers={"a..b": on_event}'),
        "handler 'a..b' has an empty token",
    ),
    "a pattern of the map itself": (
        source(rest=', handlers={"livingmap.x": on_event}'),
        "handler 'livingmap.x' is for a subject of the map itself",
    ),
    "a pattern that is not text": (source(rest=", handlers={5: on_event}"), "handler 5 is not under a subject"),
    "a handler that is async": (
        source(rest=', handlers={"a.b": async_handler}'),
        f"async: it asks nobody and waits for nothing, write def (FILE:{line_of('async def async_handler')})",
    ),
    "a handler without a part": (
        source(rest=', handlers={"a.b": short_handler}'),
        "has a handler that does not take (event, part): too many positional arguments",
    ),
    "details that are not async": (
        source(rest=', details={"station": short_handler}'),
        "details of 'station' has a function of details that is not async",
    ),
    "details without a name": (
        source(rest=', details={"station": no_client}'),
        "has a function of details that does not take (client, name)",
    ),
    "details of another kind": (source(rest=", details=[details]"), "its details are not a mapping from type"),
    "details of no type": (source(rest=', details={"A:b": details}'), "details of 'A:b' are not under a type"),
    "a tally without the comma": (
        source(rest=', tallies=(Tally("weather", "n", (Count("weather"),)))'),
        "its tallies are one Tally, not a tuple",
    ),
    "a tally of a layer that is not there": (
        source(rest=', tallies=(Tally("wether", "n", (Count("weather"),)),)'),
        "tally wether.n is of a layer that the plugin does not declare",
    ),
    "a tally per items that are not there": (
        source(rest=', tallies=(Tally("weather", "n", (Count("weather"),), per="at", collection="x"),)'),
        "tally weather.n is of a layer that the plugin does not declare",
    ),
    "a tally into the id": (
        source(rest=', tallies=(Tally("weather", "id", (Count("weather"),)),)'),
        "tally weather.id has no field that it may fill",
    ),
    "a count without the comma": (
        source(rest=', tallies=(Tally("weather", "n", (Count("weather"))),)'),
        "give a tuple of Count or Amounts",
    ),
    "a tally of nothing": (
        source(rest=', tallies=(Tally("weather", "n", ()),)'),
        "tally weather.n counts nothing",
    ),
    "amounts per item": (
        source(rest=', tallies=(Tally("weather", "n", (Amounts("weather", "a"),), per="b"),)'),
        "tally weather.n has amounts and per: they are totals of a layer",
    ),
    "a rule of two counts for one": (
        source(rest=', tallies=(Tally("weather", "n", (Count("weather"),), rule=lambda one, other: 1),)'),
        "tally weather.n has a rule that does not take 1 counts",
    ),
    "a lifetime of a setting that is not there": (
        source(rest=', lifetimes=(Lifetime("weather", ("at",), "seconds"),)'),
        "a lifetime has the setting 'seconds', which Settings lacks",
    ),
    "a lifetime of a layer that is not there": (
        source(rest=', lifetimes=(Lifetime("wether", ("at",), "timeout_seconds"),)'),
        "a lifetime is of wether.items, which the plugin does not declare as a layer",
    ),
    "a lifetime without the comma": (
        source(rest=', lifetimes=(Lifetime("weather", ("at"), "timeout_seconds"),)'),
        "has since='at', not a tuple",
    ),
    "sentences of another kind": (source(rest=', sentences=["a"]'), "its sentences are not a mapping"),
    "types without the comma": (
        source(rest=', types=Type("a", ("weather", "items"))'),
        "its types are not a tuple",
    ),
    "samples that are text": (source(rest=', samples="samples"'), "its samples are 'samples', not a Path"),
}


def written(folder, body, **section):
    (folder / "weather.py").write_text(f"{HEAD}    {body}\n")
    given = "".join(f", {name}: {value}" for name, value in section.items())
    file = folder / "map.yaml"
    file.write_text(f"sources:\n  weather: {{module: ./weather.py{given}}}\n")
    return file


@pytest.mark.parametrize(("body", "fault"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_broken_description_is_refused_with_the_place_of_the_plugin(tmp_path, body, fault):
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, body))
    (line,) = caught.value.lines()
    assert line.startswith(f"{tmp_path / 'map.yaml'}:2: sources.weather: ")
    assert fault.replace("FILE", str(tmp_path / "weather.py")) in line
    place = line.rpartition("(")[2].rstrip(")")
    assert place.rpartition(":")[0] == str(tmp_path / "weather.py")
    assert int(place.rpartition(":")[2]) in (HOOK_LINE, HOOK_LINE + 2)


@pytest.mark.parametrize(("body", "fault"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_broken_description_that_may_be_skipped_is_shown_as_failed(tmp_path, body, fault):
    (weather,) = load(written(tmp_path, body, on_error="skip")).sources
    assert weather.source is None
    assert fault.replace("FILE", str(tmp_path / "weather.py")) in weather.error


def test_several_faults_are_said_at_once(tmp_path):
    body = source('(Layer("", fetch=sync_fetch), Layer(5))', rest=', handlers={"a": async_handler}')
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, body))
    faults = str(caught.value).split("; ")
    assert [fault.rpartition(": ")[2].split(" (")[0] for fault in faults[:1]] == [
        "layer .items has a name that cannot be one, ''"
    ]
    assert sum("layer" in fault or "handler" in fault for fault in faults) == 4


SOUND = source(
    '(WEATHER, Layer("air-quality", "stations_2", fetch=partial(details, name="a"), unlisted=unlisted))',
    rest=', handlers={"a.>": on_event, "b": partial(on_event)}, details={"station": details}',
)


def test_what_is_sound_is_taken_and_functions_may_be_partial(tmp_path):
    (weather,) = load(written(tmp_path, SOUND)).sources
    assert invalid_source(weather.source) == []
