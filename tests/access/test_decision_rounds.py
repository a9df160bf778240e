"""Rounds of questions: callers wait while there is patience, and what a round shows changes once, at its end."""

import asyncio

import pytest

from livingmap.access.decisions import Decisions
from livingmap.access.settings import PolicySettings
from livingmap.core.actor import Actor
from livingmap.core.auth import PolicyEngine, Question
from livingmap.errors import Unreachable
from livingmap.sources.settings import ServiceSettings

ANN, BO = Actor("ann"), Actor("bo")


async def turns(holds):
    """Let tasks run until something holds, which needs no more than their turns."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


class Judge:
    """Decisions of an engine that answers each question when a test lets it, one at a time."""

    def __init__(self, *, patience_seconds=60, ttl_seconds=60, concurrency=1):
        self.seconds = 1000.0
        self.begun = []
        self.answers = {}
        own = ServiceSettings(base_url="http://judge:1", concurrency=concurrency)
        settings = PolicySettings(ttl_seconds=ttl_seconds, patience_seconds=patience_seconds)
        engine = PolicyEngine("judge", "judge", ServiceSettings, self._decide)
        self.decisions = Decisions(engine, settings, own, lambda: self.seconds)

    async def _decide(self, client, actor, question):
        self.begun.append(question.id)
        answer = await self._answer(question.id)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, name):
        return self.answers.setdefault(name, asyncio.get_running_loop().create_future())

    def says(self, **answers):
        for name, answer in answers.items():
            self._answer(name).set_result(answer)

    def will_say(self, **answers):
        self.answers.clear()
        self.says(**answers)

    async def ask(self, names, actor=ANN):
        """Return which of some questions, each a letter, are permitted, and whether all were decided."""
        questions = [Question("read", "door", name) for name in names]
        permitted, whole = await self.decisions.permitted(actor, questions)
        return "".join(sorted(question.id for question in permitted)), whole

    async def until_begun(self, *names):
        await turns(lambda: self.begun == list(names))


@pytest.fixture
async def judge_of():
    made = []

    def build(**given):
        made.append(Judge(**given))
        return made[-1]

    yield build
    for one in made:
        await one.decisions.close()


async def ended(judge):
    """Wait until the round that is under way has ended."""
    tasks = [one.task for one in judge.decisions._rounds.values()]
    if tasks:
        await asyncio.wait(tasks, timeout=20)


async def test_what_a_round_shows_stays_from_the_end_of_the_patience_to_its_own(judge_of):
    judge = judge_of(patience_seconds=0.05)
    judge.says(a=True)
    assert await judge.ask("abc") == ("a", False)
    judge.says(b=True)
    await judge.until_begun("a", "b", "c")
    assert await judge.ask("abc") == ("a", False)
    assert await judge.ask("bd") == ("", False)
    assert judge.decisions.state.failed == 1
    judge.says(c=False)
    await ended(judge)
    assert await judge.ask("abc") == ("ab", True)
    assert judge.begun == ["a", "b", "c"]


async def test_decisions_that_are_renewed_count_until_the_patience_is_over_and_then_the_answers(judge_of):
    judge = judge_of(patience_seconds=0.05)
    judge.says(a=True, b=True, c=True)
    assert await judge.ask("abc") == ("abc", True)
    judge.seconds += 30
    judge.will_say(a=False)
    assert await judge.ask("abc") == ("bc", True)
    judge.says(b=False)
    await judge.until_begun(*"abcabc")
    assert await judge.ask("abc") == ("bc", True)
    judge.says(c=True)
    await ended(judge)
    assert await judge.ask("abc") == ("c", True)


async def test_callers_that_come_while_a_round_is_under_way_wait_for_it_and_ask_what_it_lacks(judge_of):
    judge = judge_of()
    first = asyncio.create_task(judge.ask("ab"))
    await judge.until_begun("a")
    later = [asyncio.create_task(judge.ask(names)) for names in ("ba", "bc")]
    await asyncio.sleep(0)
    judge.says(a=True, b=False, c=True)
    assert await first == ("a", True)
    assert [await one for one in later] == [("a", True), ("c", True)]
    assert judge.begun == ["a", "b", "c"]


async def test_what_a_round_could_not_find_out_is_asked_again_by_callers_that_come_later(judge_of):
    judge = judge_of()
    first = asyncio.create_task(judge.ask("ab"))
    await judge.until_begun("a")
    second = asyncio.create_task(judge.ask("ac"))
    await asyncio.sleep(0)
    judge.says(a=Unreachable("away"), b=True, c=True)
    assert (await first, await second) == (("b", False), ("c", False))
    assert judge.begun == ["a", "b", "c"]
    judge.will_say(a=True)
    assert await judge.ask("ac") == ("ac", True)
    assert judge.begun == ["a", "b", "c", "a"]


async def test_an_answer_counts_for_all_that_wait_for_it_however_short_its_life(judge_of):
    judge = judge_of()
    asking = [asyncio.create_task(judge.ask("ab")) for _ in range(2)]
    judge.says(a=True)
    await judge.until_begun("a", "b")
    judge.seconds += 60
    judge.says(b=True)
    assert [await one for one in asking] == [("ab", True)] * 2


async def test_what_was_decided_before_a_round_counts_for_callers_that_wait_for_it(judge_of):
    judge = judge_of()
    judge.says(c=True)
    assert await judge.ask("c") == ("c", True)
    first = asyncio.create_task(judge.ask("a"))
    await judge.until_begun("c", "a")
    second = asyncio.create_task(judge.ask("ac"))
    await asyncio.sleep(0)
    judge.says(a=True)
    assert (await first, await second) == (("a", True), ("ac", True))


async def test_an_actor_does_not_wait_for_the_round_of_another(judge_of):
    judge = judge_of()
    slow = asyncio.create_task(judge.ask("a"))
    await judge.until_begun("a")
    judge.says(b=True)
    assert await judge.ask("b", BO) == ("b", True)
    judge.says(a=True)
    assert await slow == ("a", True)


async def test_a_round_asks_so_many_questions_at_once(judge_of):
    judge = judge_of(concurrency=3)
    asking = asyncio.create_task(judge.ask("abcde"))
    await judge.until_begun("a", "b", "c")
    for _ in range(10):
        await asyncio.sleep(0)
    assert judge.begun == ["a", "b", "c"]
    judge.says(b=True)
    await judge.until_begun("a", "b", "c", "d")
    judge.says(a=True, c=True, d=True, e=True)
    assert await asking == ("abcde", True)


@pytest.mark.parametrize(("patience_seconds", "ttl_seconds"), [(0.01, 0.2), (0.2, 0.01)])
async def test_a_round_is_given_up_after_the_life_of_a_decision_or_the_patience_if_that_is_longer(
    judge_of, patience_seconds, ttl_seconds
):
    judge = judge_of(patience_seconds=patience_seconds, ttl_seconds=ttl_seconds)
    judge.says(a=True)
    assert await judge.ask("ab") == ("a", False)
    await ended(judge)
    assert judge.decisions.state.error == "http://judge:1: not all was decided within 0.2 s"
    judge.will_say(b=True)
    assert await judge.ask("b") == ("b", True)
    assert (judge.begun, judge.decisions.state.error) == (["a", "b", "b"], None)


async def test_a_caller_that_goes_leaves_the_round_to_the_others(judge_of):
    judge = judge_of()
    first = asyncio.create_task(judge.ask("ab"))
    await judge.until_begun("a")
    first.cancel()
    second = asyncio.create_task(judge.ask("ab"))
    await asyncio.sleep(0)
    judge.says(a=True, b=True)
    assert await second == ("ab", True)
    assert first.cancelled()
    assert judge.begun == ["a", "b"]


async def test_a_round_whose_callers_have_gone_shows_what_was_decided_before_it(judge_of):
    judge = judge_of()
    judge.says(a=True)
    assert await judge.ask("a") == ("a", True)
    judge.seconds += 30
    judge.will_say(b=True)
    gone = asyncio.create_task(judge.ask("ba"))
    await judge.until_begun("a", "b", "a")
    gone.cancel()
    judge.decisions._rounds[ANN].patience_ends_at = 0.0
    assert await judge.ask("ab") == ("a", False)


async def test_the_end_stops_what_is_being_asked_and_permits_nothing(judge_of):
    judge = judge_of()
    asking = [asyncio.create_task(judge.ask(names)) for names in ("ab", "ac")]
    await judge.until_begun("a")
    await judge.decisions.close()
    async with asyncio.timeout(120):
        assert [await one for one in asking] == [("", False), ("", False)]


async def test_after_the_end_nothing_is_asked(judge_of):
    judge = judge_of()
    await judge.decisions.close()
    assert await judge.ask("a") == ("", False)
    assert judge.begun == []


async def test_a_round_that_is_stopped_before_it_began_permits_nothing(judge_of):
    judge = judge_of()
    asking = [asyncio.create_task(judge.ask("a")) for _ in range(2)]
    await turns(lambda: judge.decisions._rounds)
    await judge.decisions.close()
    async with asyncio.timeout(120):
        assert [await one for one in asking] == [("", False)] * 2
    assert judge.begun == []


async def test_nothing_is_asked_about_nothing(judge_of):
    judge = judge_of()
    assert await judge.ask("") == ("", True)
    assert judge.decisions.state.asked == 0
