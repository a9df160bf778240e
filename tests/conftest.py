"""What holds for the whole run: a test that is skipped has not passed, and an interrupt is one."""

import signal

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell that runs the tests in the background has it so
    signal.signal(signal.SIGINT, signal.default_int_handler)  # and all programs that they start would, too


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    silenced = [*reporter.stats.get("skipped", []), *reporter.stats.get("xfailed", [])] if reporter else []
    if silenced and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
