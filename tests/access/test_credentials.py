"""Credentials: which of a request's headers hold one, and which secrets do not belong into a URL."""

import pytest

from livingmap.access.credentials import credential_in, refuse_in_url, subprotocol_credential
from livingmap.access.denied import BAD_REQUEST, UNAUTHENTICATED, Denied
from livingmap.core.actor import Credential, Scheme

ALL = (Scheme.BEARER, Scheme.API_KEY, Scheme.SESSION)
EVERYTHING = {"authorization": "Bearer t", "x-api-key": "k", "cookie": "sid=s; other=o"}


@pytest.mark.parametrize(
    ("headers", "schemes", "expected"),
    [
        ({}, ALL, None),
        (EVERYTHING, ALL, Credential(Scheme.BEARER, "t")),
        ({"authorization": " bEARER   t "}, (), Credential(Scheme.BEARER, "t")),
        ({"authorization": "Bearer two words"}, ALL, Credential(Scheme.BEARER, "two words")),
        ({"authorization": ""}, ALL, None),
        (EVERYTHING | {"authorization": ""}, ALL, Credential(Scheme.API_KEY, "k")),
        ({"x-api-key": "k"}, (Scheme.SESSION,), None),
        ({"x-api-key": ""}, ALL, None),
        ({"x-api-key": "", "cookie": "sid=s"}, ALL, Credential(Scheme.SESSION, "s")),
        ({"cookie": "other=o; sid=s"}, (Scheme.SESSION,), Credential(Scheme.SESSION, "s")),
        ({"cookie": "sid=s"}, (Scheme.API_KEY,), None),
        ({"cookie": "session=s"}, ALL, None),
        ({"cookie": "sid="}, ALL, None),
        ({"cookie": "a,b: c"}, ALL, None),
    ],
)
def test_the_strongest_credential_of_a_scheme_that_is_understood_counts(headers, schemes, expected):
    assert credential_in(headers, schemes, "sid") == expected


@pytest.mark.parametrize("value", ["Basic dTpw", "Bearer", "Bearer  ", "t"])
def test_a_caller_with_another_authorization_is_not_anonymous(value):
    with pytest.raises(Denied, match=r"^Authorization: only Bearer is understood here$") as caught:
        credential_in(EVERYTHING | {"authorization": value}, ALL, "sid")
    assert (caught.value.reason, caught.value.retry_seconds) == (UNAUTHENTICATED, None)


@pytest.mark.parametrize(
    ("subprotocols", "expected"),
    [
        ([], None),
        (["livingmap.v1"], None),
        (["bearer."], None),
        (["livingmap.v1", "bearer.t.u", "bearer.v"], Credential(Scheme.BEARER, "t.u")),
        (["bearer.bearer.t"], Credential(Scheme.BEARER, "bearer.t")),
        (["x-bearer.t"], None),
    ],
)
def test_the_first_subprotocol_with_a_token_counts(subprotocols, expected):
    assert subprotocol_credential(subprotocols) == expected


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "apikey", "authorization", "jwt", "Token"])
@pytest.mark.parametrize("value", ["=t", "=", ""])
def test_a_url_with_a_token_is_refused(name, value):
    with pytest.raises(
        Denied, match=r"^a token does not belong into a URL; send it as Authorization: Bearer$"
    ) as one:
        refuse_in_url(f"layers=city&{name}{value}")
    assert one.value.reason == BAD_REQUEST


@pytest.mark.parametrize("query", ["", "layers=token", "cursor=a&tokens=b"])
def test_a_url_without_a_token_is_not_refused(query):
    refuse_in_url(query)
