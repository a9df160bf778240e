"""A map whose log begins with the process: what only messages said, and what polls do not bring, outlasts it."""

import asyncio
import contextlib
from dataclasses import replace
from functools import partial

import pytest

from livingmap.core.model import Message
from livingmap.history import HistoryUnavailable
from livingmap.history.memory import MemoryHistory
from livingmap.past.moment import MomentError
from tests.network.population import COUNCIL, MAP, VOVK, Microdao
from tests.network.services import proposal_row
from tests.network.test_changes import ADMIN, items, without
from tests.support.maps import browser, living_map, poll
from tests.support.nats_server import until
from tests.support.ports import free_port
from tests.support.recorded import written

HIDDEN = f"microdao:{VOVK.slug}"
PROPOSAL = proposal_row("p-174", COUNCIL)
PROPOSAL_ID = f"proposal:{PROPOSAL['id']}"
CLOSED = {
    "dao_id": COUNCIL.uuid,
    "proposal_id": PROPOSAL["id"],
    "slug": "p-174",
    "final_status": "active",
    "is_passed": False,
    "quorum_reached": False,
    "actor_id": MAP,
    "ts": "2026-11-22T23:37:24.208435",
}


@pytest.fixture
async def started(map_of):
    """Start maps with one history, each when the one before has written all that happened to it."""
    history, maps = MemoryHistory(), []

    async with contextlib.AsyncExitStack() as stack:

        async def start(*, history_is_late=False, is_polled=True):
            if maps:
                await written(maps[-1])
            living = await map_of(kept=history, polled=False)
            maps.append(living)
            stack.push_async_callback(_ended, asyncio.create_task(living.writer.run()))
            steps = [living.recollection.run, *([partial(poll, living)] if is_polled else [])]
            for step in reversed(steps) if history_is_late else steps:
                await step()
            return living

        yield start


async def _ended(task):
    task.cancel()
    await asyncio.wait([task])


async def test_a_proposal_that_a_message_closed_stays_closed(started, network):
    network.population.proposals.append(("p-174", COUNCIL))
    first = await started()
    assert (await items(first, "dao", "proposals"))[PROPOSAL_ID]["status"] == "active"
    await first.log.append(Message("dao.event.proposal_closed", CLOSED))
    for late in (False, True):
        await started(is_polled=False)  # it ended before it knew anything
        shown = await items(await started(history_is_late=late), "dao", "proposals")
        assert shown[PROPOSAL_ID]["status"] == "rejected"
        assert shown[PROPOSAL_ID]["title"] == PROPOSAL["title"]


async def test_a_microdao_that_is_hidden_stays_hidden_since_the_same_time(started, network):
    first = await started()
    network.population.microdaos[1] = without(VOVK, MAP)
    await poll(first)
    before = await items(first), await items(first, "microdao")
    await started(is_polled=False)
    second = await started()
    assert (await items(second), await items(second, "microdao")) == before
    network.population.microdaos[1] = replace(VOVK, name="Vovk Power")
    await poll(second)
    shown = (await items(await started()))[HIDDEN]
    assert (shown["name"], shown["status"], shown.get("hidden_since")) == ("Vovk Power", "active", None)


async def test_a_hidden_microdao_that_was_deleted_meanwhile_is_gone(started, network):
    first = await started()
    network.population.microdaos[1] = without(VOVK, MAP)
    await poll(first)
    assert HIDDEN in await items(first)
    network.population.microdaos.pop(1)
    assert HIDDEN not in await items(await started())


async def test_a_first_poll_is_not_held_because_most_of_what_there_is_is_hidden(started, network):
    mill = Microdao(9, "mill", "Mill", "microdao:5e1f0a9c", ("u-cook", MAP))
    network.population.microdaos += [mill]
    first = await started()
    network.population.microdaos[1:] = [without(one, MAP) for one in network.population.microdaos[1:]]
    await poll(first, 2)  # the first of them is held, so few does the service list
    second = await started()
    assert second.pollers["microdao"].state.error is None
    assert {one["status"] for one in (await items(second)).values()} == {"active", "hidden"}


async def test_what_is_taken_over_is_an_entry_of_the_history(started, network):
    network.population.proposals.append(("p-174", COUNCIL))
    first = await started()
    await first.log.append(Message("dao.event.proposal_closed", CLOSED))
    second = await started()
    await written(second)
    async with browser(second) as client:
        answer = await client.get("/living-map/history?event_type=livingmap.source.recalled", headers=ADMIN)
    assert [entry["payload"] for entry in answer.json()["items"]] == [{"source": "dao", "changed": 1}]


class Late(MemoryHistory):
    """Cannot be read the first few times that it is asked what the map last knew."""

    def __init__(self):
        super().__init__()
        self.living, self.positions = None, []

    async def read(self, query):
        if query.source is not None:
            self.positions.append(self.living.log.position.seq)
            if len(self.positions) < 5:
                raise HistoryUnavailable("away")
        return await super().read(query)


async def test_the_first_polls_wait_for_a_history_that_is_being_opened(map_of, network):
    history = Late()
    history.living = living = await map_of(kept=history, polled=False, server={"port": free_port()})
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(_ended, asyncio.create_task(living.run()))
        await until(lambda: all(poller.state.polls for poller in living.pollers.values()), 60)
    assert history.positions[:5] == [0] * 5


async def recollection(living):
    async with browser(living) as client:
        report = (await client.get("/living-map/sources", headers=ADMIN)).json()["history"]
    return report["recollection"], report["recollection_error"]


async def test_how_far_the_recollection_has_come_is_reported(map_of, network, monkeypatch):
    monkeypatch.setattr("livingmap.past.recollection._PATIENCE_SECONDS", 0.01)
    history = Late()
    history.living = living = await map_of(kept=history, polled=False)
    assert await recollection(living) == ("waiting", None)
    await living.recollection.wait()
    assert await recollection(living) == ("late", None)
    await living.recollection.run()
    assert await recollection(living) == ("taken", None)


class Slow(MemoryHistory):
    """Cannot make what the map last knew."""

    async def read(self, query):
        if query.source is not None:
            raise MomentError("too many entries")
        return await super().read(query)


async def test_a_recollection_that_failed_says_why(map_of, network):
    living = await map_of(kept=Slow(), polled=False)
    await living.recollection.run()
    assert await recollection(living) == ("failed", "too many entries")


async def test_a_map_that_has_nothing_to_recollect_says_so(tmp_path):
    async with living_map(tmp_path, {"space": {"mock": True}}) as living, browser(living) as client:
        report = (await client.get("/living-map/sources")).json()["history"]
    assert report["recollection"] is None
