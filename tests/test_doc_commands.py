"""Every command of the documentation is tried here or elsewhere, or it stands below why not."""

import json
import os
import re
import shlex
import subprocess
import urllib.request
from collections import defaultdict
from dataclasses import dataclass

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from livingmap.cli.program import app
from tests.packaging.test_helm import program as helm
from tests.support.ports import free_port
from tests.support.running import RunningMap, wait_until
from tests.test_docs import PAGES, ROOT, blocks, commands
from tests.test_tutorial import fits

ADDRESS = "http://127.0.0.1:7017"
TIMES = re.compile(r"-10s|-1h|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")

BACKUP = "backup/test_command.py::test_a_running_map_is_moved_to_another_server_with_its_key"
DROP_IN = "network/test_drop_in.py::test_the_commands_of_the_page_put_the_map_in_its_place_and_give_it_back"
ELSEWHERE = {
    r"livingmap (new|probe|record|replay power|check)": "test_docs.py::test_the_first_steps_print_what_is_shown",
    r"echo |python3 -m http.server": "test_docs.py::test_the_first_steps_print_what_is_shown",
    r"livingmap publish": "test_docs.py::test_a_published_message_is_heard",
    r"python follow\.py": "test_docs.py::test_the_script_that_follows_prints_what_is_shown",
    r"python3 -m venv \.venv$|\.venv/bin/(pip|pytest)": "test_docs.py::test_the_tests_of_the_guide_pass",
    r"\.venv/bin/livingmap plugins": "test_docs.py::test_the_package_of_the_guide_is_found_by_its_entry_point",
    r"\.venv/bin/livingmap config schema": "test_docs.py::test_the_schema_is_that_of_the_program",
    r"\.venv/bin/python scripts/plugin_api\.py": "test_public_api.py::test_public_names_are_as_recorded",
    r"(\w+=\S+ )?livingmap (backup|restore)": BACKUP,
    r"docker compose run --rm living-map-service (check|probe)": DROP_IN,
    r"livingmap (export|replay night)": "kit/test_exported_map.py::test_the_commands_write_a_file_and_serve_it",
}
"""Commands, and the tests that run them or what they call."""

BY_HAND = {
    r"scripts/(start|stop)-phase9\.sh|docker (?!compose run)": "need Docker; scripts/try_image.sh has one",
    r"pip install|uvx |python3 -m venv /opt": "the package is in no index yet; scripts/release installs its wheel",
    r"install (-D )?-m ": "makes accounts and files of a system, which a test must not",
    r"scripts/run\.sh|livingmap serve$": "serves until it is stopped; `RunningMap` starts such maps",
    r"scripts/test\.sh": "is what runs the tests",
    r"git clone": "a placeholder",
    r"cd frontend|npm (ci|run (build|openapi))": "scripts/check_frontend.sh, a part of scripts/test.sh, does so",
    r"npm run dev": "serves until it is stopped",
    r"scripts/(mutate|faults|bench/run)\b": "takes minutes to hours",
    r"nats stream ": "needs the command line of NATS, which no script installs; a test makes its requests",
    r"export PATH": "sets a variable of the shell",
}
"""Commands that no test runs, and why."""


@dataclass(frozen=True)
class Command:
    """A command of a page, with what the page shows that it prints."""

    page: str
    text: str
    shown: str = ""

    @property
    def asks_a_map(self) -> bool:
        return bool(re.match(r"curl .*127\.0\.0\.1:7017|livingmap (history|tail|diff|snapshot) ", self.text))


def collected() -> list[Command]:
    """Return the commands of all pages, each as one line without comment."""
    every = []
    for page in PAGES:
        every += [Command(page.name, command, shown) for command, shown in commands(page)]
        for block in blocks(page, "sh"):
            lines = block.text.replace("\\\n", " ").splitlines()
            every += [Command(page.name, text) for line in lines if (text := re.sub(r"(^|\s+)# .*$", "", line))]
    return every


COMMANDS = collected()


def first(table: dict[str, str], text: str) -> str | None:
    return next((value for pattern, value in table.items() if re.match(pattern, text)), None)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The map of config/demo.yaml as it is served, after something has happened on it."""
    settings = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
    one = RunningMap(
        tmp_path_factory.mktemp("demo"), free_port(), mock=settings["mock"], sources=settings["sources"]
    )
    try:
        one.start()
        began = began_at(one)
        wait_until(lambda: asked(f"{one.url}/living-map/diff?from={began}&layers=nodes")["changes"])
        yield one
    finally:
        one.stop()


def began_at(one: RunningMap) -> str:
    return asked(f"{one.url}/living-map/history?limit=1")["oldest_available"]


def asked(url):
    """Return what a map answers; nothing where it cannot yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return defaultdict(str)


