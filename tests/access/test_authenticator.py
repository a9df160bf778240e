"""Authentication: what is remembered of a credential, for how long, and what is not."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from livingmap.access.authenticator import CachedAuthenticator
from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.auth import Authenticator
from livingmap.errors import InvalidAnswer, InvalidCredential, Unreachable
from livingmap.sources.settings import ServiceSettings
from tests.support.access import AuthService, running

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Porter:
    """An authenticator whose answer a test sets, with clocks that it sets."""

    def __init__(self, **settings):
        self.asked = 0
        self.says = Identity(Actor("u-1"))
        self.seconds = 0.0
        own = ServiceSettings(**{"base_url": "http://127.0.0.1:9", **settings})
        described = Authenticator("porter", "porter", ServiceSettings, self.identify)
        self.cached = CachedAuthenticator(described, own, 30, self.now, lambda: self.seconds)

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    async def identify(self, client, credential):
        self.asked += 1
        await asyncio.sleep(0)
        self.client = client
        if isinstance(self.says, BaseException):
            raise self.says
        return self.says

    async def ask(self, value="good"):
        return (await self.cached.identify(Credential(Scheme.BEARER, value))).actor.actor_id


@pytest.fixture
async def porter():
    one = Porter()
    yield one
    await one.cached.close()


async def test_a_credential_is_asked_about_once_for_many_until_its_time_is_over(porter):
    assert await asyncio.gather(*(porter.ask() for _ in range(20))) == ["u-1"] * 20
    porter.seconds = 29
    await porter.ask()
    assert porter.asked == 1
    porter.seconds = 31
    await porter.ask()
    assert porter.asked == 2


async def test_an_expiry_ends_what_is_remembered(porter):
    porter.says = Identity(Actor("u-1"), NOON + timedelta(seconds=10))
    await porter.ask()
    porter.seconds = 10
    with pytest.raises(InvalidCredential, match=r"^it has expired$"):
        await porter.ask()
    assert porter.cached.remembered(Credential(Scheme.BEARER, "good")) is None


async def test_the_owner_of_a_credential_is_remembered_without_a_question(porter):
    credential = Credential(Scheme.BEARER, "good")
    assert porter.cached.remembered(credential) is None
    await porter.ask()
    assert porter.cached.remembered(credential) == porter.says
    assert porter.cached.remembered(Credential(Scheme.SESSION, "good")) is None
    assert porter.asked == 1


async def test_a_bad_credential_is_not_asked_about_again_at_once(porter):
    porter.says = InvalidCredential("no")
    for _ in range(3):
        with pytest.raises(InvalidCredential, match="no"):
            await porter.ask()
    assert porter.asked == 1
    assert porter.cached.remembered(Credential(Scheme.BEARER, "good")) is None
    porter.seconds, porter.says = 6, Identity(Actor("u-1"))
    assert await porter.ask() == "u-1"


async def test_a_failure_of_the_service_is_not_remembered(porter):
    porter.says = Unreachable("nobody there")
    with pytest.raises(Unreachable):
        await porter.ask()
    assert porter.cached.error == "nobody there"
    porter.says = Identity(Actor("u-1"))
    assert await porter.ask() == "u-1"
    assert porter.cached.error is None


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (ValueError("good"), "porter raised ValueError"),
        (KeyError("good"), "porter raised KeyError"),
        (SystemExit("good"), "porter raised SystemExit"),
        (KeyboardInterrupt("good"), "porter raised KeyboardInterrupt"),
        (None, "porter answered with something other than an Identity"),
        ("u-1", "porter answered with something other than an Identity"),
        (Identity("u-1"), "porter answered with something other than an Identity"),
    ],
)
async def test_a_plugin_that_fails_lets_nobody_in_and_shows_no_credential(porter, wrong, expected):
    porter.says = wrong
    with pytest.raises(InvalidAnswer) as caught:
        await porter.ask()
    assert str(caught.value) == porter.cached.error == expected


@pytest.mark.parametrize("value", ["ключ", "two\nlines", "\x7f", "\udc80"])
async def test_a_credential_that_no_header_can_hold_is_bad_without_a_question(porter, value):
    assert porter.cached.remembered(Credential(Scheme.BEARER, value)) is None
    with pytest.raises(InvalidCredential, match=r"^longer than any credential, or of other characters$"):
        await porter.ask(value)
    assert porter.asked == 0


async def test_different_credentials_are_asked_about_at_once(porter):
    both = asyncio.Barrier(2)
    porter.cached._authenticator = replace(porter.cached._authenticator, identify=lambda *_: both.wait())
    async with asyncio.timeout(5):
        await asyncio.gather(*(porter.ask(value) for value in ("a", "b")), return_exceptions=True)


async def test_a_service_that_goes_and_comes_back_is_logged_once_each(porter):
    assert porter.cached.error is None
    with structlog.testing.capture_logs() as logs:
        for says in (porter.says, *map(Unreachable, ("one", "two", "three")), porter.says, porter.says):
            porter.says = says
            await asyncio.gather(porter.ask(), return_exceptions=True)
            porter.seconds += 31
    assert logs == [
        {
            "event": "callers cannot be identified for now",
            "log_level": "warning",
            "service": "porter",
            "error": "one",
        },
        {"event": "callers are identified again", "log_level": "info", "service": "porter"},
    ]


async def test_credentials_are_counted_by_what_came_of_asking_about_them(porter):
    says = (porter.says, InvalidCredential("no"), InvalidCredential("no"), Unreachable("away"), ValueError(), None)
    for number, porter.says in enumerate(says):
        await asyncio.gather(porter.ask(f"c-{number}"), return_exceptions=True)
    assert porter.cached.checks == {"accepted": 1, "refused": 2, "failed": 3}


async def test_what_a_plugin_shares_between_callers_is_asked_for_by_the_clock_of_the_map():
    async with running(AuthService()) as service:
        porter = Porter(base_url=service.base_url)
        await porter.ask()
        for porter.seconds, requests in ((0, 1), (599, 1), (600, 2)):
            await porter.client.cached("/.well-known/jwks.json")
            assert len(service.asked) == requests
        await porter.cached.close()


async def test_which_credentials_are_understood_is_a_matter_of_the_settings():
    described = Authenticator("porter", "porter", ServiceSettings, None, lambda settings: [settings.base_url])
    own = ServiceSettings(base_url="http://porter:1")
    cached = CachedAuthenticator(described, own, 30, lambda: NOON)
    assert cached.schemes == {own.base_url}
    await cached.close()


async def test_schemes_are_kept_apart(porter):
    await porter.ask()
    porter.says = replace(porter.says, actor=Actor("u-2"))
    assert (await porter.cached.identify(Credential(Scheme.API_KEY, "good"))).actor.actor_id == "u-2"


def test_a_credential_does_not_show_its_value():
    assert "hush" not in repr(Credential(Scheme.BEARER, "hush"))
