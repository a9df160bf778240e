"""Readings of a running map: what it says of itself at one time, as `livingmap top` shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from livingmap.cli.answers import Answer, answer

_SECONDS: Final = 5.0
_VIEWERS: Final = "livingmap_viewers"

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a map said of itself."""

    at: float
    """Seconds of a clock that only goes forward."""
    clock: str
    """The time of day, in UTC: ``14:00:03Z``."""
    sources: Sequence[Item] = ()
    problems: Sequence[Item] | None = None
    """None if it does not say."""
    problems_total: int = 0
    history: Item = field(default_factory=dict)
    phase: str = "?"
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The metrics without labels, and the viewers of all feeds, by name; none if it does not show them."""
    version: str = "?"
    notes: tuple[str, ...] = ()
    """What it refuses to say."""


class NoAnswerError(Exception):
    """The map does not answer, or lets nobody with this token see anything."""


def read(url: str, token: str | None, at: float, clock: str) -> Reading:
    """Ask a map. Raises NoAnswerError."""
    try:
        ready = answer(url, "/living-map/health/ready", None, _SECONDS)
        answers = {
            path: answer(url, path, token, _SECONDS)
            for path in ("/living-map/sources", "/living-map/problems", "/metrics")
        }
    except OSError as error:
        raise NoAnswerError(str(error)) from None
    sources, problems, metrics = answers.values()
    if not sources.is_success:
        raise NoAnswerError(f"{url}: {_refusal('sources', sources)}; --token says who asks")
    if not isinstance(sources.body, dict) or "items" not in sources.body:
        raise NoAnswerError(f"{url}: what answers there is not a map")
    refused = {"problems": problems, "metrics": metrics}
    listed = problems.body if problems.is_success and isinstance(problems.body, dict) else {}
    numbers, version = _numbers(metrics)
    return Reading(
        at,
        clock,
        sources.body["items"],
        listed.get("items"),
        listed.get("total", 0),
        sources.body.get("history") or {},
        ready.body.get("phase", "?") if isinstance(ready.body, dict) else "?",
        numbers,
        version,
        tuple(_refusal(name, one) for name, one in refused.items() if not one.is_success),
    )


def _refusal(name: str, refused: Answer) -> str:
    detail = refused.body.get("detail") if isinstance(refused.body, dict) else None
    return f"{name}: {refused.status} {detail or ''}".rstrip()


def _numbers(metrics: Answer) -> tuple[Mapping[str, float], str]:
    if not metrics.is_success or not isinstance(metrics.body, str):
        return {}, "?"
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - no other command needs it

    numbers, version = dict[str, float](), "?"
    try:
        for family in text_string_to_metric_families(metrics.body):
            for sample in family.samples:
                if not sample.labels:
                    numbers[sample.name] = sample.value
                elif sample.name == _VIEWERS:  # of all feeds
                    numbers[_VIEWERS] = numbers.get(_VIEWERS, 0) + sample.value
                elif sample.name == "livingmap_info":
                    version = sample.labels.get("version", "?")
    except ValueError:  # it is not what Prometheus reads
        return {}, "?"
    return numbers, version


def rate(name: str, now: Reading, before: Reading | None) -> float | None:
    """Return by how much a counter grew in a second; None if that is not known yet, or it began anew."""
    if before is None or name not in now.numbers or name not in before.numbers:
        return None
    return _rate(now.numbers[name], before.numbers[name], now.at - before.at)


def source_rate(now: Item, reading: Reading, before: Reading | None) -> float | None:
    """Return how many events came for a source in a second."""
    earlier = {one["name"]: one for one in before.sources} if before else {}
    if before is None or now["name"] not in earlier:
        return None
    return _rate(now.get("events", 0), earlier[now["name"]].get("events", 0), reading.at - before.at)


def _rate(now: float, before: float, seconds: float) -> float | None:
    return (now - before) / seconds if seconds > 0 and now >= before else None
