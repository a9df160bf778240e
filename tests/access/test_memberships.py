"""Memberships: what actors belong to, asked for once for many, renewed in time and after an event about it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog

from livingmap.access import memberships
from livingmap.access.memberships import Memberships, MembershipState
from livingmap.core.actor import Actor, Credential, Scheme
from livingmap.core.auth import EVERYBODY, MembershipLookup
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Position
from livingmap.errors import Unreachable

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ANN, BO = Actor("ann"), Actor("bo")
RIVER = frozenset({"microdao:river"})


def credential_of(actor):
    return Credential(Scheme.BEARER, f"of {actor.actor_id}")


class Client:
    """The client of a service, which only has to be closed."""

    is_closed = False

    async def close(self):
        self.is_closed = True


class Registry:
    """Memberships by a lookup whose answers a test sets, on a clock that it sets."""

    def __init__(self):
        self.seconds = 1000.0
        self.answer = RIVER
        self.asked = []
        self.clients = {"city": Client(), "space": Client()}
        concerned = {
            "member.*": lambda event: event.payload.get("user"),
            "*.renamed": lambda _: None,
            "city.>": lambda _: EVERYBODY,
        }
        lookup = MembershipLookup(("city", "space", "absent"), self._complete, concerned)
        self.memberships = Memberships(lookup, self.clients, 100, lambda: self.seconds)

    async def _complete(self, clients, actor, credential):
        assert clients is self.clients
        assert credential == credential_of(actor)
        self.asked.append(actor.actor_id)
        answer = self.answer
        await asyncio.sleep(0)
        if isinstance(answer, BaseException):
            raise answer
        return replace(actor, memberships=answer) if isinstance(answer, frozenset) else answer

    async def complete(self, actor=ANN):
        """Return what an actor belongs to, and whether that could be found out."""
        complete, is_whole = await self.memberships.complete(actor, credential_of(actor))
        assert complete == replace(actor, memberships=complete.memberships)
        return complete.memberships, is_whole

    def happens(self, kind, **payload):
        self.memberships.on_entry(Folded(Event(Position("e", 1), kind, payload, NOON)), 7)


@pytest.fixture
def registry():
    return Registry()


# what is remembered, and for how long


async def test_an_actor_is_completed_with_its_own_credential_and_is_remembered(registry):
    assert registry.memberships.state == MembershipState(["city", "space"])
    assert [await registry.complete() for _ in range(2)] == [(RIVER, True)] * 2
    assert await registry.complete(BO) == (RIVER, True)
    assert registry.asked == ["ann", "bo"]
    assert registry.memberships.state == MembershipState(["city", "space"], asked=2)


async def test_callers_that_come_at_once_are_asked_about_once_and_different_ones_side_by_side(registry):
    answers = await asyncio.gather(*(registry.complete(actor) for actor in (ANN, BO) * 5))
    assert answers == [(RIVER, True)] * 10
    assert sorted(registry.asked) == ["ann", "bo"]
    both = asyncio.Barrier(2)

    async def complete(clients, actor, credential):
        await both.wait()
        return actor

    registry.memberships._lookup = MembershipLookup((), complete)
    registry.seconds += 50
    async with asyncio.timeout(5):
        await asyncio.gather(registry.complete(ANN), registry.complete(BO))


async def test_an_answer_is_renewed_at_half_of_its_life(registry):
    await registry.complete()
    registry.answer = frozenset()
    registry.seconds = 1049.9
    assert await registry.complete() == (RIVER, True)
    registry.seconds = 1050
    assert await registry.complete() == (frozenset(), True)
    assert len(registry.asked) == 2


async def test_an_answer_bridges_a_service_that_is_away_to_the_end_of_its_life_and_no_longer(registry):
    await registry.complete()
    registry.answer = Unreachable("the city is away")
    for registry.seconds in (1050, 1099.9):
        assert await registry.complete() == (RIVER, True)
    registry.seconds = 1100
    assert await registry.complete() == (frozenset(), False)
    assert await registry.complete(BO) == (frozenset(), False)
    registry.answer = frozenset()
    assert await registry.complete() == (frozenset(), True)


async def test_the_life_of_an_answer_begins_when_it_is_asked_for(registry):
    async def complete(clients, actor, credential):
        registry.seconds += 99
        return replace(actor, memberships=RIVER)

    registry.memberships._lookup = MembershipLookup((), complete)
    assert await registry.complete() == (RIVER, True)
    registry.memberships._lookup = MembershipLookup((), registry._complete)
    registry.answer = Unreachable("away")
    assert await registry.complete() == (RIVER, True)
    registry.seconds += 1
    assert await registry.complete() == (frozenset(), False)


async def test_so_many_actors_are_remembered_and_one_more_forgets_the_least_recent(monkeypatch):
    assert memberships.MOST_ACTORS == 10_000
    monkeypatch.setattr(memberships, "MOST_ACTORS", 2)
    registry = Registry()
    for name in ("ann", "bo", "ann", "carl", "ann", "bo"):
        await registry.complete(Actor(name))
    assert registry.asked == ["ann", "bo", "carl", "bo"]
    registry.memberships.on_restored()
    registry.seconds += 1
    for name in ("ann", "bo", "ann", "carl", "ann", "bo"):
        await registry.complete(Actor(name))
    assert registry.asked[4:] == ["ann", "bo", "carl", "bo"]


# events


async def test_an_event_about_an_actor_has_it_asked_about_again_and_nobody_else(registry):
    for actor in (ANN, BO):
        await registry.complete(actor)
    registry.seconds += 1
    registry.happens("member.added", user="ann")
    registry.seconds += 1
    for actor in (ANN, BO, ANN, BO):
        await registry.complete(actor)
    assert registry.asked == ["ann", "bo", "ann"]


async def test_an_event_that_does_not_say_whose_memberships_change_has_everybody_asked_about_again(registry):
    for actor in (ANN, BO):
        await registry.complete(actor)
    registry.seconds += 1
    registry.happens("city.role.changed")
    registry.seconds += 1
    for actor in (ANN, BO, ANN, BO):
        await registry.complete(actor)
    assert registry.asked == ["ann", "bo", "ann", "bo"]


@pytest.mark.parametrize(
    ("kind", "payload"), [("member.renamed", {"user": 7}), ("agent.renamed", {}), ("agent.added", {"user": "ann"})]
)
async def test_an_event_of_another_kind_or_about_nobody_changes_nothing(registry, kind, payload):
    await registry.complete()
    registry.seconds += 1
    registry.happens(kind, **payload)
    registry.seconds += 1
    await registry.complete()
    assert registry.asked == ["ann"]


async def test_an_event_that_concerns_an_actor_by_any_of_several_patterns_counts(registry):
    await registry.complete()
    registry.seconds += 1
    registry.happens("member.renamed", user="ann")  # the second pattern that covers it says nobody's
    await registry.complete()
    registry.seconds += 1
    registry.happens("city.renamed")
    await registry.complete()
    assert registry.asked == ["ann"] * 3


async def test_an_event_that_comes_while_the_service_is_asked_has_it_asked_again(registry):
    for kind, payload in (("member.added", {"user": "ann"}), ("city.role", {})):
        registry.seconds += 100
        asking = asyncio.create_task(registry.complete())
        await asyncio.sleep(0)
        registry.happens(kind, **payload)
        await asking
        count = len(registry.asked)
        registry.seconds += 1
        await registry.complete()
        assert len(registry.asked) == count + 1


async def test_what_an_event_changed_is_shown_on_while_the_service_is_away(registry):
    await registry.complete()
    registry.happens("member.removed", user="ann")
    registry.answer = Unreachable("away")
    registry.seconds += 1
    assert await registry.complete() == (RIVER, True)
    registry.answer = frozenset()
    assert await registry.complete() == (frozenset(), True)


async def test_after_a_restore_nothing_is_remembered(registry):
    await registry.complete()
    registry.memberships.on_restored()
    await registry.complete()
    assert registry.asked == ["ann", "ann"]


async def test_an_answer_that_was_asked_for_before_a_restore_is_not_remembered(registry):
    asking = asyncio.create_task(registry.complete())
    await asyncio.sleep(0)
    registry.memberships.on_restored()
    await asking
    registry.seconds += 1
    await registry.complete()
    assert registry.asked == ["ann", "ann"]


# failures


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ValueError("hush"), "the lookup of memberships raised ValueError"),
        (SystemExit("hush"), "the lookup of memberships raised SystemExit"),
        (KeyboardInterrupt("hush"), "the lookup of memberships raised KeyboardInterrupt"),
        (None, "the lookup of memberships answered with something other than an Actor"),
        ("hush", "the lookup of memberships answered with something other than an Actor"),
        (Unreachable("the city is away"), "the city is away"),
    ],
    ids=repr,
)
async def test_a_lookup_that_fails_makes_nobody_a_member_and_shows_no_credential(registry, answer, error):
    registry.answer = answer
    assert await registry.complete() == (frozenset(), False)
    assert registry.memberships.state == MembershipState(["city", "space"], asked=1, failed=1, error=error)


async def test_a_caller_that_goes_while_its_memberships_are_asked_for_is_no_failure(registry):
    registry.answer = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await registry.complete()
    assert registry.memberships.state == MembershipState(["city", "space"], asked=1)


async def test_a_lookup_that_fails_and_works_again_is_logged_once_each(registry):
    with structlog.testing.capture_logs() as logs:
        for answer in (RIVER, Unreachable("one"), Unreachable("two"), RIVER, RIVER):
            registry.answer = answer
            await registry.complete()
            registry.seconds += 50
    assert logs == [
        {"event": "memberships cannot be found out for now", "log_level": "warning", "error": "one"},
        {"event": "memberships are found out again", "log_level": "info", "sources": ["city", "space"]},
    ]
    assert registry.memberships.state == MembershipState(["city", "space"], asked=5, failed=2)


async def test_all_connections_are_closed(registry):
    await registry.memberships.close()
    assert all(client.is_closed for client in registry.clients.values())
