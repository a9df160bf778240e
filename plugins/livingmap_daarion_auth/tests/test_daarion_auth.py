"""Whom auth-service knows: tokens as it makes them, and as those make them who would like to be let in."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmap.access.authenticator import CachedAuthenticator
from livingmap.log.local import utc_now
from livingmap.plugin import Actor, Credential, InvalidAnswer, InvalidCredential, Scheme, SourceError, Unreachable
from livingmap_daarion_auth.authenticator import identify, schemes, summary
from livingmap_daarion_auth.plugin import livingmap_authenticator
from livingmap_daarion_auth.settings import DaarionSettings
from tests.support.access import LIES, OTHER_SECRET, SECRET, AuthService, running, token

SAMPLES = Path(__file__).parents[1] / "samples"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER_RSA = rsa.generate_private_key(65537, 2048)


def jwk(key, kid, algorithm):
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "alg": algorithm, "use": "sig"}


def signed(key, algorithm, kid, **claims):
    said = {"sub": "u-1", "roles": ["user"], "type": "access", "iss": "daarion-auth", "exp": time.time() + 60}
    return jwt.encode({**said, **claims}, key, algorithm, headers={"kid": kid} if kid else {})


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def unsigned(**header):
    """Return a token whose header says that it is not signed at all."""
    said = {"sub": "u-1", "type": "access", "iss": "daarion-auth", "exp": time.time() + 60}
    return (part({"alg": "none", "typ": "JWT", **header}) + b"." + part(said) + b".").decode()


@pytest.fixture
async def service():
    async with running(AuthService()) as one:
        yield one


@pytest.fixture
async def build(service):
    made = []

    def build(**given):
        given = {"base_url": service.base_url, "timeout_seconds": 10, **given}
        made.append(CachedAuthenticator(livingmap_authenticator(), DaarionSettings(**given), 30, utc_now))
        return made[-1]

    yield build
    for one in made:
        await one.close()


def bearer(text):
    return Credential(Scheme.BEARER, text)


WAYS = {"secret": {"secret": SECRET}, "introspection": {}}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_token_says_who_it_is(build, way):
    identity = await build(**way).identify(
        bearer(token("u-7", roles=["user", "admin"], microdao_ids=["microdao:7"]))
    )
    assert identity.actor == Actor("u-7", "human", ("microdao:7",), ("admin", "user"))
    assert identity.expires_at > utc_now()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "text",
    [
        token(seconds=-60),
        token(type="refresh"),
        token(type=None),
        token(secret=OTHER_SECRET),
        unsigned(),
        unsigned(alg="None"),
        unsigned(alg="HS256"),
        token()[:-4] + "AAAA",
        "",
        "garbage",
        "a.b.c",
        "é" * 40,
        "x" * 9000,
        "a\ud800b",
    ],
    ids=lambda text: text[:12],
)
async def test_a_token_that_is_not_good_is_rejected(build, way, text):
    with pytest.raises(InvalidCredential) as caught:
        await build(**way).identify(bearer(text))
    assert not text or len(text) < 12 or text not in str(caught.value)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody else"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": None},
        {"exp": "soon"},
    ],
    ids=str,
)
async def test_claims_that_are_missing_or_wrong_are_rejected(build, claims):
    with pytest.raises(InvalidCredential):
        await build(secret=SECRET).identify(bearer(token(**{"sub": "u-1", **claims})))


async def test_a_key_set_verifies_rsa_and_elliptic_curves_and_is_asked_for_once(build, service):
    service.keys = [jwk(RSA, "r1", "RS256"), jwk(EC, "e1", "ES256")]
    one = build(jwks_path="/.well-known/jwks.json")
    for key, algorithm, kid in ((RSA, "RS256", "r1"), (EC, "ES256", "e1"), (RSA, "RS256", None)):
        identity = await one.identify(bearer(signed(key, algorithm, kid)))
        assert identity.actor.actor_id == "u-1"
    assert len(service.asked) == 1


async def test_a_key_that_is_new_is_asked_for_once_more_and_not_at_every_token(build, service):
    service.keys = [jwk(OTHER_RSA, "old", "RS256")]
    one = build(jwks_path="/.well-known/jwks.json")
    for number in range(5):
        with pytest.raises(InvalidCredential, match="does not have"):
            await one.identify(bearer(signed(RSA, "RS256", "new", number=number)))
    assert len(service.asked) == 1  # ten seconds have not passed


def confused():
    """Return a token signed with the public key as if that were a shared secret."""
    public = RSA.public_key().public_numbers()
    key = str(public.n).encode()
    head = part({"alg": "HS256", "typ": "JWT", "kid": "r1"})
    body = part({"sub": "u-1", "type": "access", "iss": "daarion-auth", "exp": time.time() + 60})
    mac = hmac.new(key, head + b"." + body, hashlib.sha256).digest()
    return (head + b"." + body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


@pytest.mark.parametrize("text", [confused(), unsigned(kid="r1"), signed(OTHER_RSA, "RS256", "r1"), token()])
async def test_a_key_set_takes_no_other_algorithm_and_no_other_key(build, service, text):
    service.keys = [jwk(RSA, "r1", "RS256")]
    with pytest.raises(InvalidCredential):
        await build(jwks_path="/.well-known/jwks.json").identify(bearer(text))


async def test_a_key_set_with_a_shared_secret_in_it_verifies_nothing(build, service):
    secret = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    service.keys = [{"kty": "oct", "k": secret, "kid": "s1", "alg": "HS256"}]
    with pytest.raises(InvalidCredential):
        await build(jwks_path="/.well-known/jwks.json").identify(bearer(token()))


@pytest.mark.parametrize("lie", LIES)
async def test_who_cannot_be_told_is_not_let_in_and_is_when_the_service_is_well_again(build, service, lie):
    one = build()
    service.mode = lie
    with pytest.raises(SourceError) as caught:
        await one.identify(bearer(token()))
    assert token() not in str(caught.value)
    service.mode = "well"
    assert (await one.identify(bearer(token()))).actor.actor_id == "u-1"
    assert one.error is None


async def test_a_service_that_hangs_is_given_up(build, service):
    service.mode = "hang"
    one = build(timeout_seconds=0.3)
    with pytest.raises(Unreachable, match="no answer within"):
        await one.identify(bearer(token()))
    assert one.error


async def test_a_service_that_calls_a_refresh_token_active_is_not_believed(build, service, monkeypatch):
    text = token(type="refresh")
    said = {"active": True, "sub": "u-1", "roles": [], "exp": int(time.time()) + 60}
    monkeypatch.setattr(service, "answer", lambda *_: (200, said))
    with pytest.raises(InvalidCredential, match="type 'refresh'"):
        await build().identify(bearer(text))


async def test_a_service_that_calls_an_expired_token_active_is_not_believed(build, service, monkeypatch):
    said = {"active": True, "sub": "u-1", "roles": [], "exp": int(time.time()) - 60}
    monkeypatch.setattr(service, "answer", lambda *_: (200, said))
    with pytest.raises(InvalidCredential, match="expired"):
        await build().identify(bearer(token()))


ELSEWHERE = {"identity_path": "/auth/me", "api_keys": True, "sessions": True}


@pytest.mark.parametrize("scheme", [Scheme.API_KEY, Scheme.SESSION])
async def test_keys_and_sessions_are_asked_about_where_somebody_answers_for_them(build, service, scheme):
    service.identities = {
        "dk_1": {"actor_id": "a-1", "actor_type": "agent", "microdao_ids": ["microdao:7"], "roles": ["member"]},
        "dk_2": {"id": "u-2", "roles": ["user"], "is_active": False},
        "dk_3": {"id": "u-3", "roles": ["user"], "is_active": True},
    }
    one = build(**ELSEWHERE)
    assert (await one.identify(Credential(scheme, "dk_1"))).actor == Actor(
        "a-1", "agent", ("microdao:7",), ("member",)
    )
    assert (await one.identify(Credential(scheme, "dk_3"))).actor.actor_id == "u-3"
    for bad in ("dk_2", "dk_4", "a b", "a\r\nb: c", "a;b"):
        with pytest.raises(InvalidCredential):
            await one.identify(Credential(scheme, bad))


def test_only_what_is_switched_on_is_taken():
    assert list(schemes(DaarionSettings())) == [Scheme.BEARER]
    assert set(schemes(DaarionSettings(**ELSEWHERE))) == set(Scheme)
    with pytest.raises(ValueError, match="need identity_path"):
        DaarionSettings(api_keys=True)
    with pytest.raises(ValueError, match="give one way"):
        DaarionSettings(secret="x", jwks_path="/y")


def test_the_summary_tells_no_secret(tmp_path):
    assert "introspected" in summary(DaarionSettings())
    assert SECRET not in summary(DaarionSettings(secret=SECRET))
    assert "keys of http://x/jwks" in summary(DaarionSettings(base_url="http://x", jwks_path="/jwks"))


async def test_a_secret_from_a_file_may_change(build, tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    one = build(secret_file=file)
    assert (await one.identify(bearer(token()))).actor.actor_id == "u-1"
    file.write_text(OTHER_SECRET)
    assert (await one.identify(bearer(token("u-2", secret=OTHER_SECRET)))).actor.actor_id == "u-2"
    file.unlink()
    with pytest.raises(InvalidAnswer):
        await one.identify(bearer(token("u-3", secret=OTHER_SECRET)))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
async def test_no_text_at_all_is_let_in_or_breaks_anything(text):
    one = CachedAuthenticator(livingmap_authenticator(), DaarionSettings(secret=SECRET), 30, utc_now)
    with pytest.raises(InvalidCredential):
        await one.identify(bearer(text))
    await one.close()


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5) | st.sampled_from(["sub", "exp", "iss", "type", "roles", "iat", "nbf"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2),
        max_size=6,
    )
)
async def test_claims_of_any_shape_break_nothing(claims):
    one = CachedAuthenticator(livingmap_authenticator(), DaarionSettings(secret=SECRET), 30, utc_now)
    said = {"sub": "u-1", "type": "access", "iss": "daarion-auth", "exp": time.time() + 60, **claims}
    try:
        text = jwt.encode(said, SECRET)
    except (TypeError, ValueError):
        return
    try:
        identity = await one.identify(bearer(text))
    except InvalidCredential:
        return
    finally:
        await one.close()
    assert identity.actor.actor_id == said["sub"]


class Replaying:
    """A client that answers every POST with one sample."""

    settings = DaarionSettings()

    def __init__(self, name):
        [self.sample] = [json.loads(file.read_text()) for file in SAMPLES.glob(f"{name}.json")]

    async def post(self, path, body):
        assert (path, body) == (self.sample["path"], {"token": "t"})
        return self.sample["body"]


async def test_the_samples_are_read():
    identity = await identify(Replaying("introspect_active"), bearer("t"))
    actor = Actor("7d0c7a55-3a52-4b5d-9a6e-0a9d2f7c1e10", "agent", (), ("agent-system", "user"))
    assert (identity.actor, identity.expires_at.year) == (actor, 2100)
    with pytest.raises(InvalidCredential, match="not active"):
        await identify(Replaying("introspect_inactive"), bearer("t"))
