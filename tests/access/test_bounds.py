"""Every bound of access control at its edge: one less is kept, taken or let in, one more is not."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.access import access, authenticator, decisions, filtered_scenes, limits
from livingmap.access.access import Access
from livingmap.access.authenticator import LONGEST, REFUSED_SECONDS, CachedAuthenticator
from livingmap.access.decisions import Decisions
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.limits import Failures, Pace, Streams
from livingmap.access.policy_targets import PolicyTargets
from livingmap.access.settings import AuthSettings, ItemRule, PolicySettings
from livingmap.access.view import Rights
from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.auth import Authenticator, PolicyEngine, Question
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.errors import InvalidCredential, Unreachable
from livingmap.hookspecs import Reply
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
OWN = ServiceSettings(base_url="http://porter:1")
RULES = (ItemRule(types=("agent",), field="microdao_id", type="microdao"),)
SOURCE = Source("s", "s", object, (Layer("agents", references=("microdao_id",)),), {"a.*": lambda *_: []})


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds

    def now(self):
        return NOON + timedelta(seconds=self.seconds)


@pytest.fixture
def clock():
    return Clock()


# credentials


class Porter:
    """A cached authenticator, and the credentials that its plugin was asked about."""

    def __init__(self, clock):
        self.asked = []
        described = Authenticator("porter", "porter", ServiceSettings, self.identify)
        self.cached = CachedAuthenticator(described, OWN, 30, clock.now, clock)

    async def identify(self, client, credential):
        self.asked.append(credential.value)
        if credential.value.startswith("bad"):
            raise InvalidCredential("no")
        return Identity(Actor(credential.value))

    async def ask(self, value):
        return (await self.cached.identify(Credential(Scheme.BEARER, value))).actor.actor_id


@pytest.fixture
async def porter(clock, request):
    one = Porter(clock)
    yield one
    await one.cached.close()


async def test_ten_thousand_credentials_are_remembered_and_one_more_forgets_the_least_recent(porter):
    most = authenticator.MOST_CREDENTIALS
    for number in range(most):
        await porter.ask(f"c-{number}")
    await porter.ask("c-0")
    assert len(porter.asked) == most == 10_000
    await porter.ask("one more")
    await porter.ask("c-0")
    assert len(porter.asked) == most + 1
    await porter.ask("c-1")
    assert len(porter.asked) == most + 2


async def test_a_credential_may_have_so_many_characters_and_no_more(porter):
    await porter.ask("x" * LONGEST)
    with pytest.raises(InvalidCredential, match="longer"):
        await porter.ask("x" * (LONGEST + 1))
    assert len(porter.asked) == 1


async def test_a_bad_credential_is_asked_about_again_when_its_time_is_over(porter, clock):
    for clock.seconds in (0, REFUSED_SECONDS - 0.01, REFUSED_SECONDS):
        with pytest.raises(InvalidCredential):
            await porter.ask("bad")
    assert len(porter.asked) == 2


async def test_a_good_credential_is_asked_about_again_when_its_time_is_over(porter, clock):
    for clock.seconds in (0, 29.99, 30):
        await porter.ask("good")
    assert len(porter.asked) == 2


async def test_a_shared_answer_is_renewed_every_ten_minutes_or_every_ten_seconds_if_something_is_missing(clock):
    requests = []
    client = ServiceClient("auth.x", OWN, clock, lambda request: requests.append(request) or Reply(len(requests)))
    expected = [
        (0, False, 1),
        (599, False, 1),
        (600, False, 2),
        (609.9, True, 2),
        (610, True, 3),
        (610, False, 3),
        (1209.9, False, 3),
        (1210, False, 4),
    ]
    for seconds, refresh, answer in expected:
        clock.seconds = seconds
        assert await client.cached("/keys", refresh=refresh) == answer
    await client.close()


# decisions and rights


class Judge:
    """Decisions, and the questions that their engine was asked."""

    def __init__(self, clock, answers=None, **settings):
        self.asked = []
        self.answers = answers or itertools.repeat(True)
        engine = PolicyEngine("judge", "judge", ServiceSettings, self.decide)
        self.decisions = Decisions(engine, PolicySettings(ttl_seconds=30, **settings), OWN, clock)

    async def decide(self, client, actor, question):
        self.asked.append(question.id)
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def ask(self, *ids):
        permitted, whole = await self.decisions.permitted(
            Actor("a"), [Question("read", "door", one) for one in ids]
        )
        return sorted(question.id for question in permitted), whole


async def test_200_000_decisions_are_remembered_and_one_more_forgets_the_least_recent(clock, monkeypatch):
    assert decisions.MOST_DECISIONS == 200_000
    monkeypatch.setattr(decisions, "MOST_DECISIONS", 3)
    judge = Judge(clock)
    await judge.ask("1", "2", "3")
    await judge.ask("1", "2", "3")
    assert judge.asked == ["1", "2", "3"]
    await judge.ask("4")
    await judge.ask("2", "3", "4")
    assert judge.asked == ["1", "2", "3", "4"]
    await judge.ask("1")
    assert judge.asked == ["1", "2", "3", "4", "1"]


async def test_a_decision_is_renewed_at_half_of_its_time_and_bridges_the_rest(clock):
    down = Unreachable("nobody there")
    judge = Judge(clock, iter([True, down, down]))
    assert await judge.ask("1") == (["1"], True)
    clock.seconds = 14.99
    assert await judge.ask("1") == (["1"], True)
    assert len(judge.asked) == 1
    clock.seconds = 15
    assert await judge.ask("1") == (["1"], True)
    assert len(judge.asked) == 2
    clock.seconds = 30
    assert await judge.ask("1") == ([], False)


async def test_what_is_not_decided_in_time_is_denied(clock):
    judge = Judge(clock, patience_seconds=0.05)
    forever = asyncio.Event()

    async def decide(client, actor, question):
        if question.id == "slow":
            await forever.wait()
        return True

    judge.decisions._engine = PolicyEngine("judge", "judge", ServiceSettings, decide)
    assert await judge.ask("quick", "slow") == (["quick"], False)
    assert "not all was decided within 0.05 s" in judge.decisions.state.error


class CountingPolicies:
    """Policies that note whose rights they were asked for."""

    state = None

    def __init__(self):
        self.asked = []

    async def rights(self, actor, credential, *, summary=False):
        self.asked.append(actor.actor_id)
        return Rights()


async def test_the_rights_of_so_many_actors_are_remembered_for_a_second(clock, porter, monkeypatch):
    assert access.MOST_RIGHTS == 10_000
    monkeypatch.setattr(access, "MOST_RIGHTS", 2)
    policies = CountingPolicies()
    one = Access(AuthSettings(mode="porter"), porter.cached, policies, clock.now, clock, most_streams=9)

    async def admit(*names):
        for name in names:
            await one.admit(Credential(Scheme.BEARER, name), None)

    await admit("a", "b", "a", "b")
    assert policies.asked == ["a", "b"]
    await admit("c", "b")
    assert policies.asked == ["a", "b", "c"]
    await admit("a")
    assert policies.asked == ["a", "b", "c", "a"]
    clock.seconds = 0.99
    await admit("a")
    assert len(policies.asked) == 4
    clock.seconds = 1
    await admit("a")
    assert len(policies.asked) == 5


# filtered scenes


class Scenes:
    """Filtered scenes of a map with two agents, one of which is shown."""

    rights = Rights(grants=(frozenset({"microdao:1"}),), reports=False)

    def __init__(self, clock):
        self.seq = 0
        self.fold = Fold([SOURCE])
        self.scenes = FilteredScenes(self.fold, [SOURCE], RULES, lambda: Position("e", self.seq), clock)
        self.put("agent:1", microdao_id="microdao:1")
        self.put("agent:2", microdao_id="microdao:2")

    def put(self, *ids, **fields):
        self.seq += 1
        message = refreshed("s", 0, [Put("agents", one, fields) for one in ids])
        self.scenes.take(self.fold.apply(Event(Position("e", self.seq), message.type, message.payload, NOON)))

    def reaches(self, seq):
        return self.scenes.reaches(Position("e", seq), self.rights)


def test_so_many_events_are_kept_for_readers_that_resume(clock, monkeypatch):
    assert (filtered_scenes.MOST_EVENTS, filtered_scenes.MOST_CHANGES) == (5_000, 50_000)
    monkeypatch.setattr(filtered_scenes, "MOST_EVENTS", 3)
    some = Scenes(clock)
    some.scenes.of(some.rights)
    born = some.seq
    for number in range(3):
        some.put("agent:1", mood=number)
    assert some.reaches(born)
    some.put("agent:1", mood=9)
    assert (some.reaches(born), some.reaches(born + 1)) == (False, True)


def test_these_events_may_have_so_many_changes_together(clock, monkeypatch):
    monkeypatch.setattr(filtered_scenes, "MOST_CHANGES", 4)
    some = Scenes(clock)
    some.put("agent:3", microdao_id="microdao:1")
    some.scenes.of(some.rights)
    born = some.seq
    some.put("agent:1", "agent:3", mood=1)
    some.put("agent:1", "agent:2", "agent:3", mood=2)  # what is hidden does not count
    assert some.reaches(born)
    some.put("agent:1", mood=3)
    assert (some.reaches(born), some.reaches(born + 1)) == (False, True)


def test_a_filtered_scene_without_viewers_goes_five_minutes_after_it_was_read(clock):
    some = Scenes(clock)
    first = some.scenes.of(some.rights)
    clock.seconds = 300
    some.put("agent:1", mood=1)
    assert some.scenes.of(some.rights) is first
    clock.seconds = 600.1
    some.put("agent:1", mood=2)
    assert some.scenes.of(some.rights) is not first


def test_a_filtered_scene_with_a_viewer_stays(clock):
    some = Scenes(clock)
    some.scenes.enter(some.rights)
    first = some.scenes.of(some.rights)
    clock.seconds = 10_000
    some.put("agent:1", mood=1)
    assert some.scenes.of(some.rights) is first
    some.scenes.leave(some.rights)
    clock.seconds = 10_300.1
    some.put("agent:1", mood=2)
    assert some.scenes.of(some.rights) is not first


def test_targets_are_collected_again_after_a_second_if_the_map_has_changed(clock):
    some = Scenes(clock)
    targets = PolicyTargets(some.fold.scene, RULES, clock)
    kind = ("read", "microdao")
    assert targets()[kind] == {"microdao:1", "microdao:2"}
    some.put("agent:3", microdao_id="microdao:3")
    clock.seconds = 0.99
    assert targets()[kind] == {"microdao:1", "microdao:2"}
    clock.seconds = 1
    assert targets()[kind] == {"microdao:1", "microdao:2", "microdao:3"}


# limits


def test_an_address_is_shut_out_at_its_limit_until_its_minute_is_over(clock):
    failures = Failures(3, clock)
    for clock.seconds in (0, 10):
        failures.note("192.0.2.7")
    assert failures.wait_seconds("192.0.2.7") == 0
    clock.seconds = 20
    failures.note("192.0.2.7")
    assert failures.wait_seconds("192.0.2.7") == 40
    clock.seconds = 59.75
    assert failures.wait_seconds("192.0.2.7") == 0.25
    clock.seconds = 60
    assert failures.wait_seconds("192.0.2.7") == 0
    failures.note("192.0.2.7")  # the first of a new minute
    assert failures.wait_seconds("192.0.2.7") == 0


def test_the_failures_of_so_many_addresses_are_counted_and_one_more_forgets_the_least_recent(clock, monkeypatch):
    assert limits.MOST_ADDRESSES == 10_000
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 2)
    failures = Failures(1, clock)
    failures.note("192.0.2.1")
    failures.note("192.0.2.2")
    assert failures.wait_seconds("192.0.2.1") == failures.wait_seconds("192.0.2.2") == 60
    failures.note("192.0.2.3")
    waits = [failures.wait_seconds(f"192.0.2.{number}") for number in (1, 2, 3)]
    assert waits == [0, 60, 60]


def test_an_address_that_goes_on_trying_is_not_forgotten(clock, monkeypatch):
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 2)
    failures = Failures(1, clock)
    failures.note("192.0.2.1")
    for number in range(2, 9):
        assert failures.wait_seconds("192.0.2.1") == 60
        failures.note(f"192.0.2.{number}")
    assert failures.wait_seconds("192.0.2.1") == 60


@pytest.mark.parametrize(
    ("other", "full"), [("2001:db8:1:2::9", True), ("2001:db8:1:3::1", False), ("::ffff:192.0.2.7", False)]
)
def test_the_64_of_an_ipv6_address_shares_its_limits(clock, other, full):
    failures, streams = Failures(1, clock), Streams(9, 1, 99)
    failures.note("2001:db8:1:2::1")
    streams.open(None, "2001:db8:1:2::1")
    assert (failures.wait_seconds(other) > 0) == full
    assert (streams.full(None, other) is not None) == full


def test_streams_are_let_in_up_to_each_limit():
    streams = Streams(2, 3, 99)
    assert streams.full("a", "1") is None
    streams.open("a", "1")
    assert streams.full("a", "2") is None
    close = streams.open("a", "1")
    assert streams.full("a", "2") == "2 streams of this actor are open"
    assert streams.full("b", "1") is None
    streams.open("b", "1")
    assert streams.full("c", "1") == "3 streams from this address are open"
    close()
    assert streams.full("a", "1") is None


def test_streams_without_an_actor_count_for_their_address_alone():
    streams = Streams(1, 3, 99)
    close = [streams.open(None, "1") for _ in range(2)]
    assert streams.full(None, "2") is None
    assert streams.full(None, "1") == "2 streams from this address are open"
    for one in close:
        one()
    assert not streams._actors
    assert not streams._addresses


def test_anonymous_streams_never_take_the_last_places_of_their_address():
    streams = Streams(9, 8, 99)
    for _ in range(6):
        assert streams.full(None, "1") is None
        streams.open(None, "1")
    assert streams.full(None, "1") == "6 streams from this address are open"
    assert streams.full("a", "1") is None


def test_anonymous_streams_never_take_the_last_places_of_all():
    streams = Streams(9, 8, 4)
    ends = [streams.open(None, address) for address in "123"]
    assert streams.full(None, "4") == "3 streams are open"
    assert streams.full("a", "4") is None
    ends.append(streams.open("a", "4"))
    assert streams.full("a", "5") == "4 streams are open"
    ends.pop()()
    assert streams.full(None, "5") == "3 streams are open"
    assert streams.full("a", "5") is None
    for end in ends:
        end()
    assert streams.full(None, "4") is None


def test_one_stream_may_be_open_however_few_there_may_be():
    for streams, text in (
        (Streams(9, 9, 1), "1 streams are"),
        (Streams(9, 1, 9), "1 streams from this address are"),
    ):
        assert streams.full(None, "1") is None
        streams.open(None, "1")
        assert streams.full(None, "1") == f"{text} open"


def test_so_many_things_may_happen_within_some_seconds_and_no_more(clock):
    pace = Pace(3, 10, clock)
    assert [pace.keeps() for _ in range(4)] == [True, True, True, False]
    clock.seconds = 9.99
    assert not pace.keeps()
    clock.seconds = 19.98
    assert pace.keeps()


def test_one_that_keeps_the_pace_is_never_stopped(clock):
    pace = Pace(3, 10, clock)
    for clock.seconds in range(0, 100, 4):
        assert pace.keeps()


def test_at_the_very_end_of_the_time_one_more_may_happen(clock):
    pace = Pace(2, 10, clock)
    assert (pace.keeps(), pace.keeps()) == (True, True)
    clock.seconds = 10
    assert pace.keeps()


def test_a_pace_of_one_remembers_one_thing(clock):
    pace = Pace(1, 10, clock)
    assert [pace.keeps(), pace.keeps()] == [True, False]
    assert len(pace._times) == 1
    clock.seconds = 20
    assert pace.keeps()
