"""The clocks of other servers, compared with that of this machine."""

from datetime import datetime, timedelta
from typing import Final

from livingmap.doctor.finding import Code, Finding

MOST_SECONDS: Final = 5.0
"""So far two clocks may be apart: what one machine calls now is then not yet stale for another."""


def of_clock(where: str, name: str, there: datetime, before: datetime, after: datetime) -> list[Finding]:
    """Return that a clock goes wrong. The server was asked at ``before``, and ``after`` the answer was here."""
    margin = timedelta(seconds=MOST_SECONDS)
    if before - margin <= there <= after + margin:
        return []
    seconds = (there - before).total_seconds()
    what = f"the clock of {name} is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    fix = "set both by NTP: `timedatectl set-ntp true` on the machine whose clock is wrong"
    return [Finding(Code.CLOCK, where, what, fix)]
