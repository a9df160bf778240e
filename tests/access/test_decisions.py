"""Decisions of the policy engine, and what is decided without one: nothing that it did not permit."""

import asyncio

import pytest

from livingmap.access.decisions import Decisions
from livingmap.access.settings import PolicySettings
from livingmap.core.actor import Actor
from livingmap.core.auth import Question
from livingmap_daarion_auth.plugin import livingmap_policy
from livingmap_daarion_auth.policy import PdpSettings
from tests.support.access import LIES, PolicyService, running

ALICE = Actor("u-1", "human", ("microdao:7",), ("user",))
ONE = Question("read", "microdao", "microdao:1")
TWO = Question("read", "microdao", "microdao:2")


class Clocked:
    """Decisions with a clock that a test sets."""

    def __init__(self, service, *, ttl_seconds=30, patience_seconds=30, **own):
        self.seconds = 0.0
        settings = PolicySettings(enabled=True, ttl_seconds=ttl_seconds, patience_seconds=patience_seconds)
        own = PdpSettings(**{"base_url": service.base_url, "timeout_seconds": 10, **own})
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


async def test_a_question_is_put_in_the_pdps_words(decisions_of, service):
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


async def test_who_is_known_keeps_the_last_decision_while_the_pdp_is_away_but_not_for_longer(
    decisions_of, service
):
    one = decisions_of(ttl_seconds=30)
    await one.ask(ONE, TWO)
    await service.kill()
    one.seconds = 29
    assert await one.ask(ONE, TWO) == ({ONE}, True)
    one.seconds = 31
    assert await one.ask(ONE, TWO) == (set(), False)
    assert one.decisions.state.error


@pytest.mark.parametrize("lie", [*LIES, "hang"])
async def test_whatever_else_the_pdp_says_permits_nothing_and_it_recovers(decisions_of, service, lie):
    one = decisions_of(timeout_seconds=0.5, patience_seconds=1.2)
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


async def test_a_permit_with_duties_that_are_not_understood_is_none(decisions_of, service):
    service.obligations = {"log": True}
    assert await decisions_of().ask(ONE) == (set(), True)


async def test_questions_are_asked_at_once_but_not_too_many(decisions_of, service):
    many = [Question("read", "microdao", f"microdao:{number}") for number in range(100)]
    permitted, whole = await decisions_of(concurrency=7).ask(*many)
    assert (permitted, whole) == ({ONE}, True)
    assert 2 <= service.busiest <= 7


async def test_decisions_of_one_actor_are_not_anothers(decisions_of):
    one = decisions_of()
    assert await one.ask(ONE) == ({ONE}, True)
    assert await one.ask(ONE, actor=Actor("u-2")) == (set(), True)
    assert await one.ask(ONE, actor=Actor("u-1", "human", ("microdao:7",), ("guest",))) == ({ONE}, True)
