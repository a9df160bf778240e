"""Holds the simulated services against the samples of the plugins that ask them, whichever are there."""

import re
from pathlib import Path

import pytest

from livingmap.plugin import Samples

PLUGINS = Path(__file__).parents[2]

PATHS = {
    "agents": ["/agents", "/agents/{agent}", "/agents/{agent}/events", "/agents/{agent}/quota"],
    "city": [
        "/api/city/snapshot",
        "/city/agents",
        "/city/map",
        "/city/microdao",
        "/city/microdao/{microdao}",
        "/city/rooms",
        "/city/rooms/{room}",
        "/public/agents",
        "/public/nodes",
        "/public/nodes/{node}",
    ],
    "space": ["/space/planets", "/space/nodes", "/space/events"],
    "microdao": [
        "/microdao",
        "/microdao/{microdao}",
        "/microdao/{microdao}/members",
        "/microdao/{microdao}/treasury",
    ],
    "dao": [
        "/dao",
        "/dao/{dao}",
        "/dao/{dao}/members",
        "/dao/{dao}/treasury",
        "/dao/{dao}/proposals",
        "/dao/{dao}/proposals/{proposal}",
        "/dao/{dao}/proposals/{proposal}/votes",
    ],
    "registry": ["/api/v1/nodes", "/api/v1/nodes/{node}", "/api/v1/nodes/{node}/profile"],
    "usage": ["/internal/usage/summary"],
    "messaging": [
        "/api/messaging/channels",
        "/api/messaging/channels/{channel}",
        "/api/messaging/channels/{channel}/messages",
        "/api/messaging/channels/{channel}/members",
    ],
}


WITHOUT_PUBLISHER = frozenset({"node.metrics.update"})
"""What no service publishes yet has no shape but the specification's example, which may be added to."""


def samples_of(name):
    return Samples.load(PLUGINS / f"livingmap_{name}" / "samples")


def template_of(name, path):
    """Return the path template that ``path`` is of; None if the real service has no such path."""
    for template in PATHS[name]:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template
    return None


def fits(value, sample):
    """Tell whether ``value`` has the keys and types of ``sample``; null and an empty list fit anything."""
    if value is None or sample is None:
        return True
    if isinstance(value, dict) and isinstance(sample, dict):
        return value.keys() == sample.keys() and all(fits(value[key], sample[key]) for key in value)
    if isinstance(value, list) and isinstance(sample, list):
        return not sample or all(any(fits(one, other) for other in sample) for one in value)
    if type(value) in (int, float):
        return type(sample) in (int, float)
    return type(value) is type(sample)


@pytest.mark.parametrize("name", PATHS)
def test_answers_have_the_shapes_of_the_samples(simulate, name):
    world = simulate()
    words = world.words()
    compared = 0
    for sample in samples_of(name).answers:
        template = template_of(name, sample.path)
        if template and sample.status == 200:
            assert fits(world.get(name, template.format(**words)), sample.body), sample.path
            compared += 1
    assert compared or not samples_of(name).answers


def repeated(value):
    """Return the texts that a list within ``value`` has twice."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    texts = [one for one in parts if isinstance(value, list) and isinstance(one, str)]
    return {one for one in texts if texts.count(one) > 1}.union(*map(repeated, parts))


@pytest.mark.parametrize("name", PATHS)
def test_no_list_in_an_answer_names_anything_twice(simulate, name):
    world = simulate()
    words = world.words()
    assert {path: repeated(world.get(name, path.format(**words))) for path in PATHS[name]} == {
        path: set() for path in PATHS[name]
    }


@pytest.mark.parametrize("name", PATHS)
def test_messages_have_the_shapes_of_the_samples(simulate, name):
    samples = {}
    for message in samples_of(name).messages:
        if message.type in WITHOUT_PUBLISHER:
            continue
        samples.setdefault(message.type, []).append(message.payload)
    messages = list(simulate(name).steps(5000))
    strange = {m.type for m in messages if m.type in samples and not fits([m.payload], samples[m.type])}
    assert strange == set()
