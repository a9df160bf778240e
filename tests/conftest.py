"""What holds for the whole run: a test that is skipped has not passed, and an interrupt is one."""

import gc
import logging
import signal
from collections.abc import Iterator

import httpx
import pytest
import structlog
from fastapi.dependencies import models
from hypothesis import settings
from structlog.dev import ConsoleRenderer, plain_traceback

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell that runs the tests in the background has it so
    signal.signal(signal.SIGINT, signal.default_int_handler)  # and all programs that they start would, too

settings.register_profile("short", max_examples=50, deadline=None)
settings.register_profile("long", max_examples=1000, deadline=None)  # pytest --hypothesis-profile long
settings.load_profile("short")

# Without configuration a traceback is logged with the values of all variables: seconds of work each.
ConsoleRenderer.get_active().exception_formatter = plain_traceback

# By default httpx waits for five seconds, which is little beside other work; each test has a limit of its own.
for client in (httpx.Client, httpx.AsyncClient):
    (client.__init__.__kwdefaults__ or {})["timeout"] = httpx.Timeout(120)

gc.disable()  # until all tests are collected: nothing of what that makes is garbage


def pytest_collection_finish() -> None:
    gc.freeze()  # or each full collection would look through it, a second that falls on whatever test runs
    gc.set_threshold(10_000)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    silenced = [*reporter.stats.get("skipped", []), *reporter.stats.get("xfailed", [])] if reporter else []
    if silenced and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    """Undo what a test configures of logging: the next one must not write to a stream that was closed."""
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    before = root.handlers, root.level, access.level
    yield
    structlog.reset_defaults()
    root.handlers, access.level = before[0], before[2]
    root.setLevel(before[1])


_CACHES = [value for value in vars(models).values() if hasattr(value, "cache_clear")]


@pytest.fixture(autouse=True)
def _applications_are_let_go() -> Iterator[None]:
    """Clear FastAPI's caches of endpoints, which keep up to a thousand applications of earlier tests in memory."""
    yield
    for cache in _CACHES:
        cache.cache_clear()
