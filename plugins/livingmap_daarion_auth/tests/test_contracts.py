"""The contracts of the authenticator, the policy engine and the account provider, with services as they answer."""

from typing import ClassVar

from livingmap.plugin import Actor, Credential, Question, Reply, Scheme
from livingmap.testing import AccountContract, AuthenticatorContract, PolicyContract
from livingmap_daarion_auth import plugin
from tests.support.access import SECRET, AuthService, PolicyService, token

ACTOR = Actor("u-1", "human", ("microdao:7",), ("user",))


class Answered:
    """A contract whose service is one of those that the other tests ask over the network."""

    service = AuthService()

    def reply(self, request):
        status, body = self.service.answer(request.path, request.body, request.headers)
        return Reply(body, status)


class TestIntrospection(Answered, AuthenticatorContract):
    plugin = plugin
    good = Credential(Scheme.BEARER, token())
    bad = Credential(Scheme.BEARER, token(seconds=-60))


class TestSharedSecret(TestIntrospection):
    settings: ClassVar = {"secret": SECRET}


class TestPolicy(Answered, PolicyContract):
    plugin = plugin
    actor = ACTOR
    permitted = Question("read", "microdao", "microdao:7")
    denied = Question("read", "microdao", "microdao:8")
    service = PolicyService()
    service.allow("u-1", "microdao:7")


class TestAccount(Answered, AccountContract):
    plugin = plugin
    settings: ClassVar = {"email": "map@example.org", "password": "correct-horse-1"}
