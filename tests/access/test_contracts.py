"""The contract suites find what they are for: each of these plugins breaks one promise."""

from types import SimpleNamespace
from typing import ClassVar

import pytest
from pydantic import SecretStr

from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.auth import AccountProvider, Authenticator, PolicyEngine, Question, Tokens
from livingmap.errors import InvalidAnswer, InvalidCredential, SourceError
from livingmap.hookspecs import Reply
from livingmap.sources.settings import ServiceSettings
from livingmap.testing import AccountContract, AuthenticatorContract, PolicyContract


class Settings(ServiceSettings):
    base_url: str = "http://porter:8080"
    """Address of the porter."""
    key: SecretStr = SecretStr("hush-hush")
    """What the porter wants to hear."""


async def identify(client, credential):
    answer = await client.post("/check", credential.value)
    if not isinstance(answer, dict) or not isinstance(answer.get("owner"), str):
        raise InvalidAnswer("no owner")
    if not answer["owner"]:
        raise InvalidCredential("nobody's")
    return Identity(Actor(answer["owner"]))


async def decide(client, actor, question):
    answer = await client.post("/may", question.id)
    if not isinstance(answer, dict) or not isinstance(answer.get("yes"), bool):
        raise InvalidAnswer("neither yes nor no")
    return answer["yes"]


async def sign_in(client):
    answer = await client.post("/in", client.settings.key.get_secret_value())
    if not isinstance(answer, dict) or not isinstance(answer.get("badge"), str):
        raise InvalidAnswer("no badge")
    return Tokens(answer["badge"], 60)


class Badges(AuthenticatorContract):
    good = Credential(Scheme.BEARER, "good-badge")
    bad = Credential(Scheme.BEARER, "lost-badge")

    def __init__(self, identify=identify, **more):
        self.plugin = SimpleNamespace(
            livingmap_authenticator=lambda: Authenticator("badges", "porter", Settings, identify, **more)
        )

    def reply(self, request):
        return Reply({"owner": "oksana" if request.body == "good-badge" else ""})


class Doors(PolicyContract):
    actor = Actor("oksana")
    permitted = Question("enter", "door", "front")
    denied = Question("enter", "door", "back")

    def __init__(self, decide=decide, **more):
        self.plugin = SimpleNamespace(
            livingmap_policy=lambda: PolicyEngine("doors", "porter", Settings, decide, **more)
        )

    def reply(self, request):
        return Reply({"yes": request.body == "front"})


class Visitors(AccountContract):
    settings: ClassVar = {"key": "hush-hush"}

    def __init__(self, sign_in=sign_in, refresh=None):
        self.plugin = SimpleNamespace(
            livingmap_account=lambda: AccountProvider("visitors", "porter", Settings, sign_in, refresh)
        )

    def reply(self, request):
        return Reply({"badge": "visitor"} if request.body == "hush-hush" else {})


PROMISES = {
    contract: [name for name in dir(contract) if name.startswith("test_") and "pluggy" not in name]
    for contract in (Badges, Doors, Visitors)
}


@pytest.mark.parametrize(
    ("contract", "promise"), [(contract, name) for contract, names in PROMISES.items() for name in names]
)
def test_a_plugin_that_keeps_its_promises_passes(contract, promise):
    getattr(contract(), promise)()


def raising(error):
    async def function(client, *given):
        await client.post("/", None)
        raise error

    return function


def returning(value):
    async def function(client, *given):
        return value

    return function


async def careless_identify(client, credential):
    return Identity(Actor((await client.post("/check", credential.value))["owner"] or "anybody"))


async def trusting_identify(client, credential):
    try:
        return await identify(client, credential)
    except SourceError:
        return Identity(Actor("somebody"))


async def blaming_identify(client, credential):
    try:
        return await identify(client, credential)
    except SourceError:
        raise InvalidCredential("nobody answers") from None


async def talkative_identify(client, credential):
    raise InvalidCredential(f"{credential.value} is not good")


async def truthy_decide(client, actor, question):
    return await client.post("/may", question.id)


async def trusting_decide(client, actor, question):
    try:
        return await decide(client, actor, question)
    except SourceError:
        return True


async def denying_decide(client, actor, question):
    try:
        return await decide(client, actor, question)
    except SourceError:
        return False


async def talkative_sign_in(client):
    try:
        return await sign_in(client)
    except SourceError as error:
        raise InvalidAnswer(f"{error} for {client.settings.key.get_secret_value()}") from None


@pytest.mark.parametrize(
    ("contract", "promise"),
    [
        (Badges(careless_identify), "test_a_bad_credential_is_refused_and_not_repeated"),
        (Badges(careless_identify), "test_garbage_lets_nobody_in"),
        (Badges(trusting_identify), "test_a_dead_service_is_not_the_callers_fault"),
        (Badges(blaming_identify), "test_a_dead_service_is_not_the_callers_fault"),
        (Badges(talkative_identify), "test_a_bad_credential_is_refused_and_not_repeated"),
        (Badges(returning(None)), "test_a_good_credential_is_an_actor"),
        (Badges(returning(Identity(Actor("x")))), "test_no_text_is_a_credential_by_chance"),
        (Badges(schemes=lambda _: ()), "test_it_says_what_it_takes_without_a_secret"),
        (
            Badges(summary=lambda own: own.key.get_secret_value()),
            "test_it_says_what_it_takes_without_a_secret",
        ),
        (Badges(lambda *_: None), "test_functions_are_coroutines"),
        (Doors(truthy_decide), "test_it_says_yes_and_no"),
        (Doors(trusting_decide), "test_garbage_permits_nothing"),
        (Doors(trusting_decide), "test_a_dead_service_decides_nothing"),
        (Doors(denying_decide), "test_a_dead_service_decides_nothing"),
        (Doors(truthy_decide), "test_any_question_has_an_answer"),
        (Doors(raising(KeyError("yes"))), "test_garbage_permits_nothing"),
        (Doors(actions=frozenset({"leave"})), "test_it_knows_the_words_that_it_answers"),
        (Visitors(talkative_sign_in), "test_garbage_is_an_error_that_shows_no_secret"),
        (Visitors(raising(KeyError("badge"))), "test_garbage_is_an_error_that_shows_no_secret"),
        (Visitors(sign_in, returning(None)), "test_garbage_is_an_error_that_shows_no_secret"),
        (Visitors(returning(Tokens("visitor", 0))), "test_it_signs_in_and_refreshes"),
        (Visitors(returning(Tokens("visitor", 60, "r")), returning(None)), "test_it_signs_in_and_refreshes"),
    ],
)
def test_a_plugin_that_breaks_a_promise_fails(contract, promise):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        getattr(contract, promise)()
