"""How the connection to NATS is configured."""

import pytest
from pydantic import ValidationError

from livingmap.transport.settings import NatsSettings


def test_without_an_address_there_is_no_nats():
    assert NatsSettings().servers() == []
    assert NatsSettings(url="").url is None


def test_several_servers_stand_with_commas_between():
    settings = NatsSettings(url="nats://a:4222, tls://[::1]:4223/,nats://c")
    assert settings.servers() == ["nats://a:4222", "tls://[::1]:4223", "nats://c"]


@pytest.mark.parametrize(
    ("given", "sign_in"),
    [
        ({"url": "nats://a"}, {}),
        ({"url": "nats://me:p%40ss%2F@a,nats://me:p%40ss%2F@b"}, {"user": "me", "password": "p@ss/"}),
        ({"url": "nats://s3cr%20et@a,nats://b"}, {"token": "s3cr et"}),
        ({"url": "nats://a", "user": "me", "password": "secret"}, {"user": "me", "password": "secret"}),
        ({"url": "nats://a", "token": "secret"}, {"token": "secret"}),
        ({"url": "nats://a", "credentials_file": "/run/map.creds"}, {"user_credentials": "/run/map.creds"}),
    ],
)
def test_ways_to_sign_in(given, sign_in):
    settings = NatsSettings(**given)
    assert settings.sign_in() == sign_in
    assert not any("@" in server for server in settings.servers())


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"url": "nats:4222"}, "write it like nats://nats:4222"),
        ({"url": "secret:4222"}, "write it like nats://nats:4222"),
        ({"url": "http://secret"}, "neither nats:// nor tls://"),
        ({"url": "nats://me:secret@a:b"}, "a port that is no number"),
        ({"url": "nats://me:sec/ret@a"}, "a port that is no number"),
        ({"url": "nats://me:0@"}, "names no host"),
        ({"url": "nats://secret@a:0"}, "the port 0"),
        ({"url": "nats://secret@a/b"}, "more than host and port"),
        ({"url": "nats://me:secret@a,nats://you:secret@b"}, "sign in differently"),
        ({"url": "nats://a", "user": "me"}, "user and password together"),
        ({"url": "nats://a", "password": "secret"}, "user and password together"),
        ({"url": "nats://me:secret@a", "token": "secret"}, "one way to sign in, not token and url"),
        ({"url": "nats://a", "user": "me", "password": "secret", "token": "secret"}, "not user and token"),
        ({"most_bytes": 1}, "greater than or equal to 1024"),
        ({"nope": 1}, "Extra inputs"),
    ],
)
def test_faults_are_told_without_secrets(given, problem):
    with pytest.raises(ValidationError) as error:
        NatsSettings(**given)
    assert problem in str(error.value)
    assert "secret" not in str(error.value)


def test_secrets_are_not_shown():
    shown = repr(NatsSettings(url="nats://me:secret@a")) + repr(NatsSettings(url="nats://a", token="secret"))
    assert "secret" not in shown
