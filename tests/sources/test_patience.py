"""How long a service and a poll are waited for: while something comes, ten times as long, and no longer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from livingmap.core.model import Put
from livingmap.core.source import Layer, Source
from livingmap.errors import Unreachable
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import SourceClient
from livingmap.testing import SourceHarness

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TIMEOUT_SECONDS = 100.0
ENOUGH = b" " * (64 * 1024)
"""As much of an answer as has to come within the limit."""


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock a test puts forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def pass_by(self, seconds: float) -> None:
        """Let so much time pass, and everybody notice it."""
        self.ahead += seconds
        for _ in range(20):
            await asyncio.sleep(0)


def run(main: Callable[[Clock], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(main(runner.get_loop()))


@pytest.fixture
def ask(monkeypatch):
    """Return the answer of a service whose body is the given one."""

    def asked(body: Callable[[Clock], AsyncIterator[bytes]]) -> Any:
        async def main(clock: Clock) -> Any:
            transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body(clock)))
            monkeypatch.setattr("livingmap.sources.json_client.stub_transport", lambda *_: transport)
            settings = SourceSettings(base_url="http://things", retries=0, timeout_seconds=TIMEOUT_SECONDS)
            service = SourceClient("test", settings, lambda _: Reply([]))
            try:
                return await service.client(NOW).get("/rows")
            finally:
                await service.close()

        return run(main)

    return asked


def test_an_answer_that_keeps_coming_may_take_longer_than_the_limit(ask):
    async def body(clock):
        for _ in range(9):
            yield ENOUGH
            await clock.pass_by(TIMEOUT_SECONDS)
        yield b"[1]"

    assert ask(body) == [1]


def test_an_answer_of_which_too_little_comes_is_not_waited_for_any_longer(ask):
    limits = []

    async def body(clock):
        yield ENOUGH
        while True:
            limits.append("passed")
            await clock.pass_by(TIMEOUT_SECONDS)
            yield ENOUGH[1:]

    with pytest.raises(Unreachable, match="no answer within 100 s"):
        ask(body)
    assert limits == ["passed"] * 2


def test_an_answer_that_never_ends_is_given_up_at_ten_times_the_limit(ask):
    limits = []

    async def body(clock):
        while True:
            yield ENOUGH
            limits.append("passed")
            await clock.pass_by(TIMEOUT_SECONDS)

    with pytest.raises(Unreachable, match="no answer within 100 s"):
        ask(body)
    assert limits == ["passed"] * 10


@pytest.mark.parametrize(
    ("reads", "limits", "error"),
    [
        (3, 3, None),
        (3, 4, "things.items: the poll took longer than 10 timeouts"),
        (99, 10, "things.items: the poll took longer than 10 timeouts"),
    ],
    ids=["ends", "reads no further", "reads for ever"],
)
def test_a_poll_goes_on_while_it_reads_for_ten_times_its_limit_at_most(reads, limits, error):
    passed = []

    class Settings(SourceSettings):
        base_url: str = "http://things"
        timeout_seconds: float = TIMEOUT_SECONDS

    async def main(clock):
        async def fetch(client):
            while len(passed) < (99 if error else limits):
                if len(passed) < reads:
                    client.read(dict, [{}])
                passed.append("a limit")
                await clock.pass_by(10 * TIMEOUT_SECONDS)
            return [Put("things", "thing:1", {})]

        harness = SourceHarness(Source("things", "s", Settings, (Layer("things", fetch=fetch),)))
        await harness.poll()
        assert harness.health.error == error

    run(main)
    assert len(passed) == limits
