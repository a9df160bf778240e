import json

import pytest

from livingmap.config.loading import config_file, load
from livingmap.config.schema import schema
from livingmap.errors import ConfigError

WEATHER = '''
from livingmap.plugin import Layer, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://weather:8080"
    """Address of the weather service."""
    unit: str = "celsius"
    """Unit of temperatures."""

@hookimpl
def livingmap_source():
    return Source("weather", "weather-service", Settings, (Layer("weather"),))
'''


SUMS = """
from livingmap.plugin import Amounts, Layer, Source, SourceSettings, Tally, hookimpl

@hookimpl
def livingmap_source():
    sums = Tally("power", "sums", (Amounts("power", "price", by="currency"),), per="house_id")
    return Source("sums", "sums-service", SourceSettings, (Layer("power"),), tallies=(sums,))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a YAML file beside a plugin in one file, and return its path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weather.py").write_text(WEATHER)

    def written(text):
        file = tmp_path / "map.yaml"
        file.write_text(text)
        return file

    return written


def faults(file):
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [line.removeprefix(f"{file}:") for line in caught.value.lines()]


def test_a_source_gets_its_own_settings(write):
    file = write("sources:\n  weather: {module: weather, unit: kelvin, interval_seconds: 3}\n")
    [(source, settings)] = load(file).enabled()
    assert (source.service, settings.unit, settings.interval_seconds) == ("weather-service", "kelvin", 3)


def test_amounts_that_are_to_be_shown_per_item_are_refused(write, tmp_path):
    (tmp_path / "sums.py").write_text(SUMS)
    [fault] = faults(write("sources:\n  sums: {module: sums}\n"))
    assert "tally power.sums has amounts and per" in fault


def test_a_module_may_be_a_file_beside_the_yaml(write):
    [(source, _)] = load(write("sources:\n  weather: {module: ./weather.py}\n")).enabled()
    assert source.name == "weather"


def test_the_order_of_the_yaml_is_kept(write):
    file = write("sources:\n  usage:\n  weather: {module: weather}\n  agents:\n")
    assert [one.name for one in load(file).sources] == ["usage", "weather", "agents"]


def test_a_disabled_source_is_not_even_imported(write):
    file = write("sources:\n  agents:\n  ghost: {enabled: false, module: no.such.module}\n")
    assert [(one.name, one.enabled) for one in load(file).sources] == [("agents", True), ("ghost", False)]


def test_environment_wins_over_yaml_and_yaml_over_defaults(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SOURCES__WEATHER__UNIT", "kelvin")
    monkeypatch.setenv("LIVINGMAP_SERVER__PORT", "8000")
    config = load(write("server: {port: 9000}\nsources:\n  weather: {module: weather, unit: x, retries: 1}\n"))
    [(_, settings)] = config.enabled()
    assert (config.server.port, config.server.host) == (8000, "127.0.0.1")
    assert (settings.unit, settings.retries, settings.timeout_seconds) == ("kelvin", 1, 5)


@pytest.mark.parametrize("word", ["false", "0", "off", "no"])
def test_a_source_is_switched_off_by_environment(write, monkeypatch, word):
    monkeypatch.setenv("LIVINGMAP_SOURCES__AGENTS__ENABLED", word)
    config = load(write("sources:\n  agents:\n  weather: {module: weather}\n"))
    assert [source.name for source, _ in config.enabled()] == ["weather"]


def test_a_token_comes_from_environment_and_is_never_shown(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SOURCES__WEATHER__TOKEN", "hush-hush")
    [(_, settings)] = load(write("sources:\n  weather: {module: weather}\n")).enabled()
    assert settings.bearer() == "hush-hush"
    assert "hush" not in f"{settings!r} {settings}"


def test_a_token_comes_from_a_file_and_may_be_rotated(write, tmp_path):
    (tmp_path / "secret").write_text("one\n")
    file = write(f"sources:\n  weather: {{module: weather, token_file: {tmp_path / 'secret'}}}\n")
    [(_, settings)] = load(file).enabled()
    assert settings.bearer() == "one"
    (tmp_path / "secret").write_text("two\n")
    assert settings.bearer() == "two"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "sources:\n  citi: {}\n",
            "2: sources.citi: no such plugin (installed: agents, city, dao, http, map, messaging,",
        ),
        (
            "sources:\n  weather:\n    module: weather\n    unti: x\n",
            "4: sources.weather.unti: no such setting; did you mean unit?",
        ),
        (
            "sources:\n  weather:\n    module: weather\n    interval_seconds: 0\n",
            "4: sources.weather.interval_seconds: Input should be greater than 0",
        ),
        (
            "sources:\n  agents:\n    enabled: perhaps\n",
            "3: sources.agents.enabled: Input should be a valid boolean, unable to interpret input",
        ),
        ("sources:\n  agents:\n  agents:\n", "3: sources.agents: is given twice, first on line 2"),
        (
            "sources:\n  sky: {module: weather, plugin: city}\n",
            "2: sources.sky: has plugin and module; plugin is for one that is installed, module for any other",
        ),
        (
            "sources:\n  sky-eu: {module: weather}\n",
            "2: sources.sky-eu: cannot be the name of a source; write it like prom_eu",
        ),
        (
            "sources:\n  123: {mock: true}\n",
            "2: sources.123: cannot be the name of a source; write it like prom_eu",
        ),
        ("sources:\n  ~: {mock: true}\n", "2: sources.~: cannot be the name of a source; write it like prom_eu"),
        ("sources:\n  on: {mock: true}\n", "2: sources.on: no such plugin (installed: agents,"),
        (
            "sources:\n  sky: {plugin: skies}\n",
            "2: sources.sky: no such plugin (installed: agents, city, dao, http, map, messaging,",
        ),
        (
            "sources:\n  sky: {plugin: city, namespace: E U}\n",
            "2: sources.sky.namespace: String should match pattern",
        ),
        (
            "sources:\n  x: {module: broken}\n",
            "2: sources.x: broken failed on import: ZeroDivisionError: division by zero",
        ),
        ("sources:\n  x: {module: hookless}\n", "2: sources.x: hookless has no @hookimpl livingmap_source()"),
        ("sources:\n  x: {module: ./nothing.py}\n", "2: sources.x: there is no file {tmp}/nothing.py"),
        ("sources:\n  x: {module: odd}\n", "2: sources.x: odd: unknown hook 'livingmap_sauce' in plugin"),
        ("sources: {}\n", "1: sources: names no source"),
        ("server: {prot: 1}\nsources:\n  agents:\n", "1: server.prot: no such setting; did you mean port?"),
        (
            "server: {port: 70000}\nsources:\n  agents:\n",
            "1: server.port: Input should be less than or equal to 65535",
        ),
        ("sorces: {}\n", "1: sorces: no such setting; did you mean sources?"),
        ("- a\n", "1: the file has to be a mapping such as 'sources: …'"),
        ("a: [\n", "2: not valid YAML: expected the node content, but found '<stream end>'"),
        ("sources:\n  agents: 5\n", "2: sources.agents: Input should be a valid dictionary"),
        ("sources:\n  agents: {base_url: nonsense}\n", "2: sources.agents.base_url: Input should be a valid URL"),
        (
            "sources:\n  agents: {token: a, token_file: /b}\n",
            "2: sources.agents: give token or token_file, not both",
        ),
        (
            "mock: {seeed: 1}\nsources:\n  agents: {mock: true}\n",
            "1: mock.seeed: no such setting; did you mean seed?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_would_work(write, tmp_path, text, expected):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "hookless.py").write_text("")
    (tmp_path / "odd.py").write_text(
        "from livingmap.plugin import hookimpl\n@hookimpl\ndef livingmap_sauce(): ...\n"
    )
    [fault] = faults(write(text))
    assert fault.startswith(expected.replace("{tmp}", str(tmp_path)))


def test_all_faults_are_told_at_once(write):
    text = "sources:\n  citi:\n  weather: {module: weather, unti: 1}\n  agents: {retries: -1}\n"
    assert [line.split(":")[0] for line in faults(write(text))] == ["2", "3", "4"]


def test_a_misspelt_variable_is_a_fault(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SERVRE__PORT", "1")
    assert faults(write("sources:\n  agents:\n")) == [
        "LIVINGMAP_SERVRE__PORT: no such setting; did you mean server?"
    ]


def test_a_secret_is_not_shown_in_a_fault(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SOURCES__WEATHER__TOKEN", '{"hush": 1}')
    monkeypatch.setenv("LIVINGMAP_SOURCES__WEATHER__RETRIES", "many")
    assert "hush" not in str(faults(write("sources:\n  weather: {module: weather}\n")))


def test_a_broken_plugin_that_may_be_skipped_is_shown_as_failed(write, tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    config = load(write("sources:\n  x: {module: broken, on_error: skip}\n  agents:\n"))
    at = f"{tmp_path / 'broken.py'}:1"
    assert config.sources[0].error == f"broken failed on import: ZeroDivisionError: division by zero ({at})"
    assert [source.name for source, _ in config.enabled()] == ["agents"]


def test_the_file_is_given_or_from_the_environment_or_a_default(write, tmp_path, monkeypatch):
    assert config_file() is None
    (tmp_path / "livingmap.yaml").write_text("")
    assert str(config_file()) == "livingmap.yaml"
    monkeypatch.setenv("LIVINGMAP_CONFIG", "other.yaml")
    assert str(config_file()) == "other.yaml"
    assert config_file(tmp_path) == tmp_path


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read: .*No such file"):
        load(tmp_path / "gone.yaml")


def test_the_schema_holds_every_enabled_plugins_settings(write):
    config = load(write("sources:\n  weather: {module: weather}\n  agents: {mock: true}\n"))
    made = schema(config)
    text = json.dumps(made)
    assert made["$defs"]["Settings"]["properties"]["unit"]["description"] == "Unit of temperatures."
    assert "events_per_second" in text
    assert "AgentsSettings" in text


def distribution(folder, name, entry_points):
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


def test_a_plugin_of_another_distribution_is_found_by_its_entry_point(write, tmp_path, monkeypatch):
    distribution(tmp_path, "weather-map", "[livingmap.plugins]\nweather = weather\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    [(source, _)] = load(write("sources:\n  weather: {}\n")).enabled()
    assert source.service == "weather-service"


def test_two_distributions_with_one_name_are_both_named(write, tmp_path, monkeypatch):
    distribution(tmp_path, "my-agents", "[livingmap.plugins]\nagents = weather\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    [fault] = faults(write("sources:\n  agents:\n"))
    assert "livingmap: livingmap_agents.plugin, my-agents: weather" in fault


def test_a_broken_distribution_that_is_not_enabled_harms_nobody(write, tmp_path, monkeypatch):
    distribution(tmp_path, "ruin", "[livingmap.plugins]\nruin = no.such.module\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [source.name for source, _ in load(write("sources:\n  agents:\n")).enabled()] == ["agents"]


def test_a_fault_of_the_environment_names_the_variable(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SOURCES__AGENTS__RETRIES", "many")
    [fault] = faults(write("sources:\n  agents: {retries: 1}\n"))
    assert fault.startswith("sources.agents.retries: Input should be a valid integer")
    assert fault.endswith("(from LIVINGMAP_SOURCES__AGENTS__RETRIES)")


@pytest.mark.parametrize("service", ["LIVINGMAP", "LIVINGMAP_NATS", "LIVINGMAP_SERVER", "LIVINGMAP_PORT"])
def test_variables_that_kubernetes_adds_for_a_service_are_not_settings(write, monkeypatch, service):
    file = write("sources:\n  agents:\n")
    plain = load(file)
    for name, value in {
        "SERVICE_HOST": "10.0.48.109",
        "SERVICE_PORT": "7017",
        "SERVICE_PORT_HTTP": "7017",
        "PORT": "tcp://10.0.48.109:7017",
        "PORT_7017_TCP": "tcp://10.0.48.109:7017",
        "PORT_7017_TCP_PROTO": "tcp",
        "PORT_7017_TCP_PORT": "7017",
        "PORT_7017_TCP_ADDR": "10.0.48.109",
    }.items():
        monkeypatch.setenv(f"{service}_{name}", value)
    loaded = load(file)
    assert (loaded.server, loaded.nats) == (plain.server, plain.nats)


def test_a_variable_that_only_looks_like_one_of_kubernetes_is_a_fault(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_PORT", "8000")
    [fault] = faults(write("sources:\n  agents:\n"))
    assert fault.startswith("LIVINGMAP_PORT: no such setting")


@pytest.mark.parametrize("name", ["SERVER__PORT", "SERVER__HOST", "NATS__URL", "HISTORY__URL", "LOGGING__LEVEL"])
def test_an_empty_variable_sets_nothing(write, monkeypatch, name):
    file = write("sources:\n  agents:\n")
    plain = load(file)
    monkeypatch.setenv(f"LIVINGMAP_{name}", "")
    assert load(file) == plain


def test_the_level_may_be_written_in_capitals(write, monkeypatch):
    monkeypatch.setenv("LIVINGMAP_LOGGING__LEVEL", "WARNING")
    assert load(write("sources:\n  agents:\n")).logging.level == "warning"


def test_the_variable_of_the_file_may_begin_with_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LIVINGMAP_CONFIG", "~/map.yaml")
    assert config_file() == tmp_path / "map.yaml"


@pytest.mark.parametrize("text", ["07017", "+0644", "0_7"])
def test_an_octal_number_is_a_fault(write, text):
    [fault] = faults(write(f"server: {{port: {text}}}\nsources:\n  agents:\n"))
    assert fault.startswith(f"1: server.port: {text} would be {int(text, 8)}, an octal number")


def test_faults_in_one_section_do_not_hide_those_in_another(write):
    assert [line.split(": ")[1] for line in faults(write("server: {port: x}\nsources:\n  citi:\n"))] == [
        "server.port",
        "sources.citi",
    ]


def test_a_credentials_file_is_sought_beside_the_yaml(write, tmp_path):
    file = write("nats: {url: 'nats://x', credentials_file: map.creds}\nsources:\n  agents:\n")
    assert load(file).nats.credentials_file == tmp_path / "map.creds"


def test_a_token_file_is_sought_beside_the_yaml(write, tmp_path):
    (tmp_path / "secret").write_text("one")
    file = write("sources:\n  agents: {token_file: secret}\n")
    [(_, settings)] = load(file).enabled()
    assert settings.token_file == tmp_path / "secret"


def test_a_link_that_no_browser_should_open_is_a_fault(write):
    [fault] = faults(write("sources:\n  agents:\n    links: {agent: 'javascript:alert(1)'}\n"))
    assert fault.startswith("3: sources.agents.links: the link of agent begins with none of http:, https:")
