"""Policy engines and account providers as plugins: found by name or file, validated, asked, and never trusted."""

import httpx
import pytest

from livingmap.access.decisions import Decisions
from livingmap.access.settings import PolicySettings
from livingmap.config.loading import load
from livingmap.core.actor import Actor
from livingmap.core.auth import AccountProvider, PolicyEngine, Question, Tokens
from livingmap.errors import ConfigError, InvalidAnswer, SourceError
from livingmap.sources import plugin_import
from livingmap.sources.account import Account
from livingmap.sources.settings import ServiceSettings
from tests.stream.conftest import served
from tests.support.access import SECRET, token
from tests.support.maps import living_map

RULES = '''
"""house: decides from a list in the YAML."""
from livingmap.plugin import PolicyEngine, ServiceSettings, hookimpl

class Settings(ServiceSettings):
    base_url: str = "http://house:1"
    doors: dict[str, tuple[str, ...]] = {}

async def decide(client, actor, question):
    return question.id in client.settings.doors.get(actor.actor_id, ())

@hookimpl
def livingmap_policy():
    return PolicyEngine("house", "house", Settings, decide, frozenset({"enter", "read"}), frozenset({"door"}))
'''
VISITORS = """
from livingmap.plugin import AccountProvider, ServiceSettings, Tokens, hookimpl
from pydantic import SecretStr

class Settings(ServiceSettings):
    base_url: str = "http://house:1"
    key: SecretStr

async def sign_in(client):
    return Tokens("badge-" + client.settings.key.get_secret_value(), 60)

@hookimpl
def livingmap_account():
    return AccountProvider("visitors", "house", Settings, sign_in)
"""
ALICE = Actor("alice")
FRONT = Question("enter", "door", "door:front")
OWN = ServiceSettings(base_url="http://house:1", concurrency=2)


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house.py").write_text(RULES)
    (tmp_path / "visitors.py").write_text(VISITORS)

    def written(auth):
        file = tmp_path / "map.yaml"
        file.write_text(f"auth: {auth}\nsources: {{usage: {{mock: true}}}}\n")
        return file

    return written


def faults(file):
    with pytest.raises(ConfigError) as caught:
        load(file)
    return "\n".join(caught.value.lines())


def house(rules="", **more):
    extra = "".join(f", {name}: {value}" for name, value in more.items())
    return f"{{mode: daarion, pdp: {{enabled: true, engine: house, module: ./house.py{extra}{rules}}}}}"


# configuration


def test_the_engine_of_an_installed_plugin_needs_no_name(write):
    policy = load(write("{mode: daarion, pdp: {enabled: true}}")).access.policy
    assert (policy.plugin.name, policy.settings.base_url) == ("daarion", "http://pdp-service:7012")


def test_an_engine_in_a_file_has_settings_of_its_own_beside_those_of_the_host(write):
    config = load(write(house(doors="{alice: [door:front]}", ttl_seconds=7)))
    assert (config.auth.pdp.ttl_seconds, config.access.policy.settings.doors) == (7, {"alice": ("door:front",)})


def test_an_engine_that_is_not_enabled_is_not_loaded(write):
    assert load(write("{mode: daarion, pdp: {enabled: false, ttl_seconds: 7}}")).access.policy is None


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (
            house(", map: [{type: dor, id: x}]"),
            "auth.pdp.map.0.type: house does not know 'dor'; did you mean door?",
        ),
        (
            house(", items: [{types: [agent], field: id, type: door, action: leave}]"),
            "auth.pdp.items.0.action: house does not know 'leave' (there are: enter, read)",
        ),
        (house(dors="{}"), "auth.pdp.dors: no such setting; did you mean doors?"),
        ("{mode: daarion, pdp: {enable: true}}", "auth.pdp.enable: no such setting; did you mean enabled?"),
        ("{mode: daarion, pdp: {enabled: true, engine: hous}}", "auth.pdp.engine: hous: no such plugin"),
        (
            "{mode: daarion, pdp: {enabled: true, engine: other, module: ./house.py}}",
            "describes the policy engine 'house'; name it so in auth.pdp.engine",
        ),
        ("{account: {provider: visitors, module: ./visitors.py}}", "auth.account.key: Field required"),
        ("{account: {provider: visitors}}", "auth.account.provider: visitors: no such plugin"),
        ("{account: {emial: a, password: hush}}", "auth.account.emial: no such setting; did you mean email?"),
    ],
)
def test_a_setting_that_an_engine_or_a_provider_does_not_have_is_a_fault_with_its_place(write, auth, expected):
    report = faults(write(auth))
    assert expected in report
    assert "hush" not in report


def test_an_engine_may_not_take_a_setting_of_the_host(write, tmp_path):
    (tmp_path / "house.py").write_text(RULES.replace("doors:", "items:"))
    assert "its settings have names that are the host's: items" in faults(write(house()))


