"""Processes in Linux namespaces of their own, like containers: what they call by one name may be two things."""

import contextlib
import subprocess
from collections.abc import Iterator


class NoNamespaces(Exception):
    """Why this machine lends none."""


@contextlib.contextmanager
def in_namespaces(*command: str, kinds: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """Run a command that writes a line when it is ready, in new namespaces of these kinds. Raises NoNamespaces."""
    options = [*(f"--{one}" for one in kinds), *(["--fork", "--kill-child"] if "pid" in kinds else [])]
    try:
        process = subprocess.Popen(
            ["unshare", *options, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError as error:
        raise NoNamespaces(str(error)) from error
    try:
        assert process.stdout
        assert process.stderr
        if not process.stdout.readline():
            error = process.stderr.read()
            assert error.startswith(("unshare: ", "mount: ")), error  # else the command itself is at fault
            raise NoNamespaces(error)
        yield process
    finally:
        process.kill()
        process.communicate()
