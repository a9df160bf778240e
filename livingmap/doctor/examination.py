"""An examination: checks that run side by side, each for a limited time, none of which can harm another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from livingmap.doctor.finding import Code, Finding
from livingmap.supervision import within

MOST_SECONDS: Final = 60.0

Ended: TypeAlias = Callable[[str], object]
"""Called with the name of each check that has ended."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an examination."""

    name: str
    """What is looked at, as a path into the YAML."""
    findings: Callable[[], Awaitable[Sequence[Finding]]]
    """Looks at it."""
    seconds: float = MOST_SECONDS


async def examined(checks: Iterable[Check], on_end: Ended) -> list[Finding]:
    """Return what all checks find, in their order."""
    rounds = await asyncio.gather(*(_findings(check, on_end) for check in checks))
    return [finding for findings in rounds for finding in findings]


async def _findings(check: Check, on_end: Ended) -> Sequence[Finding]:
    try:
        return await within(check.seconds, _awaited(check), check.name)
    except TimeoutError:
        what = f"could not be looked at within {check.seconds:g} s"
        fix = f"see whether what `{check.name}` names answers in time, and run `livingmap doctor` again"
    except Exception as error:  # noqa: BLE001 - a check that fails must not take the others with it
        what = f"could not be looked at: {type(error).__name__}"
        fix = "run `livingmap doctor` again; if it stays, report it with your versions of server and map"
    finally:
        on_end(check.name)
    return [Finding(Code.NOT_DONE, check.name, what, fix)]


async def _awaited(check: Check) -> Sequence[Finding]:
    return await check.findings()
