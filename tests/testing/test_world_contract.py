"""The contract suite of worlds: a small world keeps it, and each rule fails on one made to break it."""

import types

import pytest
from pluggy import PluginValidationError
from pydantic import BaseModel, ConfigDict

from livingmap.plugin import Layer, Message, Mock, Put, Reply, Source, SourceSettings, hookimpl
from livingmap.testing import WorldContract


class Settings(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    events_per_second: float = 1.0
    """How much happens in a second."""


class World:
    """One boat, whose mast is set now and then."""

    def __init__(self, settings, sources):
        self.boats = ["a"]

    def reply(self, request, now):
        return Reply([{"id": boat} for boat in self.boats]) if request.path == "/boats" else None

    def step(self, now):
        return [Message("boat.left", {"boat": "a"})]


async def fetch(client):
    return [Put("boats", f"boat:{row['id']}", {}) for row in await client.get("/boats")]


def on_left(event, part):
    return [Put("boats", f"boat:{event.payload['boat']}", {"left": True})]


class Harbour(SourceSettings):
    base_url: str = "http://harbour"


SOURCE = Source("boats", "harbour", Harbour, (Layer("boats", fetch=fetch),), {"boat.left": on_left})


def suite_of(world=World, settings=Settings):
    plugin = types.ModuleType("plugin")

    @hookimpl
    def livingmap_mock():
        return Mock(settings, world)

    plugin.livingmap_mock = livingmap_mock
    suite = type("Suite", (WorldContract,), {"plugin": plugin, "sources": (SOURCE,)})()
    rules = [name for name in dir(suite) if name.startswith("test_")]
    return suite, rules


def broken(suite, rules):
    failed = set()
    for rule in rules:
        try:
            getattr(suite, rule)()
        except (AssertionError, AttributeError):
            failed.add(rule)
    return failed


def test_a_small_world_keeps_every_rule():
    suite, rules = suite_of()
    assert (broken(suite, rules), len(rules)) == (set(), 7)


def test_a_world_with_a_hook_that_does_not_exist_fails():
    suite, _ = suite_of()

    @hookimpl
    def livingmap_world():
        return None

    suite.plugin.livingmap_world = livingmap_world
    with pytest.raises(PluginValidationError, match="livingmap_world"):
        suite.test_pluggy_takes_the_plugin()


class Undescribed(BaseModel):
    events_per_second: float = 1.0


class Still(BaseModel):
    pass


class Failing(World):
    def reply(self, request, now):
        return Reply({}, 500) if request.path == "/boats" else None


class Eager(World):
    def reply(self, request, now):
        return Reply([{"id": "a"}])


class Impostor(World):
    def step(self, now):
        return [Message("livingmap.source.down", {})]


class Wild(World):
    def step(self, now):
        return [Message("boat.*", {"a": float("nan")})]


class Rude(World):
    def step(self, now):
        return [Message("boat.left", {"ship": "a"})]


class Shared(World):
    boats = ["a"]  # noqa: RUF012 - what this is about

    def __init__(self, settings, sources):
        pass

    def step(self, now):
        self.boats.append(f"b{len(self.boats)}")
        return []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"settings": Undescribed}, "test_the_settings_describe_themselves"),
        ({"settings": Still}, "test_the_settings_describe_themselves"),
        ({"world": Failing}, "test_every_source_can_be_polled"),
        ({"world": Eager}, "test_what_no_service_has_is_a_404"),
        ({"world": Impostor}, "test_what_happens_are_messages_that_services_could_publish"),
        ({"world": Wild}, "test_what_happens_are_messages_that_services_could_publish"),
        ({"world": Rude}, "test_the_sources_fold_what_happens"),
        ({"world": Shared}, "test_two_worlds_share_nothing"),
    ],
)
def test_a_world_that_breaks_a_rule_fails_it(change, rule):
    assert rule in broken(*suite_of(**change))
