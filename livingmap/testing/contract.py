"""The contract suite: what every source has to keep. Subclass `SourceContract` in a plugin's tests."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pluggy
from hypothesis import given
from hypothesis import strategies as st

from livingmap import hookspecs
from livingmap.core.model import Json
from livingmap.core.route import matches
from livingmap.core.source import Client, Emit, Source
from livingmap.hookspecs import PROJECT, Reply, Request
from livingmap.sources.harness import SourceHarness
from livingmap.sources.registry import configured
from livingmap.sources.settings import SectionSettings, SourceSettings
from livingmap.sources.source_rules import invalid_source
from livingmap.testing.garbage import GARBAGE, PATIENT
from livingmap.testing.synchronous import synchronous


def plugin_manager(plugin: ModuleType) -> pluggy.PluginManager:
    """Return pluggy's manager with ``plugin`` registered. Raises if it implements a hook that does not exist."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    return manager


class SourceContract:
    """The contract suite. ``plugin`` is the module that holds ``livingmap_source``.

    Its tests are plain functions: pytest needs no plugin and no setting for them.
    """

    plugin: ModuleType
    settings: Mapping[str, Any] = MappingProxyType({})
    """Settings of the source that differ from their defaults, such as those that have it fill all its layers."""

    @property
    def source(self) -> Source:
        """The source that the plugin describes, with ``settings`` if it is configured by them."""
        source = self.plugin.livingmap_source()
        assert isinstance(source, Source)
        return configured(source, source.settings(**self.settings)) if source.configured else source

    def test_pluggy_takes_the_plugin(self) -> None:
        """The plugin registers and every hook it implements exists."""
        assert plugin_manager(self.plugin).hook.livingmap_source() == [self.plugin.livingmap_source()]

    def test_the_source_describes_itself(self) -> None:
        """Name, service and settings are there, and the address has a default or is needed."""
        source = self.source
        assert source.name.isidentifier()
        assert source.service
        assert issubclass(source.settings, SectionSettings)
        if issubclass(source.settings, SourceSettings):
            address = source.settings.model_fields["base_url"]
            assert address.is_required() or str(address.default).startswith("http")
        for name, info in source.settings.model_fields.items():
            assert info.description, f"setting {name} has no docstring"

    def test_the_description_is_sound(self) -> None:
        """What `livingmap check` can see without running the plugin is right: types, signatures, names, layers."""
        assert invalid_source(self.source) == []

    @synchronous
    async def test_samples_fill_every_layer(self) -> None:
        """A poll of the samples succeeds, drops nothing, and leaves no fetched collection empty.

        Of a source with a run, the recorded listings and messages leave none empty.
        """
        harness = SourceHarness(self.source, **self.settings)
        for fill in (harness.poll, harness.replay):
            await fill()
            assert harness.health.error is None
            assert harness.health.dropped == []
        for message in harness.samples.messages if self.source.run else ():
            await harness.send(message.type, message.payload)
        part = harness.fold.scene.part(self.source.name)
        empty = [
            f"{layer.name}.{layer.collection}"
            for layer in self.source.layers
            if (layer.fetch or self.source.run)
            and not (dict(part.items(layer.name, layer.collection)) or part.total(layer.name))
        ]
        filled_by = "all listings and messages" if self.source.run else "a poll of the answers"
        assert not empty, f"{', '.join(empty)}: empty after {filled_by} of samples/"

    @synchronous
    async def test_a_second_poll_changes_nothing(self) -> None:
        """Equal answers bring no changes."""
        harness = SourceHarness(self.source, **self.settings)
        for fill in (harness.poll, harness.replay):
            await fill()
            assert await fill() == []

    @synchronous
    async def test_a_run_ends_when_it_is_stopped(self) -> None:
        """A run does not outlive its cancellation, whatever it waits for."""
        run, began = self.source.run, asyncio.Event()
        if run is None:
            return

        async def watched(client: Client, emit: Emit) -> None:
            began.set()
            await run(client, emit)

        harness = SourceHarness(replace(self.source, run=watched), **self.settings)
        async with harness.running():
            await began.wait()
            await asyncio.sleep(0)

    @synchronous
    async def test_every_handler_has_a_sample_and_folds_it(self) -> None:
        """Each pattern matches a message of the samples, and every message is folded, before a poll and after."""
        harness = SourceHarness(self.source, **self.settings)
        for pattern in self.source.handlers:
            assert any(matches(pattern, message.type) for message in harness.samples.messages), pattern
        for _ in range(2):
            for message in harness.samples.messages:
                await harness.send(message.type, message.payload)
            await harness.poll()

    @synchronous
    async def test_every_detail_has_a_sample(self) -> None:
        """Each type with details can be asked about at least one item of the samples."""
        harness = SourceHarness(self.source, **self.settings)
        await harness.poll()
        part = harness.fold.scene.part(self.source.name)
        ids = sorted({entity_id for _, entity_id, _ in part.records()})
        for kind in self.source.details:
            candidates = [entity_id for entity_id in ids if entity_id.startswith(f"{kind}:")]
            assert await _first_details(harness, candidates), f"no sample answers the details of any {kind}"

    @synchronous
    async def test_a_dead_service_is_an_error_and_changes_nothing(self) -> None:
        """A 500 in plain text changes nothing and is reported."""
        dead = False

        def answer(request: Request) -> Reply | None:
            sample = harness.samples.answer(request.path, request.query, request.method)
            if dead:
                return Reply(b"Internal Server Error", 500)
            return Reply(sample.body, sample.status, sample.headers) if sample else None

        harness = SourceHarness(self.source, answer, **self.settings)
        await harness.poll()
        dead = True
        if any(layer.fetch for layer in self.source.layers):
            assert [change for change in await harness.poll() if change.layer] == []
            assert harness.health.error

    @PATIENT
    @given(body=GARBAGE)
    @synchronous
    async def test_no_answer_makes_a_fetch_raise(self, body: Json) -> None:
        """Whatever JSON a service answers, a fetch raises nothing but errors of the map."""
        harness = SourceHarness(self.source, lambda _: Reply(body), **self.settings)
        await harness.poll()
        for error in (harness.health.error or "").split("; "):
            kind = error.partition(": ")[2].partition(":")[0]
            assert kind not in {"KeyError", "TypeError", "AttributeError", "IndexError", "ValueError"}, error

    @PATIENT
    @given(payload=st.dictionaries(st.text(max_size=8), GARBAGE, max_size=4))
    @synchronous
    async def test_no_message_spoils_the_next(self, payload: dict[str, Json]) -> None:
        """A message of another shape is ignored or set aside; the next one is folded as ever."""
        harness = SourceHarness(self.source, **self.settings)
        await harness.poll()
        for message in harness.samples.messages:
            await harness.deliver(message.type, payload)
            for name in message.payload:
                await harness.deliver(message.type, {**message.payload, name: next(iter(payload.values()), None)})
        for message in harness.samples.messages:
            await harness.send(message.type, message.payload)

    def test_a_package_has_a_readme(self) -> None:
        """A README is beside the plugin, unless that is a single file."""
        assert not self.plugin.__package__ or (Path(str(self.plugin.__file__)).parent / "README.md").exists()


async def _first_details(harness: SourceHarness, ids: list[str]) -> Any:
    for entity_id in ids:
        try:
            return await harness.details(entity_id)
        except Exception as error:  # noqa: BLE001 - one item's sample is enough
            last = error
    raise AssertionError(f"details of {ids}: {last!r}" if ids else "no item has the type")
