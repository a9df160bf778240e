"""Placeholders: values of the YAML file that environment variables give."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from livingmap.config.document import read_yaml
from livingmap.config.loading import load
from livingmap.config.schema import schema
from livingmap.errors import ConfigError

ROOT = Path(__file__).parents[2]

SOURCES = "sources:\n  agents:\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a YAML file and return its path; none of the variables of these tests is set."""
    for name in ("PORT", "HOST", "URL", "USER_NAME", "SECRET", "LEVEL"):
        monkeypatch.delenv(name, raising=False)

    def written(text):
        file = tmp_path / "map.yaml"
        file.write_text(text)
        return file

    return written


def faults(file):
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [line.removeprefix(f"{file}:") for line in caught.value.lines()]


def test_a_variable_gives_a_value_and_the_default_where_it_is_not_set(write, monkeypatch):
    file = write("server: {port: '${PORT:-7000}', host: '${HOST:-localhost}'}\n" + SOURCES)
    monkeypatch.setenv("PORT", "8123")
    server = load(file).server
    assert (server.port, server.host) == (8123, "localhost")


def test_an_empty_variable_counts_as_one_that_is_not_set(write, monkeypatch):
    monkeypatch.setenv("PORT", "")
    assert load(write("server:\n  port: ${PORT:-7000}\n" + SOURCES)).server.port == 7000


def test_a_value_may_hold_several_placeholders_and_text(write, monkeypatch):
    monkeypatch.setenv("USER_NAME", "oleh")
    text = "sources:\n  agents:\n    base_url: http://${HOST:-agents}:${PORT:-7014}/${USER_NAME}\n"
    [(_, settings)] = load(write(text)).enabled()
    assert str(settings.base_url) == "http://agents:7014/oleh"


def test_the_setting_decides_the_type_as_with_a_variable_of_the_map(write, monkeypatch):
    monkeypatch.setenv("SECRET", "0017")
    source = "sources:\n  agents:\n    token: ${SECRET}\n    timeout_seconds: ${T:-2.5}\n"
    text = "server:\n  access_log: ${LOG:-true}\n" + source
    config = load(write(text))
    [(_, settings)] = config.enabled()
    assert config.server.access_log is True
    assert (settings.bearer(), settings.timeout_seconds) == ("0017", 2.5)


@pytest.mark.parametrize("value", ["${URL:-}", "'${URL:-}'", "${URL:-}${HOST:-}"])
def test_a_value_that_comes_out_empty_sets_nothing(write, value):
    config = load(write(f"nats:\n  url: {value}\nserver:\n  host: {value}\nhistory:\n  url: {value}\n" + SOURCES))
    assert (config.nats.url, config.server.host, config.history.kind) == (None, "127.0.0.1", "embedded")


def test_an_item_of_a_list_may_be_a_placeholder(write, monkeypatch):
    monkeypatch.setenv("HOST", "10.0.0.7")
    text = "server:\n  trusted_proxies:\n    - ${HOST}\n    - ${URL:-10.1.0.0/16}\n"
    assert load(write(text + SOURCES)).server.trusted_proxies == ("10.0.0.7", "10.1.0.0/16")


def test_two_dollar_signs_are_one_and_begin_no_placeholder(write):
    text = "sources:\n  agents:\n    token: a$${PORT}b$$c$d\n"
    [(_, settings)] = load(write(text)).enabled()
    assert settings.bearer() == "a${PORT}b$c$d"


def test_what_a_variable_holds_is_text_whatever_is_in_it(write, monkeypatch):
    monkeypatch.setenv("SECRET", "a: [b, ${PORT}] # $$ \n*c")
    settings = load(write("sources:\n  agents:\nnats:\n  url: nats://n\n  token: ${SECRET}\n")).nats
    assert settings.token.get_secret_value() == "a: [b, ${PORT}] # $$ \n*c"


def test_a_value_that_an_alias_repeats_is_filled_once(write):
    text = "sources:\n  agents: {token: &secret 'a$$$$b'}\n  usage: {token: *secret}\n"
    tokens = [settings.bearer() for _, settings in load(write(text)).enabled()]
    assert tokens == ["a$$b", "a$$b"]


def test_comments_and_keys_are_left_alone(write):
    file = write("# ${PORT}\nsame_as: {'a:${PORT}': 'a:1'}\n" + SOURCES)
    assert load(file).enabled()


def test_all_variables_that_are_missing_are_named_with_their_places(write):
    text = "server:\n  host: ${HOST}\n  port: ${PORT}\nsources:\n  agents:\n    token: ${SECRET}\n"
    assert faults(write(text)) == [
        "2: server.host: HOST is not set; set it, or write ${HOST:-…} with what holds without it",
        "3: server.port: PORT is not set; set it, or write ${PORT:-…} with what holds without it",
        "6: sources.agents.token: SECRET is not set; set it, or write ${SECRET:-…} with what holds without it",
    ]


@pytest.mark.parametrize("value", ["${}", "${PORT", "${PO RT}", "${PORT:?no}", "${PORT-7000}", "${1A}", "a${b:}"])
def test_what_is_not_a_placeholder_is_a_fault(write, value):
    assert faults(write(f"server:\n  host: '{value}'\n" + SOURCES)) == [
        "2: server.host: not a placeholder: write ${NAME} or ${NAME:-default}, and $${ for the text ${"
    ]


