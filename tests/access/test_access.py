"""Access: who is let in, with which rights, and with what reason everybody else is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.access.access import Access, AccessState, Admission, address_of
from livingmap.access.authenticator import CachedAuthenticator
from livingmap.access.decisions import Decisions, PolicyState
from livingmap.access.denied import (
    AUTH_UNAVAILABLE,
    FORBIDDEN,
    POLICY_UNAVAILABLE,
    TOO_MANY_FAILURES,
    TOO_MANY_STREAMS,
    UNAUTHENTICATED,
    Denied,
)
from livingmap.access.memberships import Memberships
from livingmap.access.policy import Policies
from livingmap.access.settings import AuthSettings
from livingmap.access.view import EVERYTHING, Rights, View
from livingmap.core.actor import ANONYMOUS, Actor, Credential, Identity, Scheme
from livingmap.core.auth import Authenticator, MembershipLookup, PolicyEngine
from livingmap.errors import InvalidCredential, Unreachable
from livingmap.sources.settings import ServiceSettings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SERVICE = ServiceSettings(base_url="http://porter:1")
EXPIRING = Credential(Scheme.BEARER, "expiring")
ANN = Credential(Scheme.BEARER, "ann")
BAD = Credential(Scheme.BEARER, "bad")
KNOWN = Rights(reports=False)
MAY_READ = [{"type": "map", "id": "whole"}]


class Entrance:
    """Access to a map whose authenticator takes a token for its owner's name, on a clock that a test sets."""

    def __init__(
        self, *, authenticated=True, permits=None, members=None, schemes=(Scheme.BEARER,), streams=99, **settings
    ):
        self.seconds = 0.0
        self.members = members
        self.identified = []
        self.porter_is_away = self.engine_is_away = False
        self.permits = permits
        auth = AuthSettings(mode="porter", **settings)
        engine = PolicyEngine("judge", "judge", ServiceSettings, self._decide)
        decisions = Decisions(engine, auth.pdp, SERVICE, self._clock) if permits is not None else None
        plugin = Authenticator("porter", "porter-service", ServiceSettings, self._identify, lambda _: schemes)
        cached = CachedAuthenticator(plugin, SERVICE, auth.ttl_seconds, self._now, self._clock)
        lookup = MembershipLookup((), self._complete)
        memberships = Memberships(lookup, {}, 60, self._clock) if members is not None else None
        policies = Policies(auth, ["agents", "city"], dict, decisions, None, memberships)
        checked_by = cached if authenticated else None
        self.access = Access(auth, checked_by, policies, self._now, self._clock, most_streams=streams)

    def _clock(self):
        return self.seconds

    def _now(self):
        return NOON + timedelta(seconds=self.seconds)

    async def _identify(self, client, credential):
        self.identified.append(credential.value)
        if self.porter_is_away:
            raise Unreachable("http://porter:1 is away")
        if credential.value == "bad":
            raise InvalidCredential("no such token")
        roles = ("admin",) if credential.value == "root" else ()
        expires_at = NOON + timedelta(seconds=50) if credential.value == "expiring" else None
        return Identity(Actor(credential.value, roles=roles), expires_at)

    async def _decide(self, client, actor, question):
        if self.engine_is_away:
            raise Unreachable("http://judge:1 is away")
        return (actor.actor_id, question.id) in self.permits

    async def _complete(self, clients, actor, credential):
        return replace(actor, memberships=self.members[credential])

    async def denial(self, credential, address=None):
        with pytest.raises(Denied) as caught:
            await self.access.admit(credential, address)
        return caught.value.reason, str(caught.value), caught.value.retry_seconds

    async def close(self):
        await self.access.close()


@pytest.fixture
async def entrance():
    built = []

    def build(**given):
        built.append(Entrance(**given))
        return built[-1]

    yield build
    for one in built:
        await one.close()


async def test_without_an_authenticator_everybody_reads_everything(entrance):
    access = entrance(authenticated=False, streams_per_address=1, streams=4).access
    assert (access.is_open, access.needs_credential, access.state) == (True, False, None)
    assert access.credential({"authorization": "Basic x"}) is None
    everybody = Admission(ANONYMOUS, EVERYTHING)
    assert access.remembered(None) == await access.admit(None, "192.0.2.7") == everybody
    for _ in range(4):
        access.open_stream(everybody, "192.0.2.7")
    with pytest.raises(Denied, match=r"^4 streams from this address are open; close one first$"):
        access.open_stream(everybody, "192.0.2.7")
    await access.close()


