"""The contract suite of worlds: what a simulation that stands in for services has to keep."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType, ModuleType
from typing import Any, Final

from pydantic import BaseModel

from livingmap.core.model import Message, Total
from livingmap.core.route import invalid_reason as invalid_subject
from livingmap.core.source import Source
from livingmap.core.validity import invalid_reason
from livingmap.hookspecs import Mock, Reply, Request, World
from livingmap.sources.harness import NOON, SourceHarness
from livingmap.testing.contract import plugin_manager
from livingmap.testing.synchronous import synchronous

_STEPS: Final = 300
_STEP: Final = timedelta(seconds=1)


class WorldContract:
    """The contract suite. ``plugin`` is the module that holds ``livingmap_mock``."""

    plugin: ModuleType
    sources: Sequence[ModuleType | Source]
    """The sources for whose services it stands in, each as its plugin."""
    settings: Mapping[str, Any] = MappingProxyType({})
    """Settings of the world that differ from their defaults."""

    @property
    def mock(self) -> Mock:
        """What the plugin contributes."""
        mock = self.plugin.livingmap_mock()
        assert isinstance(mock, Mock)
        return mock

    def described(self) -> list[Source]:
        """Return the sources for which it stands in."""
        return [one if isinstance(one, Source) else one.livingmap_source() for one in self.sources]

    def world(self) -> World:
        """Return a world that has just begun."""
        return self.mock.build(self.mock.settings(**self.settings), self.described())

    def happenings(self, world: World) -> Iterator[Message]:
        """Yield what happens in some minutes."""
        for number in range(_STEPS):
            yield from world.step(NOON + number * _STEP)

    def test_pluggy_takes_the_plugin(self) -> None:
        """The plugin registers and every hook it implements exists."""
        assert plugin_manager(self.plugin).hook.livingmap_mock() == [self.mock]

    def test_the_settings_describe_themselves(self) -> None:
        """They are a pydantic model, which says how much happens, and each has a docstring."""
        settings = self.mock.settings
        assert issubclass(settings, BaseModel)
        assert isinstance(getattr(settings(**self.settings), "events_per_second", None), float)
        for name, info in settings.model_fields.items():
            assert info.description, f"setting {name} has no docstring"

    @synchronous
    async def test_every_source_can_be_polled(self) -> None:
        """What it answers is what the sources expect: nothing fails, and no row is of no use."""
        world = self.world()
        for source in self.described():
            harness = _harness(source, world)
            await harness.poll()
            assert (harness.health.error, harness.health.dropped) == (None, []), source.name

    def test_what_no_service_has_is_a_404(self) -> None:
        """A path that no service knows is not answered, nor is a source that it does not stand in for."""
        world = self.world()
        for source in (*(source.name for source in self.described()), "no_such_source"):
            reply = world.reply(Request(source, "/no/such/path/anywhere"), NOON)
            assert reply is None or reply.status >= 400, f"{source} answers /no/such/path/anywhere"  # noqa: PLR2004

    def test_what_happens_are_messages_that_services_could_publish(self) -> None:
        """Subjects are sound and not the map's own; payloads are JSON objects that can be kept."""
        for message in self.happenings(self.world()):
            assert invalid_subject(message.type) is None, message.type
            assert not {"*", ">"} & set(message.type.split(".")), message.type
            assert message.type.split(".")[0] != "livingmap", message.type
            assert isinstance(message.payload, dict), message.type
            assert invalid_reason(Total("mock", message.payload)) is None, message

    @synchronous
    async def test_the_sources_fold_what_happens(self) -> None:
        """No handler of the sources raises for what happens, and their polls go on."""
        world = self.world()
        harnesses = [_harness(source, world) for source in self.described()]
        for harness in harnesses:
            await harness.poll()
        for message in self.happenings(world):
            for harness in harnesses:
                await harness.send(message.type, message.payload)
        for harness in harnesses:
            await harness.poll()
            assert harness.health.error is None, f"{harness.source.name}: {harness.health.error}"

    @synchronous
    async def test_two_worlds_share_nothing(self) -> None:
        """What happens in one shows in no other: no state is kept in the module."""
        before = [await _listed(source, self.world()) for source in self.described()]
        list(self.happenings(self.world()))
        assert [await _listed(source, self.world()) for source in self.described()] == before


async def _listed(source: Source, world: World) -> dict[str, list[str]]:
    """Return the ids that a poll of a new world lists, by collection."""
    harness = _harness(source, world)
    await harness.poll()
    part = harness.fold.scene.part(harness.source.name)
    keys = [(layer.name, layer.collection) for layer in harness.source.layers]
    return {".".join(key): sorted(entity_id for entity_id, _ in part.items(*key)) for key in keys}


def _harness(source: Source, world: World) -> SourceHarness:
    def answer(request: Request) -> Reply | None:
        return world.reply(request, NOON)

    return SourceHarness(source, answer)
