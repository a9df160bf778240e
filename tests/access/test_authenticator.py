"""Authentication: what is remembered of a credential, for how long, and what is not."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.access.authenticator import CachedAuthenticator
from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.auth import Authenticator
from livingmap.errors import InvalidAnswer, InvalidCredential, Unreachable
from livingmap.sources.settings import ServiceSettings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Porter:
    """An authenticator whose answer a test sets, with clocks that it sets."""

    def __init__(self):
        self.asked = 0
        self.says = Identity(Actor("u-1"))
        self.seconds = 0.0
        settings = ServiceSettings(base_url="http://127.0.0.1:9")
        described = Authenticator("porter", "porter", ServiceSettings, self.identify)
        self.cached = CachedAuthenticator(described, settings, 30, self.now, lambda: self.seconds)

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    async def identify(self, client, credential):
        self.asked += 1
        await asyncio.sleep(0)
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
    with pytest.raises(InvalidCredential, match="expired"):
        await porter.ask()
    assert porter.cached.remembered(Credential(Scheme.BEARER, "good")) is None


async def test_a_bad_credential_is_not_asked_about_again_at_once(porter):
    porter.says = InvalidCredential("no")
    for _ in range(3):
        with pytest.raises(InvalidCredential, match="no"):
            await porter.ask()
    assert porter.asked == 1
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


async def test_what_a_plugin_gets_wrong_lets_nobody_in_and_tells_no_credential(porter):
    for wrong in (ValueError("good"), KeyError("good"), SystemExit("good"), None, "u-1", Identity("u-1")):
        porter.says = wrong
        with pytest.raises(InvalidAnswer) as caught:
            await porter.ask()
        assert "good" not in str(caught.value)


async def test_schemes_are_kept_apart(porter):
    await porter.ask()
    porter.says = replace(porter.says, actor=Actor("u-2"))
    assert (await porter.cached.identify(Credential(Scheme.API_KEY, "good"))).actor.actor_id == "u-2"


def test_a_credential_does_not_show_its_value():
    assert "hush" not in repr(Credential(Scheme.BEARER, "hush"))
