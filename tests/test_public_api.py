"""What plugins and clients may rely on is recorded, described, and typed."""

import os
import subprocess
import sys

import pytest

from scripts import plugin_api
from tests.test_docs import GUIDE, unpack

REMEDY = """
If this is meant: run `.venv/bin/python scripts/plugin_api.py`, say it in CHANGELOG.md, and raise API_VERSION in
livingmap/core/api_version.py: the second number for what is new, the first for what is gone or changed."""


@pytest.mark.parametrize("name", ["surface", "reference"])
def test_public_names_are_as_recorded(name):
    file = {"surface": plugin_api.SURFACE, "reference": plugin_api.REFERENCE}[name]
    lines = plugin_api.differences(file, getattr(plugin_api, name)())
    assert not lines, "\n".join([f"{file.name} differs from the code:", *lines, REMEDY])


def test_a_change_of_a_public_name_is_a_difference(tmp_path):
    file = tmp_path / "public_api.txt"
    file.write_text("livingmap.plugin.id_of(kind: str) -> str\nlivingmap.plugin.gone\n")
    assert plugin_api.differences(file, "livingmap.plugin.id_of(kind: str, value: object) -> str\n")[3:] == [
        "-livingmap.plugin.id_of(kind: str) -> str",
        "-livingmap.plugin.gone",
        "+livingmap.plugin.id_of(kind: str, value: object) -> str",
    ]


def test_the_plugins_of_the_guide_are_typed(tmp_path):
    folder = unpack(GUIDE, tmp_path)
    files = [str(file.relative_to(folder)) for file in folder.rglob("*.py") if "tests" not in file.parts]
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", *sorted(files)]
    clean = {name: value for name, value in os.environ.items() if name != "MYPYPATH"}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
