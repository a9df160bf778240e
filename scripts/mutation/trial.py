"""The trial of mutants: each in a process that is forked after the tests were imported."""

import gc
import inspect
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from scripts.mutation.outcomes import Fate, Outcome, Outcomes, fate_of
from scripts.mutation.room import Room, digest, function_of

_CPU_FACTOR: Final = 10
_CPU_SECONDS: Final = 5
"""It may take so many times the CPU time of its tests, and so many seconds more; other load does not count."""
_WALL_SECONDS: Final = 120
"""For so long one of its tests may wait for what never comes."""
_LIMITS: Final = (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)


@dataclass(frozen=True)
class Budget:
    """How much a run may cost: minutes in all, processes at once, CPU seconds and examples for each mutant."""

    minutes: float
    workers: int
    seconds: float
    examples: int


class Trial:
    """A pytest plugin that in place of one run of the tests has one for each mutant."""

    def __init__(self, room: Room, mutants: Sequence[str], outcomes: Outcomes, budget: Budget) -> None:
        self._room, self._mutants, self._outcomes, self._budget = room, mutants, outcomes, budget
        self._items: dict[str, pytest.Item] = {}
        self._sources: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._reached: dict[str, list[str]] = defaultdict(list)
        self._killers: dict[str, Counter[str]] = defaultdict(Counter)
        self._failure: tuple[str, str] | None = None
        self._running: dict[int, tuple[str, int]] = {}
        self._wall_seconds = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Have the laws try few examples, always the same, and none of them be late."""
        from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415 - pytest has to load it first

        settings.register_profile(
            "mutation",
            max_examples=self._budget.examples,
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutation")

    def pytest_runtest_logstart(self) -> None:
        """Limit the time of a test, each anew: the one before may have used the timer itself."""
        signal.alarm(self._wall_seconds)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the first failure."""
        if report.failed and self._failure is None:
            crash = getattr(report.longrepr, "reprcrash", None)
            lines = str(crash.message if crash else report.longrepr).splitlines()
            self._failure = report.nodeid, (lines or [""])[0][:200]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants whose outcome is not known."""
        if session.testsfailed:
            raise session.Failed("tests could not be collected")
        session.config.pluginmanager.unregister(name="terminalreporter")
        self._items = {item.nodeid: item for item in session.items}
        for item in session.items:
            self._limit_examples(item)
        gc.collect()
        gc.freeze()
        failure = self._measure()
        if failure is not None:
            say(f"a test fails without any mutant: {failure}")
            session.testsfailed = 1
        else:
            self._try_all()
        return True

    def _limit_examples(self, item: pytest.Item) -> None:
        test: Any = getattr(item, "obj", None)
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if own is not None:
            few = min(own.max_examples, self._budget.examples)
            test._hypothesis_internal_use_settings = type(own)(own, max_examples=few)  # noqa: SLF001

    def _measure(self) -> object:
        """Find out which functions each test reaches, and how long it takes; return what fails."""
        pid, reader = _forked(self._measured)
        with os.fdopen(reader) as pipe:
            answer = json.loads(pipe.read() or '{"failure": "the process of the tests ended"}')
        os.waitpid(pid, 0)
        if "failure" in answer:
            return answer["failure"]
        for test, (seconds, functions) in answer.items():
            self._seconds[test] = seconds
            for function in functions:
                self._reached[function].append(test)
        say(f"{len(self._items)} tests, {sum(self._seconds.values()):.0f} s")
        return None

    def _measured(self) -> Mapping[str, object]:
        import mutation_switch  # type: ignore[import-not-found]  # noqa: PLC0415 - it is beside the mutated program

        functions: set[str] = set()
        mutation_switch.record(functions.add)
        reached = {}
        for item in self._items.values():
            functions.clear()
            before = time.process_time()
            self._run([item])
            if self._failure is not None:
                return {"failure": self._failure}
            reached[item.nodeid] = time.process_time() - before, sorted(functions)
        sys.setprofile(None)
        return reached

    def _try_all(self) -> None:
        until = time.monotonic() + 60 * self._budget.minutes
        mutants = [mutant for mutant in self._mutants if self._is_open(mutant)]
        for done, mutant in enumerate(mutants):
            if time.monotonic() > until:
                break
            if done % 50 == 0:
                say(f"{done} of {len(mutants)} mutants; now {mutant}")
                self._outcomes.save()
            if not self._tests_of(mutant):
                self._note(mutant, Fate.UNREACHED)
                continue
            while len(self._running) >= self._budget.workers:
                self._wait()
            pid, reader = _forked(lambda: self._tried(mutant))  # noqa: B023 - it is called at once
            self._running[pid] = mutant, reader
        while self._running:
            self._wait()
        self._outcomes.save()

    def _is_open(self, mutant: str) -> bool:
        """Tell whether a mutant was not tried to the end, or what its outcome depends on has changed."""
        outcome = self._outcomes.get(mutant)
        if outcome is None or outcome.function != self._room.functions[function_of(mutant)]:
            return True
        if outcome.killer is not None:
            self._killers[function_of(mutant)][outcome.killer] += 1
        return outcome.fate is Fate.PARTLY or outcome.tests != self._digest_of_tests(mutant, outcome.killer)

    def _digest_of_tests(self, mutant: str, killer: str | None) -> str:
        """Return a digest of the test that killed a mutant, or of all that did not."""
        tests = [killer] if killer in self._items else self._tests_of(mutant)
        return digest("".join(sorted(map(self._source, tests))).encode())

    def _source(self, test: str) -> str:
        if test not in self._sources:
            self._sources[test] = inspect.getsource(inspect.unwrap(getattr(self._items[test], "obj", type(self))))
        return self._sources[test]

    def _tests_of(self, mutant: str) -> list[str]:
        """Return the tests that reach a mutant: first what killed others of its function, then the quick ones."""
        killers = self._killers[function_of(mutant)]
        return sorted(self._reached[function_of(mutant)], key=lambda test: (-killers[test], self._seconds[test]))

    def _tried(self, mutant: str) -> object:
        """Run the tests of a mutant; return the first failure, if any, and whether there was time for all."""
        import mutation_switch  # noqa: PLC0415

        tests, seconds = self._tests_of(mutant), 0.0
        affordable: list[str] = []
        for test in tests:
            seconds += self._seconds[test]
            if affordable and seconds > self._budget.seconds:
                break
            affordable.append(test)
        limit = _CPU_SECONDS + int(_CPU_FACTOR * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        self._wall_seconds = _WALL_SECONDS
        mutation_switch.use(mutant)
        self._run([self._items[test] for test in affordable])
        return self._failure, len(affordable) == len(tests)

    def _run(self, items: Sequence[pytest.Item]) -> None:
        """Run tests until one fails."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failure is not None:
                return

    def _wait(self) -> None:
        """Wait until one of the mutants that run has an outcome."""
        pid, status = os.wait()
        mutant, reader = self._running.pop(pid)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        if os.WIFSIGNALED(status):
            self._note(mutant, Fate.LATE if os.WTERMSIG(status) in _LIMITS else Fate.KILLED)
        elif not text:
            self._note(mutant, Fate.KILLED, error="the process of the tests ended")
        else:
            failure, all_ran = json.loads(text)
            if failure is not None:
                self._killers[function_of(mutant)][failure[0]] += 1
                self._note(mutant, fate_of(failure[1]), *failure)
            else:
                self._note(mutant, Fate.SURVIVED if all_ran else Fate.PARTLY)

    def _note(self, mutant: str, fate: Fate, killer: str | None = None, error: str | None = None) -> None:
        function, tests = self._room.functions[function_of(mutant)], self._digest_of_tests(mutant, killer)
        self._outcomes[mutant] = Outcome(fate, function, tests, killer, error)


def _forked(work: Callable[[], object]) -> tuple[int, int]:
    """Do ``work`` in another process; return its id, and where what it returns can be read as JSON."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        answer = ""
        try:
            answer = json.dumps(work())
        finally:
            with os.fdopen(writer, "w") as pipe:
                pipe.write(answer)
            os._exit(0)
    os.close(writer)
    return pid, reader


def say(line: str) -> None:
    """Print a line, whatever pytest captures."""
    os.write(1, f"{line}\n".encode())
