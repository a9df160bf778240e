"""What the configuration says of access: faults name the place and no secret; nothing is open by mistake."""

import pytest

from livingmap.cli.check import _access
from livingmap.config.loading import load
from livingmap.errors import ConfigError

BADGES = """
from livingmap.plugin import Actor, Authenticator, Identity, ServiceSettings, hookimpl

class Settings(ServiceSettings):
    base_url: str = "http://porter:8080"

async def identify(client, credential):
    return Identity(Actor(credential.value))

@hookimpl
def livingmap_authenticator():
    return Authenticator("badges", "porter", Settings, identify)
"""
SOURCES = "sources: {usage: {mock: true}}\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "badges.py").write_text(BADGES)

    def written(text):
        file = tmp_path / "map.yaml"
        file.write_text(text + SOURCES)
        return file

    return written


def faults(file):
    with pytest.raises(ConfigError) as caught:
        load(file)
    return "\n".join(caught.value.lines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auth: {mode: ldap}\n", "auth.mode: ldap: no such plugin"),
        ("auth: {mode: daarion, authenticator: {secrt: hush}}\n", "no such setting; did you mean secret?"),
        ("auth: {mode: daarion, authenticator: {secret: hush, jwks_path: /k}}\n", "give one way to verify tokens"),
        ("auth: {mode: daarion, authenticator: {base_url: 'http://u:hush@x'}}\n", "holds a user or password"),
        ("auth: {pdp: {enabled: true}}\n", "needs a mode other than none"),
        ("auth: {redact: [agents]}\n", "write it like 'agents.*.system_prompt'"),
        ("auth: {mode: daarion, account: {email: a}}\n", "give password or password_file"),
        ("auth: {mode: daarion, pdp: {items: [{types: [], field: id}]}}\n", "auth.pdp.items.0.types"),
        ("auth: {mode: daarion, pdp: {map: [{type: city, id: x}]}}\n", "auth.pdp.map.0.type"),
        ("auth: {public_mode: yes}\n", "auth.public_mode"),
        ("server: {cors_origins: ['*']}\n", "is not an origin"),
        ("server: {cors_origins: ['https://x/y']}\n", "is not an origin"),
    ],
)
def test_a_fault_names_its_place_and_shows_no_secret(write, text, expected):
    report = faults(write(text))
    assert expected in report
    assert "hush" not in report


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "map.example.org"])
def test_a_map_for_everybody_on_a_public_address_needs_allow_anonymous(write, host, monkeypatch):
    assert "auth.allow_anonymous: true" in faults(write(f"server: {{host: '{host}'}}\n"))
    monkeypatch.setenv("LIVINGMAP_AUTH__ALLOW_ANONYMOUS", "true")
    assert load(write(f"server: {{host: '{host}'}}\n")).server.host == host
    monkeypatch.delenv("LIVINGMAP_AUTH__ALLOW_ANONYMOUS")
    assert load(write(f"server: {{host: '{host}'}}\nauth: {{mode: daarion}}\n")).server.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_a_map_for_everybody_on_a_loopback_address_needs_nothing_else(write, host):
    assert load(write(f"server: {{host: '{host}'}}\n")).server.host == host


def test_a_source_with_the_account_needs_auth_account(write):
    file = write("")
    file.write_text("sources: {dao: {account: true}}\n")
    assert "sources.dao.account: needs auth.account, which is not set" in faults(file)


def test_relative_paths_begin_at_the_folder_of_the_yaml(write, tmp_path):
    config = load(
        write(
            "auth: {mode: daarion, authenticator: {secret_file: s}, account: {email: a, password_file: p}}\n",
        )
    )
    assert config.access.authenticator.settings.secret_file == tmp_path / "s"
    assert config.auth.account.password_file == tmp_path / "p"


def test_an_authenticator_in_a_file_is_loaded_by_its_own_name(write):
    config = load(write("auth: {mode: badges, authenticator: {module: ./badges.py}}\n"))
    checked = config.access.authenticator
    assert (checked.plugin.name, checked.settings.base_url) == ("badges", "http://porter:8080")
    report = faults(write("auth: {mode: other, authenticator: {module: ./badges.py}}\n"))
    assert "describes the authenticator 'badges'; name it so in auth.mode" in report


CHECKED = {
    "": "none: everybody who can reach the map can read everything",
    "auth: {mode: daarion, authenticator: {secret: hush}}\n": (
        "daarion: tokens are verified here, with the shared secret; authenticated callers see everything; "
        "anonymous callers get nothing"
    ),
    "auth: {mode: daarion, public_mode: summary, pdp: {enabled: true}}\n": (
        "daarion: tokens are introspected at http://auth-service:7011; policies of http://pdp-service:7012 "
        "decide; anonymous callers get counts"
    ),
    "auth: {mode: daarion, public_mode: full}\n": (
        "daarion: tokens are introspected at http://auth-service:7011; authenticated callers see everything; "
        "anonymous callers get everything but the errors of services"
    ),
}


@pytest.mark.parametrize("text", CHECKED)
def test_check_prints_what_anonymous_callers_get_and_no_secret(write, text):
    assert _access(load(write(text))) == CHECKED[text]
