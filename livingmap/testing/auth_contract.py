"""The contract suites of access control: of authenticators, policy engines and account providers."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, Final, TypeVar

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.auth import AccountProvider, AuthClient, Authenticator, PolicyEngine, Question, Tokens
from livingmap.core.model import Json
from livingmap.errors import InvalidCredential, SourceError
from livingmap.hookspecs import Reply, Request
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings
from livingmap.testing.contract import plugin_manager
from livingmap.testing.garbage import GARBAGE, PATIENT

T = TypeVar("T")

_DEAD: Final = Reply(b"Internal Server Error", 500)
_QUESTION: Final = st.builds(Question, st.text(max_size=8), st.text(max_size=8), st.text(max_size=20))


class _Contract:
    """What all plugins of access control keep. A subclass says how the service answers in ``reply``."""

    plugin: ModuleType
    """The module that holds the hook."""
    settings: Mapping[str, Json] = MappingProxyType({})
    """What the plugin's section of the YAML has to hold, beside what has a default."""
    hook: str

    def reply(self, request: Request) -> Reply | None:  # noqa: ARG002 - for subclasses
        """Answer a request as the service does; None is a 404. A plugin that asks nobody needs none."""
        return None

    @property
    def described(self) -> Any:
        """What the plugin describes."""
        return getattr(self.plugin, self.hook)()

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The functions that the host awaits."""
        raise NotImplementedError

    def ask(self, ask: Callable[[AuthClient], Awaitable[T]], answer: Reply | None = None) -> T:
        """Return what comes of ``ask``, with the service's own answers or always the same."""

        async def asked() -> T:
            own = self.described.settings(**{"retries": 0, **self.settings})
            client = ServiceClient("auth.contract", own, stub=lambda one: answer or self.reply(one))
            try:
                return await ask(client)
            finally:
                await client.close()

        return asyncio.run(asked())

    def shows_no_secret(self, text: str) -> bool:
        """Tell whether none of the secrets in the settings is in ``text``."""
        own = self.described.settings(**self.settings)
        values = (getattr(own, name) for name in type(own).model_fields)
        return not any(isinstance(one, SecretStr) and one.get_secret_value() in text for one in values)

    def test_pluggy_takes_the_plugin(self) -> None:
        """The plugin registers and every hook it implements exists."""
        assert getattr(plugin_manager(self.plugin).hook, self.hook)() == [self.described]

    def test_the_plugin_describes_itself(self) -> None:
        """Name, service and settings are there; the settings have a default address and docstrings."""
        described = self.described
        assert described.name.isidentifier()
        assert described.service
        assert issubclass(described.settings, ServiceSettings)
        assert str(described.settings.model_fields["base_url"].default).startswith("http")
        for name, info in described.settings.model_fields.items():
            assert info.description, f"setting {name} has no docstring"

    def test_functions_are_coroutines(self) -> None:
        """What the host awaits is async."""
        for function in self.functions:
            assert inspect.iscoroutinefunction(function), function


