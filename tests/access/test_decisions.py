"""Decisions of the policy engine, and what is decided without one: nothing that it did not permit."""

import asyncio

import pytest
import structlog

from livingmap.access.decisions import Decisions, PolicyState
from livingmap.access.settings import PolicySettings
from livingmap.core.actor import Actor
from livingmap.core.auth import PolicyEngine, Question
from livingmap.errors import Unreachable
from livingmap.sources.settings import ServiceSettings
from livingmap_daarion_auth.plugin import livingmap_policy
from livingmap_daarion_auth.policy import PdpSettings
from tests.support.access import LIES, AuthService, PolicyService, running

ALICE = Actor("u-1", "human", ("microdao:7",), ("user",))
ONE = Question("read", "microdao", "microdao:1")
TWO = Question("read", "microdao", "microdao:2")


class Clocked:
    """Decisions with a clock that a test sets."""

    def __init__(self, service, *, ttl_seconds=30, patience_seconds=30, **own):
        self.seconds = 0.0
        settings = PolicySettings(enabled=True, ttl_seconds=ttl_seconds, patience_seconds=patience_seconds)
        own = PdpSettings(**{"base_url": service.base_url, "timeout_seconds": 60, **own})
        self.decisions = Decisions(livingmap_policy(), settings, own, lambda: self.seconds)

    async def ask(self, *questions, actor=ALICE):
        return await self.decisions.permitted(actor, questions)


@pytest.fixture
async def service():
    async with running(PolicyService()) as one:
        one.allow("u-1", "microdao:1")
        yield one


@pytest.fixture
async def decisions_of(service):
    made = []

    def build(**given):
        made.append(Clocked(service, **given))
        return made[-1]

    yield build
    for one in made:
        await one.decisions.close()


async def test_a_question_is_sent_in_the_format_of_the_pdp(decisions_of, service):
    assert await decisions_of().ask(ONE, TWO) == ({ONE}, True)
    actor = {"actor_id": "u-1", "actor_type": "human", "microdao_ids": ["microdao:7"], "roles": ["user"]}
    assert (
        "/internal/pdp/evaluate",
        {"actor": actor, "action": "read", "resource": {"type": "microdao", "id": "microdao:1"}},
    ) in service.asked


async def test_decisions_hold_for_their_time_and_are_renewed_at_half_of_it(decisions_of, service):
    one = decisions_of(ttl_seconds=30)
    await one.ask(ONE, TWO)
    one.seconds = 14
    await one.ask(ONE, TWO)
    assert len(service.asked) == 2
    one.seconds = 16
    service.permits.clear()
    assert await one.ask(ONE, TWO) == (set(), True)
    assert len(service.asked) == 4


async def test_a_decision_holds_for_its_whole_time_while_the_pdp_is_away_and_no_longer(decisions_of, service):
    one = decisions_of(ttl_seconds=30)
    await one.ask(ONE, TWO)
    await service.kill()
    one.seconds = 29
    assert await one.ask(ONE, TWO) == ({ONE}, True)
    one.seconds = 31
    assert await one.ask(ONE, TWO) == (set(), False)
    assert one.decisions.state.error


@pytest.mark.parametrize("lie", [*LIES, "hang"])
async def test_any_other_answer_of_the_pdp_permits_nothing_and_a_good_one_counts_again(decisions_of, service, lie):
    one = decisions_of(timeout_seconds=2, patience_seconds=5)
    service.mode = lie
    assert await one.ask(ONE, TWO) == (set(), False)
    assert one.decisions.state.error
    service.mode = "well"
    for _ in range(40):  # the circuit may have opened
        if await one.ask(ONE, TWO) == ({ONE}, True):
            break
        await asyncio.sleep(0.1)
    assert await one.ask(ONE, TWO) == ({ONE}, True)
    assert one.decisions.state.error is None


async def test_a_permit_with_unknown_obligations_permits_nothing(decisions_of, service):
    service.obligations = {"log": True}
    assert await decisions_of().ask(ONE) == (set(), True)


async def test_questions_are_asked_at_once_but_not_too_many(decisions_of, service):
    many = [Question("read", "microdao", f"microdao:{number}") for number in range(100)]
    permitted, whole = await decisions_of(concurrency=7).ask(*many)
    assert (permitted, whole) == ({ONE}, True)
    assert 2 <= service.busiest <= 7


