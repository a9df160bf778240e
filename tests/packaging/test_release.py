"""What a release is made of: one version, and a changelog of fragments. scripts/release makes the rest."""

import subprocess
import sys
import tomllib
from pathlib import Path

import livingmap
from scripts.version import versions

ROOT = Path(__file__).parents[2]
CHANGES = ROOT / "docs" / "changes"


def test_every_file_that_repeats_the_version_has_the_same():
    assert {name: {livingmap.__version__} for name in versions()} == versions()


def test_every_fragment_is_of_a_kind_and_says_something():
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9", "--date", "2026-12-01"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "## [9.9.9] - 2026-12-01" in done.stdout
    for fragment in CHANGES.glob("*"):
        text = fragment.read_text().strip()
        assert fragment.name == "README.md" or text.splitlines()[0] in done.stdout, fragment


def test_the_changelog_begins_where_fragments_are_put():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
    assert (ROOT / "CHANGELOG.md").read_text().count(settings["start_string"]) == 1
