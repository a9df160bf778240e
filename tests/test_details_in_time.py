import asyncio

import pytest

import livingmap_agents.plugin
import livingmap_dao.plugin
import livingmap_microdao.plugin
from livingmap.hookspecs import Reply
from livingmap.sources.harness import NOON
from livingmap.sources.json_client import DETAILS
from livingmap.sources.poll_answers import PollAnswers
from livingmap.sources.poll_client import PollClient
from livingmap.sources.source_client import SourceClient
from livingmap.testing import Samples


class HoldingClient(PollClient):
    """A client of a service that holds back what it answers to some paths."""

    held: tuple[str, ...] = ()

    async def get(self, path, **query):
        if path.endswith(self.held):
            await asyncio.Event().wait()
        return await super().get(path, **query)


@pytest.mark.parametrize(
    ("plugin", "entity_id", "name", "held", "lacking"),
    [
        (livingmap_agents.plugin, "agent:orest", "Orest", ("/events", "/quota"), {"last_events", "quota"}),
        (livingmap_agents.plugin, "agent:orest", "Orest", ("/quota",), {"quota"}),
        (livingmap_dao.plugin, "dao:delta-trust", "Delta Trust", ("/members",), {"members_by_role"}),
        (
            livingmap_microdao.plugin,
            "microdao:river-council",
            "River Council",
            ("/members", "/treasury"),
            {"members_by_role", "treasury"},
        ),
    ],
)
async def test_details_come_without_what_the_service_holds_back(plugin, entity_id, name, held, lacking):
    source = plugin.livingmap_source()
    samples = Samples.load(source.samples)

    def answer(request):
        sample = samples.answer(request.path, request.query)
        return Reply(sample.body, sample.status) if sample else None

    service = SourceClient(source.name, source.settings(), answer)
    client = HoldingClient(service, NOON, PollAnswers(service, DETAILS))
    client.held = held
    kind, _, rest = entity_id.partition(":")
    async with asyncio.timeout(120):
        details = await source.details[kind](client, rest)
    await service.close()
    assert (details["name"], lacking & details.keys()) == (name, set())