@pytest.mark.parametrize(("names", "expected"), [(["a", "b"], "several are installed (a, b)"), ([], "none is")])
def test_without_a_name_there_has_to_be_one_engine(write, names, expected, monkeypatch):
    monkeypatch.setattr("livingmap.sources.registry.installed", lambda _: {key: [] for key in names})
    assert f"no policy engine is named, and {expected}" in faults(write("{mode: none, pdp: {ttl_seconds: 7}}"))


def test_the_environment_sets_what_a_plugin_reads_and_what_the_host_reads(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_AUTH__PDP__TIMEOUT_SECONDS", "3")
    monkeypatch.setenv("LIVINGMAP_AUTH__PDP__TTL_SECONDS", "9")
    monkeypatch.setenv("LIVINGMAP_AUTH__PDP__MAP", '[{"type": "usage", "id": "network"}]')
    monkeypatch.setenv("LIVINGMAP_AUTH__ACCOUNT__PASSWORD", "hush")
    config = load(write("{mode: daarion, pdp: {enabled: true}, account: {email: a}}"))
    assert config.access.policy.settings.timeout_seconds == 3
    assert (config.auth.pdp.ttl_seconds, config.auth.pdp.map[0].id) == (9, "network")
    assert config.access.account.settings.secret() == "hush"
    assert "hush" not in repr(config)


# on a map


async def test_an_engine_in_a_file_decides_what_is_on_the_map(tmp_path):
    (tmp_path / "house.py").write_text(RULES)
    names = ("microdao", "city")
    rules = [{"types": ["microdao"], "field": "id", "type": "door", "action": "enter"}]
    pdp = {"enabled": True, "engine": "house", "module": "./house.py", "items": rules}
    async with living_map(tmp_path, {name: {"mock": True} for name in names}, mock={"microdaos": 3}) as everything:
        [mine, *others] = sorted(everything.fold.scene.items("city", "items"))
    auth = {"mode": "daarion", "authenticator": {"secret": SECRET}, "pdp": {**pdp, "doors": {"u-1": [mine]}}}
    sources = {name: {"mock": True} for name in names}
    async with (
        living_map(tmp_path, sources, mock={"microdaos": 3}, auth=auth) as living,
        served(living) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        for actor, shown in (("u-1", [mine]), ("u-2", [])):
            headers = {"authorization": f"Bearer {token(actor)}"}
            layers = (await client.get("/living-map/snapshot", headers=headers)).json()["layers"]
            assert [item["id"] for item in layers["city"]["items"]] == shown
        assert others


# what plugins get wrong


async def wrong_answer(value):
    if isinstance(value, BaseException):
        raise value
    return value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ValueError("boom"), "house raised ValueError: boom"),
        (SystemExit(1), "house raised SystemExit: 1"),
        (KeyboardInterrupt("no"), "house raised KeyboardInterrupt: no"),
        (None, "it returned None"),
        (1, "it returned 1"),
        ("yes", "it returned 'yes'"),
    ],
)
async def test_an_engine_that_does_not_answer_yes_or_no_permits_nothing(answer, error):
    engine = PolicyEngine("house", "house", ServiceSettings, lambda *_: wrong_answer(answer))
    decisions = Decisions(engine, PolicySettings(enabled=True), OWN)
    assert await decisions.permitted(ALICE, [FRONT]) == (set(), False)
    assert error in decisions.state.error
    await decisions.close()


@pytest.mark.parametrize(
    "answer",
    [
        KeyError("hush"),
        SystemExit("hush"),
        KeyboardInterrupt("hush"),
        None,
        "hush",
        Tokens("", 60),
        Tokens("with a space", 60),
        Tokens("téléphone", 60),
        Tokens(7, 60),
        Tokens("good", float("nan")),
        Tokens("good", "soon"),
        Tokens("good", 60, None),
    ],
    ids=repr,
)
async def test_what_is_not_a_token_is_an_error_that_shows_no_secret(answer):
    provider = AccountProvider("visitors", "house", ServiceSettings, lambda _: wrong_answer(answer))
    account = Account(provider, OWN)
    with pytest.raises(InvalidAnswer) as caught:
        await account.bearer()
    assert "hush" not in str(caught.value)
    await account.close()


async def test_a_provider_without_refresh_signs_in_again():
    given, seconds = iter(["one", "two"]), 0.0

    async def sign_in(_):
        return Tokens(next(given), 60, "unused")

    account = Account(AccountProvider("visitors", "house", ServiceSettings, sign_in), OWN, lambda: seconds)
    assert await account.bearer() == "one"
    seconds = 48.5  # less than a fifth of its life is left
    assert await account.bearer() == "two"
    await account.close()


async def test_a_token_that_has_ended_already_is_an_error():
    account = Account(AccountProvider("v", "house", ServiceSettings, lambda _: wrong_answer(Tokens("x", 0))), OWN)
    with pytest.raises(SourceError, match="house gave a token that has expired"):
        await account.bearer()
    await account.close()


def test_secrets_are_in_no_repr():
    assert "hush" not in repr(Tokens("hush", 60, "hush"))


def test_each_kind_of_plugin_is_listed():
    for group in ("livingmap.authenticators", "livingmap.policies", "livingmap.accounts"):
        assert list(plugin_import.installed(group)) == ["daarion"]