class AuthenticatorContract(_Contract):
    """The contract suite of an authenticator."""

    hook = "livingmap_authenticator"
    good: Credential
    """A credential that the service knows."""
    bad: Credential
    """A credential of the same kind that is not good, of at least eight characters."""

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The functions that the host awaits."""
        return [self.described.identify]

    def identified(self, credential: Credential, answer: Reply | None = None) -> Identity | Exception:
        """Return whose a credential is, or why that is not said."""
        authenticator: Authenticator = self.described
        try:
            return self.ask(lambda client: authenticator.identify(client, credential), answer)
        except (InvalidCredential, SourceError) as error:
            return error

    def test_it_says_what_it_takes_without_a_secret(self) -> None:
        """The schemes are known ones, and the summary for ``livingmap check`` shows no secret."""
        own = self.described.settings(**self.settings)
        schemes = list(self.described.schemes(own))
        assert self.good.scheme in schemes
        assert all(isinstance(scheme, Scheme) for scheme in schemes)
        assert self.shows_no_secret(self.described.summary(own))

    def test_a_good_credential_is_an_actor(self) -> None:
        """The owner of a good credential has an id."""
        identity = self.identified(self.good)
        assert isinstance(identity, Identity), identity
        assert identity.actor.actor_id

    def test_a_bad_credential_is_refused_and_not_repeated(self) -> None:
        """The message for the caller does not hold the credential."""
        error = self.identified(self.bad)
        assert isinstance(error, InvalidCredential), error
        assert self.bad.value not in str(error)

    def test_a_dead_service_is_not_the_callers_fault(self) -> None:
        """A 500 lets no bad credential in, and does not call a good one bad."""
        assert not isinstance(self.identified(self.good, _DEAD), InvalidCredential)
        assert not isinstance(self.identified(self.bad, _DEAD), Identity)

    @PATIENT
    @given(body=GARBAGE)
    def test_garbage_lets_nobody_in(self, body: Json) -> None:
        """Whatever JSON the service answers, a bad credential is not good, and nothing else is raised."""
        assert not isinstance(self.identified(self.bad, Reply(body)), Identity)

    @PATIENT
    @given(value=st.text(max_size=40))
    def test_no_text_is_a_credential_by_chance(self, value: str) -> None:
        """Whatever text a caller shows, it is not let in, and nothing else is raised."""
        if value != self.good.value:
            assert not isinstance(self.identified(Credential(self.good.scheme, value)), Identity)


class PolicyContract(_Contract):
    """The contract suite of a policy engine."""

    hook = "livingmap_policy"
    actor: Actor
    permitted: Question
    """What ``actor`` may."""
    denied: Question
    """What ``actor`` may not."""

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The functions that the host awaits."""
        return [self.described.decide]

    def decided(self, question: Question, answer: Reply | None = None) -> bool | SourceError:
        """Return what the engine decides, or why it does not."""
        engine: PolicyEngine = self.described
        try:
            return self.ask(lambda client: engine.decide(client, self.actor, question), answer)
        except SourceError as error:
            return error

    def test_it_says_yes_and_no(self) -> None:
        """A permission is True and a denial False, not something that is true or false."""
        assert self.decided(self.permitted) is True
        assert self.decided(self.denied) is False

    def test_it_knows_the_words_that_it_answers(self) -> None:
        """The actions and types of resource that rules may name have those of the examples."""
        for words, used in (
            (self.described.actions, {self.permitted.action, self.denied.action}),
            (self.described.resources, {self.permitted.type, self.denied.type}),
        ):
            assert words is None or used <= words

    def test_a_dead_service_decides_nothing(self) -> None:
        """A 500 permits nothing, and is not a denial, which would be remembered."""
        assert self.decided(self.permitted, _DEAD) is not False
        assert self.decided(self.denied, _DEAD) is not True

    @PATIENT
    @given(body=GARBAGE)
    def test_garbage_permits_nothing(self, body: Json) -> None:
        """Whatever JSON the service answers, what is denied is not permitted, and nothing else is raised."""
        assert self.decided(self.denied, Reply(body)) is not True

    @PATIENT
    @given(question=_QUESTION)
    def test_any_question_has_an_answer(self, question: Question) -> None:
        """Whatever is asked, the answer is True, False or an error that the host expects."""
        assert isinstance(self.decided(question), bool | SourceError)


class AccountContract(_Contract):
    """The contract suite of an account provider."""

    hook = "livingmap_account"

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The functions that the host awaits."""
        return [one for one in (self.described.sign_in, self.described.refresh) if one is not None]

    def signed_in(self, answer: Reply | None = None) -> Tokens | SourceError:
        """Return what signing in gives, or why it does not."""
        provider: AccountProvider = self.described
        try:
            return self.ask(provider.sign_in, answer)
        except SourceError as error:
            return error

    def refreshed(self, token: str, answer: Reply | None = None) -> Tokens | SourceError:
        """Return what a refresh token gives, or why it does not."""
        provider: AccountProvider = self.described
        assert provider.refresh is not None
        refresh = provider.refresh
        try:
            return self.ask(lambda client: refresh(client, token), answer)
        except SourceError as error:
            return error

    def test_it_signs_in_and_refreshes(self) -> None:
        """Signing in gives a token that lasts; so does its refresh token, if the provider refreshes."""
        tokens = self.signed_in()
        assert isinstance(tokens, Tokens), tokens
        assert tokens.access
        assert tokens.lasts_seconds > 0
        if tokens.refresh and self.described.refresh is not None:
            again = self.refreshed(tokens.refresh)
            assert isinstance(again, Tokens), again

    @PATIENT
    @given(body=GARBAGE | st.just(_DEAD))
    def test_garbage_is_an_error_that_shows_no_secret(self, body: Json | Reply) -> None:
        """Whatever the service answers, nothing but a `SourceError` is raised, and it holds no secret."""
        answer = body if isinstance(body, Reply) else Reply(body)
        outcomes = [self.signed_in(answer)]
        if self.described.refresh is not None:
            outcomes.append(self.refreshed("refresh-token", answer))
        for outcome in outcomes:
            assert isinstance(outcome, Tokens | SourceError)
            assert self.shows_no_secret(str(outcome))
