"""New plugins: what `livingmap new` writes passes its own tests and those of an editor, before the first edit."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from livingmap.config.loading import load
from livingmap.kit.scaffold import Kind, ScaffoldError, create, invalid_reason, requirement, section
from livingmap.plugin import Reply
from livingmap.testing import SourceHarness
from tests.support import program

ROOT = Path(__file__).parents[2]
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:xdist")
"""Without what this repository has besides: each of these takes half a second to import."""
LIVINGMAP = Path(sys.executable).parent / "livingmap"
CODE = [kind for kind in Kind if kind is not Kind.NO_CODE]
KINDS = [
    pytest.param(kind, package, id=f"{kind}{'-package' * package}") for kind in CODE for package in (False, True)
]


def run(*command, folder):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LIVINGMAP_", "PYTEST_"))}
    clean["HYPOTHESIS_STORAGE_DIRECTORY"] = str(
        ROOT / ".hypothesis"
    )  # where its table of all characters is already
    if command[0] == LIVINGMAP:
        ended = program.run(*command[1:], folder=folder, environment=clean | {"COLUMNS": "200"})
        return ended.returncode, ended.stdout + ended.stderr
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("kind", "package"), KINDS)
def test_the_tests_of_a_new_plugin_pass(kind, package, tmp_path):
    folder = create("tides_2", kind, tmp_path, package=package)
    status, shown = run(*PYTEST, "-W", "error", "--strict-markers", folder, folder=tmp_path)
    assert (status, "skipped" in shown, "warning" in shown) == (0, False, False), shown
    assert re.search(r"\b\d\d passed", shown)


def test_new_plugins_are_typed(tmp_path):
    for number, kind in enumerate(CODE):
        create(f"tides{number}", kind, tmp_path)
    files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.py"))
    status, shown = run(sys.executable, "-m", "mypy", "--strict", *files, folder=tmp_path)
    assert (status, "no issues" in shown) == (0, True), shown


def test_a_rule_of_the_suite_that_fails_says_what_it_saw(tmp_path):
    folder = create("tides", Kind.EVENTS, tmp_path)
    plugin = folder / "tides.py"
    plugin.write_text(plugin.read_text().replace('"{id:tides} is gone"', '"{id tides} is gone"'))
    _, shown = run(*PYTEST, folder, "-k", "sound", folder=tmp_path)
    assert "{id tides} is not {field}, {field:kind} or {field:kind" in shown


@pytest.mark.parametrize(("kind", "package"), KINDS)
def test_a_new_plugin_has_a_readme_beside_it(kind, package, tmp_path):
    folder = create("tides", kind, tmp_path, package=package)
    [readme] = folder.rglob("README.md")
    assert readme.with_name("samples").is_dir()
    assert "| section | `sources.tides` |" in readme.read_text()


@pytest.mark.parametrize("kind", CODE)
def test_the_lines_for_the_yaml_are_a_configuration(kind, tmp_path):
    folder = create("tides", kind, tmp_path)
    file = tmp_path / "livingmap.yaml"
    file.write_text("\n".join(section("tides", folder)))
    [(source, settings)] = load(file).enabled()
    assert (source.name, settings.mock) == ("tides", True)


@pytest.mark.parametrize("kind", CODE)
def test_a_new_package_is_named_by_its_entry_point(kind, tmp_path):
    folder = create("sea_tides", kind, tmp_path, package=True)
    assert folder == tmp_path / "livingmap-sea-tides"
    assert 'sea_tides = "livingmap_sea_tides.plugin"' in (folder / "pyproject.toml").read_text()
    assert (
        section("sea_tides", folder, package=True)[2] == "    mock: true  # the samples stand in for the service"
    )


async def test_a_new_source_without_code_reads_its_stub(tmp_path):
    folder = create("tides", Kind.NO_CODE, tmp_path)
    assert sorted(file.name for file in folder.iterdir()) == ["items", "livingmap.yaml"]
    [(source, settings)] = load(folder / "livingmap.yaml").enabled()
    stub = json.loads((folder / "items").read_text())
    harness = SourceHarness(
        source, lambda _: Reply(stub), **settings.model_dump(exclude_unset=True, exclude={"plugin"})
    )
    await harness.poll()
    assert harness.health.dropped == []
    assert dict(harness.items("tides")) == {
        "tides:first": {"name": "The first", "status": "online", "load": 0.25},
        "tides:second": {"name": "The second", "status": "degraded", "load": 0.75},
    }
    with pytest.raises(ScaffoldError, match="there is nothing to package"):
        create("tides", Kind.NO_CODE, tmp_path, package=True)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("My-Net", "at most 40, a letter first, like my_net"),
        ("9", "at most 40, a letter first"),
        ("class", "is a word of Python"),
        ("agents", "is the name of an installed plugin"),
        ("json", "is the name of an installed Python module"),
        ("pydantic", "is the name of an installed Python module"),
        ("../x", "a letter first, like x"),
    ],
)
def test_a_name_that_does_not_do_is_refused(name, reason):
    assert reason in str(invalid_reason(name))


def test_a_package_is_installed_with_the_map_from_where_that_came(tmp_path):
    status, shown = run(LIVINGMAP, "new", "tides", "--package", folder=tmp_path)
    assert status == 0
    assert f"pip install '{requirement()}' -e ./livingmap-tides && pytest livingmap-tides" in shown
    origin = requirement().removesuffix("[testing]")
    assert origin == "livingmap" or Path(origin).exists()


def test_the_command_prints_what_to_do_next_and_overwrites_nothing(tmp_path):
    status, shown = run(LIVINGMAP, "new", "tides", folder=tmp_path)
    assert status == 0
    assert shown.splitlines()[-7:] == [
        "test it: pytest tides",
        "see it, and its grade: livingmap dev ./tides/tides.py",
        "then put this into livingmap.yaml:",
        "sources:",
        "  tides:",
        "    module: ./tides/tides.py",
        "    mock: true  # the samples stand in for the service",
    ]
    before = (tmp_path / "tides" / "tides.py").read_bytes()
    status, shown = run(LIVINGMAP, "new", "tides", "--kind", "events", folder=tmp_path)
    assert status == 1
    assert shown == f"{tmp_path / 'tides'} is there already; choose another name, or remove it\n"
    assert (tmp_path / "tides" / "tides.py").read_bytes() == before
    assert run(LIVINGMAP, "new", "My-Net", folder=tmp_path) == (
        1,
        "'My-Net' is not lower-case letters, digits and _, at most 40, a letter first, like my_net\n",
    )