def test_a_fault_names_the_variables_that_the_value_came_from(write, monkeypatch):
    monkeypatch.setenv("PORT", "many")
    text = "server:\n  port: ${PORT:-7017}\nsources:\n  agents:\n    retries: ${HOST:-x}${PORT}\n"
    assert [line.partition(": ")[2].partition(":")[0] for line in faults(write(text))] == [
        "server.port",
        "sources.agents.retries",
    ]
    first, second = faults(write(text))
    assert first.startswith("2: ")
    assert first.endswith("(from PORT)")
    assert second.endswith("(from HOST, PORT)")


def test_a_variable_of_the_map_wins_over_a_placeholder_and_is_blamed_for_its_own_fault(write, monkeypatch):
    file = write("server:\n  port: ${PORT:-7000}\n" + SOURCES)
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.setenv("LIVINGMAP_SERVER__PORT", "9000")
    assert load(file).server.port == 9000
    monkeypatch.setenv("LIVINGMAP_SERVER__PORT", "x")
    [fault] = faults(file)
    assert fault.endswith("(from LIVINGMAP_SERVER__PORT)")


def test_a_secret_from_a_placeholder_is_shown_nowhere(write, monkeypatch):
    for url in ("postgresql://map:hush@db:x/map", "mysql://map:hush@db/map"):
        monkeypatch.setenv("URL", url)
        [fault] = faults(write("history:\n  url: ${URL}\n" + SOURCES))
        assert "hush" not in fault
    monkeypatch.setenv("URL", "nats://map:hush@n:4222")
    monkeypatch.setenv("SECRET", "hush")
    config = load(write("nats:\n  url: ${URL}\nsources:\n  agents:\n    token: ${SECRET}\n"))
    assert "hush" not in repr(config)


DAARION = {
    "PORT": "7117",
    "DATABASE_URL": "postgresql://map:secret@db:5432/daarion",
    "NATS_URL": "nats://bus:4222",
    "AGENTS_SERVICE_URL": "http://a:1",
    "MICRODAO_SERVICE_URL": "http://b:2",
    "DAO_SERVICE_URL": "http://c:3",
    "USAGE_ENGINE_URL": "http://d:4",
    "CITY_SERVICE_URL": "http://e:5",
    "SPACE_SERVICE_URL": "http://f:6",
}


def test_the_file_for_the_real_services_takes_the_variables_of_daarions_compose_file(monkeypatch):
    for name, value in DAARION.items():
        monkeypatch.setenv(name, value)
    config = load(ROOT / "config" / "livingmap.yaml")
    addresses = {source.name: str(settings.base_url).rstrip("/") for source, settings in config.enabled()}
    assert (config.server.port, config.nats.url) == (7117, "nats://bus:4222")
    assert config.history.url.get_secret_value() == DAARION["DATABASE_URL"]
    assert (
        addresses.items()
        >= {
            "agents": "http://a:1",
            "microdao": "http://b:2",
            "dao": "http://c:3",
            "usage": "http://d:4",
            "city": "http://e:5",
            "space": "http://f:6",
        }.items()
    )


def test_the_schema_lets_placeholders_stand_for_values_of_any_type(write):
    text = (
        "server: {port: '${PORT:-1}', access_log: '${LOG:-off}'}\nlogging: {level: '${LEVEL:-info}'}\n" + SOURCES
    )
    file = write(text)
    checked = Draft202012Validator(schema(load(file)))
    assert not list(checked.iter_errors(yaml.safe_load(text)))
    assert list(checked.iter_errors({"server": {"port": "seven"}, "sources": {}}))
    assert list(checked.iter_errors({"logging": {"level": "loud"}, "sources": {}}))


def test_without_variables_it_has_the_usual_addresses(monkeypatch):
    for name in DAARION:
        monkeypatch.delenv(name, raising=False)
    config = load(ROOT / "config" / "livingmap.yaml")
    assert (config.server.port, config.nats.url, config.history.kind) == (7017, "nats://nats:4222", "embedded")
    assert [str(settings.base_url) for _, settings in config.enabled()][:2] == [
        "http://agents-service:7014",
        "http://microdao-service:7015",
    ]


def test_a_value_that_stands_in_two_places_is_filled_in_both(write):
    file = write("server: {host: &h '${HOST:-}'}\nui: {title: *h}\n" + SOURCES)
    assert read_yaml(file).data.keys() == {"server", "ui", "sources"}
    assert (read_yaml(file).data["server"], read_yaml(file).data["ui"]) == ({}, {})
    odd = write("server: {port: &p '${PORT:-none}'}\nnats: {most_bytes: *p}\n" + SOURCES)
    assert [line.count("(from PORT)") for line in faults(odd)] == [1, 1]


def test_a_key_that_is_no_text_is_a_fault_with_its_line(write):
    file = write("server:\n  ? [a, '${PORT:-1}']\n  : 1\n" + SOURCES)
    assert faults(file) == ["2: server: a key is a list or a mapping"]
