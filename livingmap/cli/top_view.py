"""The view of `livingmap top`: what a reading says, laid out for a terminal of any size.

Each status is a word, and what is wrong bears a mark besides: colours only repeat it.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from livingmap.cli.top_reading import Item, Reading, rate, source_rate
from livingmap.core.printable import printable

_STYLES: Final = {"fresh": "green", "mock": "green", "stale": "yellow", "down": "bold red", "failed": "bold red"}
_MARKS: Final = {"stale": "?", "down": "!", "failed": "!", "critical": "!", "warning": "?"}
_SEVERITIES: Final = {"critical": "bold red", "warning": "yellow"}
_WIDE: Final = 76
"""From this width on there is room for errors and polls."""
_WIDER: Final = 100
"""From this width on there is room for services, too."""
_NARROW: Final = 34
"""Up to this width there is none for numbers."""
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_MANY: Final = 100


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown."""

    url: str
    reading: Reading | None
    """The last that came."""
    before: Reading | None = None
    """The one from which rates are counted."""
    lost_at: str | None = None
    """Since when nothing has come, as the time of day."""
    lost_seconds: float = 0.0
    error: str = ""
    is_paused: bool = False


def view(screen: Screen, width: int, height: int | None = None, keys: str = "") -> RenderableType:
    """Return the screen for a terminal; without ``height`` all of it, and else what fits."""
    parts: list[RenderableType] = [*_banner(screen)]
    reading = screen.reading
    if reading is None:
        return Group(*parts, _line(keys, "dim"))
    parts += [*_head(screen, reading, width), *(_line(note, "yellow") for note in reading.notes)]
    room = (
        None if height is None else max(2, height - len(parts) - bool(keys) - 4)
    )  # of each table the head, and what is cut
    sources, problems = _shares(room, len(reading.sources), len(reading.problems or ()))
    parts.append(_sources(screen, reading, width, sources))
    if reading.problems is not None:
        parts += _problems(reading, problems)
    return Group(*parts, *([_line(keys, "dim")] if keys else []))


def _shares(room: int | None, sources: int, problems: int) -> tuple[int, int]:
    """Return how many sources and problems are shown: problems get half of the room if they need it."""
    if room is None or sources + problems <= room:
        return sources, problems
    kept = min(problems, max(room // 2, room - sources))
    return max(1, room - kept), kept


def _banner(screen: Screen) -> list[RenderableType]:
    if screen.lost_at is None:
        return [_line(f"connecting to {screen.url}", "bold")] if screen.reading is None else []
    shown = f"; below is what it said at {screen.reading.clock}" if screen.reading else ""
    since = f"NO ANSWER since {screen.lost_at} ({_age(screen.lost_seconds)}){shown}"
    return [_line(f"! {since}", "bold white on red"), _line(f"! {screen.error}", "red")]


def _head(screen: Screen, reading: Reading, width: int) -> list[RenderableType]:
    numbers = reading.numbers
    state = "PAUSED  " if screen.is_paused else ""
    first = f"{state}{reading.clock}  {reading.phase}  livingmap {reading.version}  {screen.url}"
    facts = [
        f"events/s {_number(rate('livingmap_events_total', reading, screen.before))}",
        f"lag {_number(numbers.get('livingmap_lag'))}",
        f"viewers {_number(numbers.get('livingmap_viewers'))}",
        f"history {reading.history.get('status', '?')}",
        _leader(numbers),
        f"processes {_number(_processes(numbers))}",
        _memory(numbers),
    ]
    lines, line = [first], ""
    for fact in filter(None, facts):
        if line and len(line) + len(fact) + 3 > width:
            lines.append(line)
            line = ""
        line += f"{'   ' if line else ''}{fact}"
    return [_line(lines[0], "bold"), *(_line(one) for one in (*lines[1:], line))]


def _processes(numbers: Any) -> float | None:
    return numbers["livingmap_peers"] + 1 if "livingmap_peers" in numbers else None


def _leader(numbers: Any) -> str:
    if "livingmap_leader" not in numbers:
        return "leader ?"
    if not numbers.get("livingmap_shared_log"):
        return "leader alone"
    who = "this" if numbers["livingmap_leader"] else "another"
    return f"leader {who}, term {numbers.get('livingmap_leader_term', 0):.0f}"


def _memory(numbers: Any) -> str:
    taken = numbers.get("process_resident_memory_bytes")
    return f"memory {taken / 2**20:.0f} MiB" if taken else ""


def _sources(screen: Screen, reading: Reading, width: int, most: int) -> Table:
    table = _table("source", "status", *([" age", " ev/s"] if width >= _NARROW else []))
    if width >= _WIDER:
        table.add_column("service", overflow="ellipsis", ratio=1)
    if width >= _WIDE:
        table.add_column("notes", overflow="ellipsis", ratio=3)
    worst = sorted(reading.sources, key=lambda one: one["status"] not in _MARKS)  # what is cut is well
    for one in worst[:most] if most < len(worst) else reading.sources:
        status = one["status"]
        mark = Text(f"{_MARKS.get(status, ' ')} {printable(status)}", _STYLES.get(status, ""))
        numbers = [_age(_source_age(one, screen)), _number(source_rate(one, reading, screen.before))]
        cells = [_cell(one["name"]), mark, *(map(_cell, numbers) if width >= _NARROW else ())]
        texts = [one.get("service") or ""] * (width >= _WIDER) + [_notes(one)] * (width >= _WIDE)
        table.add_row(*cells, *map(_cell, texts))
    if (hidden := len(reading.sources) - most) > 0:
        table.add_row(_cell(f"… {hidden} more"))
    return table


def _notes(one: Item) -> str:
    """Return what a source failed with, and how far the poll is that is under way."""
    polling: Item | None = one.get("polling")
    reads = f"polling: {_number(polling['rows'])} rows" if polling else ""
    return "; ".join(filter(None, (reads, one.get("error"))))


def _source_age(one: Item, screen: Screen) -> float | None:
    age: float | None = one.get("age_seconds")
    return None if age is None else age + screen.lost_seconds


def _problems(reading: Reading, most: int) -> list[RenderableType]:
    problems = reading.problems or ()
    if not problems:
        return [_line("no problems", "green")]
    table = _table(f"{reading.problems_total} problems", " since")
    table.add_column("", overflow="ellipsis", ratio=1)
    for one in problems[:most]:
        severity = str(one["severity"])
        seen = " (seen)" if one["state"] == "acknowledged" else ""
        mark = Text(f"{_MARKS.get(severity, ' ')} {printable(severity)}{seen}", _SEVERITIES.get(severity, ""))
        table.add_row(mark, _cell(str(one["since"])[11:16]), _cell(one["what"]))
    if (hidden := reading.problems_total - most) > 0:
        table.add_row(_cell(f"… {hidden} more"))
    return [table]


def _table(*heads: str) -> Table:
    """Return a table; a head that begins with a space is that of numbers. Names of sources give way first."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="bold underline")
    for head in heads:
        justify: Literal["right", "left"] = "right" if head.startswith(" ") else "left"
        table.add_column(head.strip(), justify=justify, no_wrap=head != "source", overflow="ellipsis")
    return table


def _cell(text: str) -> Text:
    return Text(printable(text), no_wrap=True, overflow="ellipsis")


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style, no_wrap=True, overflow="ellipsis")


def _number(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:,.0f}" if value == int(value) or value >= _MANY else f"{value:.1f}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"
