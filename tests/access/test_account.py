"""The map's own account: signed in once, refreshed in time, and never shown."""

import asyncio

import pytest

from livingmap.errors import RequestRejected, SourceError, Unreachable
from livingmap.sources import account
from livingmap.sources.account import Account
from livingmap.sources.settings import SourceSettings
from livingmap_daarion_auth.account import DaarionAccount
from livingmap_daarion_auth.plugin import livingmap_account
from tests.support.access import LIES, AuthService, JsonService, running
from tests.support.maps import living_map, poll

PASSWORD = "correct-horse-1"


@pytest.fixture
async def service():
    async with running(AuthService()) as one:
        yield one


@pytest.fixture
async def build(service, clock, monkeypatch):
    made = []
    monkeypatch.setattr(account, "_PAUSE_SECONDS", 0.0)

    def account_of(**given):
        given = {"email": "map@example.org", "password": PASSWORD, **given}
        settings = DaarionAccount(base_url=service.base_url, timeout_seconds=20, **given)
        made.append(Account(livingmap_account(), settings, clock))
        return made[-1]

    yield account_of
    for one in made:
        await one.close()


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def asked(service):
    return [path.rpartition("/")[2] for path, _ in service.asked]


async def test_many_requests_that_need_a_token_sign_in_once(build, service):
    one = build()
    tokens = set(await asyncio.gather(*(one.bearer() for _ in range(10))))
    assert (len(tokens), asked(service)) == (1, ["login"])


async def test_a_token_is_refreshed_before_it_ends_and_each_refresh_token_is_used_once(build, service, clock):
    one = build()
    tokens = [await one.bearer()]
    for clock.seconds in (1439, 1441, 1441 + 1439, 1441 + 1441):
        tokens.append(await one.bearer())
    assert asked(service) == ["login", "refresh", "refresh"]
    assert tokens[0] == tokens[1] != tokens[2] == tokens[3] != tokens[4]


async def test_a_refusal_to_refresh_signs_in_anew(build, service, clock):
    one = build()
    await one.bearer()
    service._refresh.clear()
    clock.seconds = 1700
    await one.bearer()
    assert asked(service) == ["login", "refresh", "login"]


async def test_the_old_token_is_used_while_the_service_is_away(build, service, clock):
    one = build()
    first = await one.bearer()
    clock.seconds = 1700
    service.mode = "500"
    assert await one.bearer() == first
    service.mode = "well"
    assert await one.bearer() != first


@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_without_a_token_is_an_error_and_the_next_answer_counts(build, service, lie):
    one = build()
    service.mode = lie
    with pytest.raises(SourceError) as caught:
        await one.bearer()
    assert PASSWORD not in str(caught.value)
    service.mode = "well"
    assert await one.bearer()


async def test_a_wrong_password_is_an_error_that_does_not_show_it(build):
    with pytest.raises(RequestRejected, match="401") as caught:
        await build(password="wrong-horse-9").bearer()
    assert "wrong-horse-9" not in str(caught.value)


async def test_a_password_from_a_file(build, tmp_path):
    file = tmp_path / "password"
    one = build(password=None, password_file=file)
    with pytest.raises(SourceError, match="password_file"):
        await one.bearer()
    file.write_text(PASSWORD + "\n")
    assert await one.bearer()


async def test_a_service_that_cannot_be_reached_is_an_error(build, service):
    await service.kill()
    with pytest.raises(Unreachable):
        await build().bearer()


def test_an_account_has_one_password_and_a_source_one_token():
    with pytest.raises(ValueError, match="password or password_file"):
        DaarionAccount(email="a@b")
    with pytest.raises(ValueError, match="account or a token"):
        SourceSettings(base_url="http://x", account=True, token="t")


class Guarded(JsonService):
    """A service that wants a token; ``revoked`` ones are refused."""

    def __init__(self):
        super().__init__()
        self.shown = []
        self.revoked = set()

    def answer(self, path, body, headers):
        self.shown.append(headers.get("authorization", ""))
        if self.shown[-1] in {"", *self.revoked}:
            return 401, {"detail": "Invalid or expired token"}
        return 200, []


async def test_a_source_with_the_account_sends_its_token_and_gets_another_when_that_is_refused(service, tmp_path):
    async with running(Guarded()) as guarded:
        sources = {"dao": {"base_url": guarded.base_url, "account": True, "retries": 0}}
        account = {"base_url": service.base_url, "email": "map@example.org", "password": PASSWORD}
        async with living_map(tmp_path, sources, auth={"account": account}) as living:
            first = guarded.shown[-1]
            assert first.startswith("Bearer ey")
            guarded.revoked.add(first)
            await poll(living)
            assert living.pollers["dao"].state.error
            assert first.removeprefix("Bearer ") not in living.pollers["dao"].state.error
            await poll(living)
            assert guarded.shown[-1] not in ("", first)
            assert living.pollers["dao"].state.error is None
    assert asked(service) == ["login", "refresh"]