@pytest.mark.parametrize(
    ("public_mode", "rights"), [("summary", Rights(summary=True, reports=False)), ("full", KNOWN)]
)
async def test_anonymous_callers_get_what_the_public_mode_says(entrance, public_mode, rights):
    access = entrance(public_mode=public_mode).access
    assert not access.is_open
    assert not access.needs_credential
    assert await access.admit(None, "192.0.2.7") == Admission(ANONYMOUS, rights)
    assert access.remembered(None) is None


async def test_anonymous_callers_are_refused_if_the_map_is_not_public(entrance):
    one = entrance()
    assert one.access.needs_credential
    expected = (UNAUTHENTICATED, "this map is read with a token: Authorization: Bearer …", None)
    assert await one.denial(None) == expected


async def test_a_caller_is_let_in_with_its_rights_until_its_credential_expires(entrance):
    access = entrance().access
    assert await access.admit(ANN, None) == Admission(Actor("ann"), KNOWN, ANN, None)
    admission = Admission(Actor("expiring"), KNOWN, EXPIRING, NOON + timedelta(seconds=50))
    assert await access.admit(EXPIRING, None) == admission
    root = Credential(Scheme.BEARER, "root")
    assert (await access.admit(root, None)).rights == EVERYTHING


async def test_an_admission_is_remembered_while_identity_and_rights_are(entrance):
    one = entrance()
    assert one.access.remembered(EXPIRING) is None
    admission = await one.access.admit(EXPIRING, None)
    assert one.access.remembered(EXPIRING) == admission
    assert one.access.remembered(ANN) is None
    one.seconds = 1
    assert one.access.remembered(EXPIRING) is None
    await one.access.admit(EXPIRING, None)
    assert one.access.remembered(EXPIRING) == admission
    assert one.identified == ["expiring"]


async def test_a_bad_credential_is_refused_with_its_reason(entrance):
    assert await entrance().denial(BAD) == (UNAUTHENTICATED, "the credential is not good: no such token", None)


async def test_an_address_with_too_many_bad_credentials_is_refused_except_for_those_that_are_remembered(entrance):
    one = entrance(failures_per_minute=2)
    await one.access.admit(ANN, "192.0.2.7")
    for _ in range(2):
        assert (await one.denial(BAD, "192.0.2.7"))[0] == UNAUTHENTICATED
    one.seconds = 0.5
    expected = (TOO_MANY_FAILURES, "too many bad credentials came from your address", 60)
    assert await one.denial(EXPIRING, "192.0.2.7") == expected
    assert (await one.denial(BAD, "192.0.2.8"))[0] == UNAUTHENTICATED
    await one.access.admit(ANN, "192.0.2.7")
    one.seconds = 60
    newcomer = Credential(Scheme.BEARER, "bo")
    assert (await one.access.admit(newcomer, "192.0.2.7")).actor == Actor("bo")


async def test_bad_credentials_of_no_address_shut_nobody_out(entrance):
    one = entrance(failures_per_minute=1)
    for address in (None, None, "", None):
        assert (await one.denial(BAD, address))[0] == UNAUTHENTICATED


async def test_while_the_authenticator_is_away_a_caller_is_asked_to_try_again(entrance):
    one = entrance()
    one.porter_is_away = True
    expected = (AUTH_UNAVAILABLE, "porter-service cannot tell now who you are; try again in a moment", 5)
    assert await one.denial(ANN, "192.0.2.7") == expected
    assert one.access.state == AccessState("porter", "porter-service", "http://porter:1 is away", None)


async def test_a_caller_whom_the_policies_do_not_let_read_is_refused(entrance):
    one = entrance(permits={("expiring", "whole")}, pdp={"enabled": True, "map": MAY_READ})
    assert (await one.access.admit(EXPIRING, None)).rights == KNOWN
    assert await one.denial(ANN) == (FORBIDDEN, "the policies do not let you read the map", None)
    assert one.access.state == AccessState(
        "porter", "porter-service", None, PolicyState("http://porter:1", 2, 1, 1)
    )


async def test_a_caller_is_shown_what_its_own_credential_says_that_it_belongs_to(entrance):
    members = {ANN: frozenset({"microdao:1"}), EXPIRING: frozenset({"microdao:2"})}
    one = entrance(permits={("ann", "whole"), ("expiring", "whole")}, members=members, pdp={"enabled": True})
    for credential, of in members.items():
        assert (await one.access.admit(credential, None)).rights == KNOWN._replace(memberships=of)


