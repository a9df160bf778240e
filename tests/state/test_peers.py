"""When viewers are sent to another process, and when not: the rule, against a peer that answers by HTTP."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from livingmap.cluster import Alone
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.state import peers as module
from livingmap.state.peers import PATH, Peers
from livingmap.testing import Sample, Samples
from tests.support.nats_server import until
from tests.support.services import StubService

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Both(Alone):
    """A cluster of two processes."""

    id = "this"

    def __init__(self, address):
        super().__init__()
        self.others = {"other": address}

    def peers(self):
        return self.others


class Case:
    """A process, and its peer."""

    def __init__(self, service):
        self.service = service
        self.now = NOON
        self.progress = Progress(Position("e", 7))
        self.progress.aim(7)
        self.cluster = Both(urlsplit(service.base_url).netloc)
        self.peers = Peers(self.cluster, self.progress, lambda: 0.5, lambda: self.now)
        self.sent_away = []

    def answers(self, **answer):
        self.service.samples = Samples(
            (Sample(PATH, {"process": "other", "attached_seconds": 31, "peers": 1, **answer}),)
        )

    async def lose(self):
        """Lose the log, and notice it."""
        self.progress.detach(self.now)
        assert not await self.peers.look()
        self.now += timedelta(seconds=11)


@pytest.fixture
async def case():
    service = StubService(Samples())
    await service.start()
    one = Case(service)
    yield one
    await one.peers.close()
    await service.kill()


async def test_viewers_are_sent_away_once_another_process_has_heard_from_the_log_since_this_one_lost_it(case):
    case.answers(silent_seconds=0)
    await case.lose()
    await until(case.peers.look)


@pytest.mark.parametrize(
    "answer",
    [
        {"silent_seconds": 3600},
        {"silent_seconds": 0, "attached_seconds": 0},
        {"silent_seconds": None},
        {"silent_seconds": "0"},
        {"silent_seconds": 0, "process": "yet another"},
        {"silent_seconds": 0, "process": "this"},
    ],
    ids=["lost-before", "just-back", "cut-off-too", "nonsense", "somebody-else", "itself"],
)
async def test_viewers_stay_where_no_other_process_is_known_to_follow_the_log(case, answer):
    case.answers(**answer)
    await case.lose()
    for _ in range(3):
        assert not await case.peers.look()
    assert len(case.service.asked) == 3


async def test_viewers_stay_where_nobody_answers(case):
    await case.lose()
    await case.service.kill()
    assert not await case.peers.look()


async def test_of_many_processes_five_are_asked_at_a_time_and_the_others_in_turn_until_one_follows_the_log(
    case, monkeypatch
):
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 30)
    case.answers(silent_seconds=0)
    silent = StubService(Samples())
    await silent.start()
    address = urlsplit(silent.base_url).netloc
    case.cluster.others = {**{f"silent {number}": address for number in range(6)}, **case.cluster.others}
    try:
        await case.lose()
        assert not await case.peers.look()
        assert (len(silent.asked), len(case.service.asked)) == (5, 0)
        await until(case.peers.look)
        asked = len(case.service.asked)
        for looks in range(1, 8):
            assert await case.peers.look()
            assert len(case.service.asked) == asked + looks
    finally:
        await silent.kill()


async def test_nobody_is_asked_by_a_process_that_has_its_log_or_lost_it_only_a_moment_ago(case):
    case.answers(silent_seconds=0)
    assert not await case.peers.look()
    case.progress.detach(NOON)
    case.now = NOON + timedelta(seconds=9)
    assert not await case.peers.look()
    assert case.service.asked == []


async def test_what_was_proved_counts_for_a_while_and_no_longer_than_the_log_is_away(case, monkeypatch):
    monkeypatch.setattr(module, "_PROOF_SECONDS", 3600)
    case.answers(silent_seconds=0)
    await case.lose()
    await until(case.peers.look)
    case.answers(silent_seconds=None)
    assert await case.peers.look()
    case.progress.attach()
    assert not await case.peers.look()
    case.progress.detach(case.now)
    assert not await case.peers.look()
    monkeypatch.setattr(module, "_PROOF_SECONDS", 0)
    case.answers(silent_seconds=0)
    assert not await case.peers.look()


async def test_another_process_is_answered_as_the_phase_allows(case):
    status = case.peers.status()
    assert status.pop("attached_seconds") >= 0
    assert status == {"process": "this", "silent_seconds": 0.5, "peers": 1}
    case.progress.branch_off("own")
    status = case.peers.status()
    assert (status["silent_seconds"], status["attached_seconds"]) == (None, None)
