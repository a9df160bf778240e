"""The contract suite of sources: a small source keeps it, and each rule fails on one made to break it."""

import asyncio
import contextlib
import json
import types
from dataclasses import replace
from itertools import count

import pytest

from livingmap.plugin import Drop, Layer, NotFound, Put, Source, SourceSettings, hookimpl, id_of
from livingmap.testing import SourceContract

NUMBERS = count()


class Settings(SourceSettings):
    base_url: str = "http://harbour"
    """Address of the harbour."""


class Undescribed(Settings):
    flag: bool = False


async def fetch(client):
    answer = await client.get("/boats")
    rows = answer if isinstance(answer, list) else []
    return [Put("boats", id_of("boat", row["id"]), {"sails": 1}) for row in rows if _is_a_boat(row)]


def _is_a_boat(row):
    return isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"].isalnum()


def on_left(event, part):
    boat = event.payload.get("boat")
    if not isinstance(boat, str) or not boat.isalnum():
        return []
    return [Put("boats", f"boat:{boat}", {"left": True}, creates=False)]


async def details(client, name):
    await client.get(f"/boats/{name}")
    return {"masts": 2}


@pytest.fixture
def source(tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "boats.json").write_text(json.dumps({"path": "/boats", "body": [{"id": "a"}]}))
    (samples / "boat.json").write_text(json.dumps({"path": "/boats/a", "body": {}}))
    (samples / "messages.jsonl").write_text(json.dumps({"subject": "boat.left", "payload": {"boat": "a"}}))
    layers = (Layer("boats", fetch=fetch),)
    handlers, asked = {"boat.left": on_left}, {"boat": details}
    return Source("boats", "harbour", Settings, layers, handlers, asked, samples=samples)


def suite_of(source, package=""):
    """Return the suite of a plugin with this source."""
    plugin = types.ModuleType("plugin")
    plugin.__package__, plugin.__file__ = package, str(source.samples.parent / "plugin.py")

    @hookimpl
    def livingmap_source():
        return source

    plugin.livingmap_source = livingmap_source
    return type("Suite", (SourceContract,), {"plugin": plugin})()


def _holds(rule):
    try:
        rule()
    except Exception:  # noqa: BLE001 - a rule may fail by whatever the plugin raises
        return False
    return True


def test_a_small_source_keeps_every_rule(source):
    suite = suite_of(source)
    rules = [rule for rule in dir(suite) if rule.startswith("test_")]
    assert [rule for rule in rules if not _holds(getattr(suite, rule))] == []


async def fetch_nothing(client):
    await client.get("/boats")
    return []


async def fetch_other_numbers(client):
    await client.get("/boats")
    return [Put("boats", "boat:a", {"sails": next(NUMBERS)})]


async def fetch_without_looking(client):
    return [Put("boats", f"boat:{row['id']}", {}) for row in await client.get("/boats")]


async def fetch_and_hide_what_fails(client):
    try:
        return await fetch(client)
    except Exception:  # noqa: BLE001 - what this is about
        return [Put("boats", "boat:a", {"sails": 1})]


def fetch_at_once(client):
    return []


def on_left_without_looking(event, part):
    return [Put("boats", f"boat:{event.payload['ship']}", {})]


async def details_of_nothing(client, name):
    raise NotFound("there is nothing", 404)


class OnLeftOnce:
    """A handler that is spoiled by the first message of another shape."""

    spoiled = False

    def __call__(self, event, part):
        self.spoiled |= not isinstance(event.payload.get("boat"), str)
        if self.spoiled:
            raise ValueError("spoiled")
        return on_left(event, part)


def test_a_layer_that_samples_leave_empty_is_named(source):
    suite = suite_of(replace(source, layers=(Layer("boats", fetch=fetch_nothing),)))
    with pytest.raises(AssertionError, match=r"boats\.items: empty after a poll of the answers of samples/"):
        suite.test_samples_fill_every_layer()


def test_a_layer_that_the_last_message_of_a_run_empties_is_named(source):
    (source.samples / "listings.jsonl").write_text('{"layer": "boats", "rows": [{"id": "boat:a"}]}')

    async def run(client, emit):
        await emit.alive()

    gone = {"boat.left": lambda event, part: [Drop("boats", "boat:a")]}
    suite = suite_of(replace(source, layers=(Layer("boats"),), handlers=gone, details={}, run=run))
    with pytest.raises(AssertionError, match=r"boats\.items: empty after all listings and messages of samples/"):
        suite.test_samples_fill_every_layer()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"service": ""}, "test_the_source_describes_itself"),
        ({"settings": Undescribed}, "test_the_source_describes_itself"),
        ({"layers": (Layer("boats", fetch=fetch_at_once),)}, "test_the_description_is_sound"),
        ({"handlers": {"boat..left": on_left}}, "test_the_description_is_sound"),
        ({"layers": (Layer("boats", fetch=fetch_nothing),)}, "test_samples_fill_every_layer"),
        ({"layers": (Layer("boats", fetch=fetch_other_numbers),)}, "test_a_second_poll_changes_nothing"),
        ({"layers": (Layer("boats", fetch=fetch_without_looking),)}, "test_no_answer_makes_a_fetch_raise"),
        (
            {"layers": (Layer("boats", fetch=fetch_and_hide_what_fails),)},
            "test_a_dead_service_is_an_error_and_changes_nothing",
        ),
        ({"handlers": {"boat.came": on_left}}, "test_every_handler_has_a_sample_and_folds_it"),
        ({"handlers": {"boat.left": on_left_without_looking}}, "test_every_handler_has_a_sample_and_folds_it"),
        ({"handlers": {"boat.left": OnLeftOnce()}}, "test_no_message_spoils_the_next"),
        ({"details": {"boat": details_of_nothing}}, "test_every_detail_has_a_sample"),
        ({"details": {"ship": details}}, "test_every_detail_has_a_sample"),
    ],
)
def test_a_source_that_breaks_a_rule_fails_it(source, change, rule):
    assert not _holds(getattr(suite_of(replace(source, **change)), rule))


def test_a_package_without_a_readme_fails(source):
    assert not _holds(suite_of(source, package="livingmap_boats").test_a_package_has_a_readme)


def test_a_plugin_with_a_hook_that_does_not_exist_fails(source):
    plugin = types.ModuleType("plugin")

    @hookimpl
    def livingmap_sauce():
        return source

    plugin.livingmap_sauce = livingmap_sauce
    plugin.livingmap_source = lambda: source
    suite = type("Suite", (SourceContract,), {"plugin": plugin})()
    assert not _holds(suite.test_pluggy_takes_the_plugin)


async def hard_of_hearing(client, emit):
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    await asyncio.sleep(3600)


def test_a_run_that_ignores_its_cancellation_fails(source, monkeypatch):
    monkeypatch.setattr("livingmap.sources.harness.STOP_SECONDS", 0.05)
    (source.samples / "listings.jsonl").write_text('{"layer": "boats", "rows": [{"id": "boat:a"}]}')
    suite = suite_of(replace(source, layers=(Layer("boats"),), details={}, run=hard_of_hearing))
    with pytest.raises(AssertionError, match="the run of boats goes on although it was cancelled"):
        suite.test_a_run_ends_when_it_is_stopped()