async def test_while_the_policy_engine_is_away_a_caller_is_asked_to_try_again(entrance):
    one = entrance(permits={("ann", "whole")}, pdp={"enabled": True, "map": MAY_READ})
    one.engine_is_away = True
    text = "whether you may read the map cannot be decided now; try again in a moment"
    assert await one.denial(ANN) == (POLICY_UNAVAILABLE, text, 5)


async def test_a_reader_stays_until_its_credential_expires(entrance):
    one = entrance(ttl_seconds=100)
    admission = await one.access.admit(EXPIRING, None)
    one.seconds = 49.9
    assert await one.access.renew(admission) == admission
    one.seconds = 50
    with pytest.raises(Denied, match=r"^the token has expired$") as caught:
        await one.access.renew(admission)
    assert caught.value.reason == UNAUTHENTICATED
    assert one.identified == ["expiring"]


async def test_a_reader_that_stays_is_not_counted_against_its_address(entrance):
    one = entrance(failures_per_minute=1)
    admission = await one.access.admit(ANN, "192.0.2.7")
    assert await one.access.renew(admission) == admission
    for _ in range(2):
        with pytest.raises(Denied) as caught:
            await one.access.renew(Admission(Actor("ann"), KNOWN, BAD))
        assert caught.value.reason == UNAUTHENTICATED


async def test_an_actor_opens_so_many_streams_until_one_ends(entrance):
    access = entrance(streams_per_actor=1, streams_per_address=3, public_mode="full").access
    ann, anybody = await access.admit(ANN, None), await access.admit(None, None)
    close = access.open_stream(ann, "192.0.2.7")
    with pytest.raises(Denied, match=r"^1 streams of this actor are open; close one first$") as caught:
        access.open_stream(ann, "192.0.2.8")
    assert (caught.value.reason, caught.value.retry_seconds) == (TOO_MANY_STREAMS, 5)
    for address in ("192.0.2.8", "192.0.2.8", "192.0.2.7"):  # anonymous callers are many, and have addresses alone
        access.open_stream(anybody, address)
    with pytest.raises(Denied, match=r"^2 streams from this address are open; close one first$"):
        access.open_stream(anybody, "192.0.2.7")
    close()
    access.open_stream(ann, "192.0.2.7")


@pytest.mark.parametrize(
    ("ttl_seconds", "policy_ttl_seconds", "expected"),
    [(30, None, 5), (8, None, 4), (30, 6, 3), (4, 6, 2), (30, 30, 5), (30, 0.4, 0.2)],
)
async def test_readers_are_looked_at_again_at_half_of_the_shortest_time_and_every_five_seconds(
    entrance, ttl_seconds, policy_ttl_seconds, expected
):
    pdp = {"enabled": policy_ttl_seconds is not None, "ttl_seconds": policy_ttl_seconds or 1}
    permits = None if policy_ttl_seconds is None else set()
    assert entrance(ttl_seconds=ttl_seconds, pdp=pdp, permits=permits).access.recheck_seconds == expected


async def test_only_credentials_that_the_authenticator_takes_are_looked_at(entrance):
    headers = {"x-api-key": "k", "cookie": "session=s"}
    assert entrance().access.credential(headers) is None
    assert entrance(schemes=[Scheme.API_KEY]).access.credential(headers) == Credential(Scheme.API_KEY, "k")
    assert entrance(schemes=[Scheme.SESSION]).access.credential(headers) == Credential(Scheme.SESSION, "s")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [({"client": ("192.0.2.7", 4711)}, "192.0.2.7"), ({"client": None}, ""), ({}, "")],
)
def test_the_address_is_the_one_that_the_server_reports(scope, expected):
    assert address_of(scope) == expected


@pytest.mark.parametrize(
    ("reason", "retry_seconds", "expected"),
    [
        (FORBIDDEN, None, {}),
        (UNAUTHENTICATED, None, {"www-authenticate": 'Bearer realm="livingmap"'}),
        (TOO_MANY_STREAMS, 5, {"retry-after": "5"}),
        (TOO_MANY_STREAMS, 0, {"retry-after": "0"}),
    ],
)
def test_a_refusal_says_how_to_come_in_and_is_not_cached(reason, retry_seconds, expected):
    assert Denied(reason, "no", retry_seconds).headers == {"cache-control": "no-store"} | expected


def test_a_view_wants_the_layers_that_it_names_or_all():
    assert View().wants("city")
    assert [View(("city", "agents")).wants(name) for name in ("city", "agents", "dao")] == [True, True, False]
