"""The command line against a map that wants a token: taken from the environment or a file, and never shown."""

import asyncio
import json
import os
import signal

import pytest

from tests.support import program
from tests.support.access import token
from tests.support.nats_server import until

TOKEN = token("u-1")


def environment(variables):
    return {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")} | variables


async def run(*arguments, **variables):
    """Run a command to its end; return status, output and errors."""
    ended = await asyncio.to_thread(program.run, *arguments, environment=environment(variables))
    return ended.returncode, ended.stdout, ended.stderr


async def first_line(folder, *arguments, **variables):
    """Run a command until it has printed a line, and return that."""
    output = folder / f"output-{len(list(folder.iterdir()))}"
    running = program.Program(arguments, environment(variables), folder, output, folder / "errors")
    await until(lambda: output.exists() and b"\n" in output.read_bytes(), 60)
    running.send_signal(signal.SIGTERM)
    await running.wait()
    return output.read_text().splitlines()[0]


@pytest.fixture
async def made(guarded, services):
    return await guarded(authenticator={"secret": services.auth.secret})


async def test_tail_and_history_read_with_the_token_of_the_environment_or_of_a_file(made, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    await made.living.writer.drain(5)
    for arguments, variables in (
        ((), {"LIVINGMAP_TOKEN": TOKEN}),
        ((), {"LIVINGMAP_TOKEN_FILE": str(file)}),
        (("--token-file", str(file)), {}),
        (("--token", TOKEN), {}),
    ):
        line = await first_line(tmp_path, "tail", "--url", made.url, "--json", *arguments, **variables)
        assert json.loads(line)["kind"] == "snapshot"
        status, out, errors = await run("history", "--url", made.url, "--json", *arguments, **variables)
        assert (status, errors) == (0, "")
        assert out.splitlines()
        assert TOKEN not in out


async def test_without_a_good_token_they_fail_and_do_not_show_it(made, tmp_path):
    for variables in ({}, {"LIVINGMAP_TOKEN": token(seconds=-60)}):
        for command in ("tail", "history"):
            status, out, errors = await run(command, "--url", made.url, **variables)
            assert (status, out) == (1, "")
            assert "token" in errors or "credential" in errors
            assert not variables or variables["LIVINGMAP_TOKEN"] not in errors


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--token", "a", "--token-file", "b"], "not both"),
        (["--token-file", "/no/such/file"], "No such file"),
        (["--token", "two words"], "no header can carry"),
    ],
)
async def test_an_option_that_gives_no_usable_token_is_an_error(arguments, expected):
    for command in ("tail", "history"):
        status, _, errors = await run(command, "--url", "http://127.0.0.1:9", *arguments)
        assert status == 1
        assert expected in errors
        assert "two words" not in errors