def test_what_pages_ask_a_map_is_answered_as_shown(demo):
    began = began_at(demo)
    tried = [one for one in COMMANDS if one.asks_a_map]
    assert {one.page for one in tried} == {"README.md", "README.uk.md", "api.md", "tutorial.md"}
    variables = {"LIVINGMAP_URL": demo.url, "TOKEN": "of-nobody"}
    asking = {one.text: TIMES.sub(began, one.text.replace(ADDRESS, demo.url)) for one in tried}
    printed = {text: output(command, **variables) for text, command in asking.items()}
    for one in tried:
        text = printed[one.text]
        if one.page == "tutorial.md":
            assert fits(one.shown, text), f"{one.text}\n{text[:2000]}"
        else:
            assert text or " history " in one.text, one.text  # such a thing need not have happened yet


def output(command: str, **variables: str) -> str:
    """Run a command, in a shell if it is another program's; of one that goes on for ever, the first line."""
    if " tail " in command or "/events" in command:
        command += " | head -n 1"
    elif command.startswith("livingmap "):
        done = CliRunner().invoke(app, shlex.split(command)[1:], env=variables)
        assert done.exit_code == 0, f"{command}\n{done.output}"
        return done.stdout.strip()
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_a_map_that_is_served_with_variables_has_a_configuration_that_can_be_used():
    [command] = [one.text for one in COMMANDS if re.match(r"(\w+=\S+ )+livingmap serve$", one.text)]
    *given, _, _ = command.split()
    variables = dict(one.split("=", 1) for one in given)
    printed = output("livingmap check --config config/livingmap.yaml", **variables)
    assert "city: city-service, http://city:80" in printed


@pytest.mark.parametrize("one", [one for one in COMMANDS if one.text.startswith("helm ")])
def test_what_helm_installs_can_be_rendered(one, tmp_path):
    [example] = [block.text for block in blocks(ROOT / "docs" / "ha.md", "yaml")]
    (tmp_path / "livingmap.yaml").write_text(example)
    command = one.text.replace("helm install", f"{helm()} template", 1)
    assert "kind: Deployment" in output(command.replace("config=", f"config={tmp_path}/"))


def test_the_program_has_the_commands_and_options_with_which_it_is_shown():
    program = re.compile(r"(?:\w+=\S+ )*(?:\.venv/bin/)?livingmap (.+)")
    shown = [words[1] for one in COMMANDS if (words := program.match(one.text))]
    assert len(shown) > 20
    for text in shown:
        command, words = get_command(app), shlex.split(text)
        while subcommands := getattr(command, "commands", None):
            command = subcommands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert [word for word in words if re.match("--?[a-z]", word) and word not in options] == [], text


def test_scripts_have_the_options_with_which_they_are_shown():
    sources = {
        "scripts/mutate": (ROOT / "scripts" / "mutation").glob("*.py"),
        "scripts/faults": (ROOT / "tests" / "endurance" / "matrix").glob("*.py"),
        "scripts/bench/run": (ROOT / "scripts" / "bench").glob("*.py"),
    }
    texts = {script: "".join(file.read_text() for file in files) for script, files in sources.items()}
    shown = [one.text.split() for one in COMMANDS if one.text.partition(" ")[0] in texts]
    assert {script for script, *_ in shown} == texts.keys()
    for script, *words in shown:
        assert [word for word in words if word.startswith("--") and word not in texts[script]] == [], script


def test_every_command_is_tried_or_it_is_said_why_not():
    here = r"helm |(\w+=\S+ )+livingmap serve"
    left = [one for one in COMMANDS if not one.asks_a_map and not re.match(here, one.text)]
    assert [
        one for one in left if (first(ELSEWHERE, one.text) is None) == (first(BY_HAND, one.text) is None)
    ] == []
    for pattern in (*ELSEWHERE, *BY_HAND):
        assert any(re.match(pattern, one.text) for one in left), f"no page shows {pattern}"


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_the_test_that_tries_a_command_is_there(test):
    file, _, name = test.partition("::")
    assert re.search(rf"^ *(async )?def {name}\(", (ROOT / "tests" / file).read_text(), flags=re.MULTILINE)