def questions_without(number):
    """Return 20 questions without one of them: what a member of that one does not ask."""
    return [Question("read", "microdao", f"microdao:{n}") for n in range(20) if n != number]


async def test_callers_that_wait_for_one_round_ask_the_rest_once_together(decisions_of, service):
    one = decisions_of()
    answers = await asyncio.gather(*(one.ask(*questions_without(number)) for number in range(20)))
    asked = [said["resource"]["id"] for _, said in service.asked]
    assert sorted(asked) == sorted(f"microdao:{number}" for number in range(20))
    seen = [(set() if number == 1 else {ONE}, True) for number in range(20)]
    assert answers == seen


async def test_callers_that_waited_for_a_round_in_vain_do_not_ask_all_of_it_again(decisions_of, service):
    service.mode = "500"
    one = decisions_of(retries=0)
    answers = await asyncio.gather(*(one.ask(*questions_without(number)) for number in range(20)))
    assert answers == [(set(), False)] * 20
    assert one.decisions.state.asked == 20
    service.mode = "well"


async def test_each_actor_has_its_own_decisions(decisions_of):
    one = decisions_of()
    assert await one.ask(ONE) == ({ONE}, True)
    assert await one.ask(ONE, actor=Actor("u-2")) == (set(), True)
    assert await one.ask(ONE, actor=Actor("u-1", "human", ("microdao:7",), ("guest",))) == ({ONE}, True)


class Judge:
    """Decisions of an engine in this process, which permits `ONE` and fails while it is away."""

    def __init__(self, **settings):
        self.seconds = 1000.0
        self.away = False
        self.tasks = set()
        own = ServiceSettings(**{"base_url": "http://judge:1", "concurrency": 1, **settings})
        engine = PolicyEngine("judge", "judge", ServiceSettings, self._decide)
        self.decisions = Decisions(engine, PolicySettings(ttl_seconds=30), own, lambda: self.seconds)

    async def _decide(self, client, actor, question):
        self.client = client
        self.tasks |= asyncio.all_tasks()
        if self.away:
            raise Unreachable(f"away for {question.id}")
        return question == ONE

    async def ask(self, *questions):
        return await self.decisions.permitted(ALICE, questions)


@pytest.fixture
async def judge():
    one = Judge()
    yield one
    await one.decisions.close()


async def test_questions_and_their_answers_are_counted(judge):
    questions = (ONE, TWO, Question("read", "microdao", "microdao:3"))
    assert judge.decisions.state == PolicyState("http://judge:1")
    await judge.ask(*questions)
    await judge.ask(*questions)
    assert judge.decisions.state == PolicyState("http://judge:1", asked=3, permitted=1, denied=2)
    judge.seconds += 30
    await judge.ask(*questions)
    assert judge.decisions.state == PolicyState("http://judge:1", asked=6, permitted=2, denied=4)
    judge.seconds, judge.away = judge.seconds + 30, True
    assert await judge.ask(*questions) == (set(), False)
    expected = PolicyState("http://judge:1", 9, 2, 4, failed=3, error="away for microdao:3")
    assert judge.decisions.state == expected


async def test_an_engine_that_goes_and_comes_back_is_logged_once_each(judge):
    with structlog.testing.capture_logs() as logs:
        for judge.away in (False, True, True, False, False):
            await judge.ask(ONE, TWO)
            judge.seconds += 30
    warning = "policies cannot be decided for now; what is not remembered is denied"
    assert logs == [
        {"event": warning, "log_level": "warning", "error": "away for microdao:1"},
        {"event": "policies are decided again", "log_level": "info", "url": "http://judge:1"},
    ]


async def test_the_tasks_that_ask_have_a_name(judge):
    before = asyncio.all_tasks()
    await judge.ask(ONE)
    assert [task.get_name() for task in judge.tasks - before] == ["policy", "policy"]


async def test_what_an_engine_shares_between_callers_is_asked_for_by_the_clock_of_the_map():
    async with running(AuthService()) as auth:
        judge = Judge(base_url=auth.base_url)
        await judge.ask(ONE)
        for judge.seconds, requests in ((1000, 1), (1599, 1), (1600, 2)):
            await judge.client.cached("/.well-known/jwks.json")
            assert len(auth.asked) == requests
        await judge.decisions.close()
