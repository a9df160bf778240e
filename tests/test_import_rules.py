"""The import rules: what they do not allow is forbidden, for a module that is new as well."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(folder.name for folder in (ROOT / "plugins").glob("livingmap_*"))
NEW_MODULE = '"""A module that no rule names."""\n'


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the code and its rules, whose import graph holds only what it needs."""
    root = tmp_path_factory.mktemp("imports")
    for folder in ("livingmap", "plugins"):
        shutil.copytree(
            ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.json", "tests")
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def broken_by(root, planted):
    """Return what `lint-imports` says once the ``planted`` texts stand at the ends of their files."""
    before = {file: (root / file).read_text() if (root / file).exists() else None for file in planted}
    try:
        for file, text in planted.items():
            (root / file).write_text((before[file] or "") + text)
        command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
        paths = os.pathsep.join(str(root / folder) for folder in ("", "plugins"))
        done = subprocess.run(
            command, cwd=root, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
        )
        return done.stdout
    finally:
        for file, text in before.items():
            (root / file).unlink() if text is None else (root / file).write_text(text)


def test_the_code_as_it_is_keeps_every_rule(copy):
    assert "Contracts: 7 kept, 0 broken." in broken_by(copy, {})


@pytest.mark.parametrize("module", ["livingmap.core.scene", "livingmap.errors", "livingmap.testing"])
def test_a_plugin_that_imports_another_module_of_the_host_breaks_a_rule(copy, module):
    report = broken_by(copy, {"plugins/livingmap_agents/plugin.py": f"import {module}  # planted\n"})
    assert "livingmap.plugin and nothing else BROKEN" in report
    assert f"livingmap_agents.plugin -> {module}" in report


def test_a_plugin_that_imports_a_new_module_of_the_host_breaks_a_rule(copy):
    planted = {"livingmap/novelty.py": NEW_MODULE, "plugins/livingmap_mock/times.py": "import livingmap.novelty\n"}
    report = broken_by(copy, planted)
    assert "livingmap.plugin and nothing else BROKEN" in report
    assert "livingmap_mock.times -> livingmap.novelty" in report


def test_a_new_module_of_the_host_has_to_be_given_its_place(copy):
    report = broken_by(copy, {"livingmap/novelty.py": NEW_MODULE})
    assert "every room is listed BROKEN" in report
    assert "livingmap.novelty" in report


@pytest.mark.parametrize("importer", ["livingmap/app/living_map.py", "plugins/livingmap_dao/plugin.py"])
def test_an_import_of_a_plugin_breaks_a_rule(copy, importer):
    assert "Nobody imports a plugin BROKEN" in broken_by(copy, {importer: "import livingmap_space.plugin\n"})


def test_what_imports_httpx_or_aiohttp_beside_the_clients_breaks_a_rule(copy):
    report = broken_by(copy, {"livingmap/novelty.py": "import aiohttp\nimport httpx\n"})
    assert "httpx is imported by the clients, the transport and the stub BROKEN" in report
    assert "aiohttp is imported by the transport BROKEN" in report


def test_the_client_imports_no_room_of_the_host_but_the_core(copy):
    report = broken_by(copy, {"livingmap/client/novelty.py": "import livingmap.stream.frames\n"})
    assert "livingmap.client is not allowed to import livingmap.stream" in report


def test_a_room_of_the_host_that_imports_the_client_breaks_a_rule(copy):
    report = broken_by(copy, {"livingmap/novelty.py": "import livingmap.client\n"})
    assert "only the command line uses the client BROKEN" in report


def test_every_plugin_is_guarded():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (guarded,) = [rule for rule in rules["contracts"] if rule["name"] == "Nobody imports a plugin"]
    assert rules["root_packages"] == ["livingmap", *PLUGINS]
    assert guarded["protected_modules"] == PLUGINS


def test_the_core_imports_the_standard_library_alone():
    imported = {name for file in (ROOT / "livingmap/core").glob("*.py") for name in imports(file)}
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} == {
        name for name in imported if name.startswith("livingmap.core.")
    }


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
