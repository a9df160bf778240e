"""Sums and averages: how one use is added to counts, and to averages over them.

A module of its own because rows, fetches and handlers all add up.
"""

from typing import Final

from livingmap.plugin import Fields, Json

_DIGITS: Final = 3

_WEIGHTS: Final = {
    "avg_latency_ms": "calls",
    "success_rate": "calls",
    "llm_latency_avg_ms": "llm_calls",
    "tool_latency_avg_ms": "tool_calls",
}
"""Averages, each with the count that it is taken over."""


def tidy(fields: Fields) -> dict[str, Json]:
    """Return ``fields`` with averages rounded, and None for an average over nothing."""
    averages = {name: fields[name] for name in _WEIGHTS.keys() & fields.keys() if fields[name] is not None}
    return {
        **fields,
        **{name: round(value, _DIGITS) if fields[_WEIGHTS[name]] else None for name, value in averages.items()},
    }


def added(previous: Fields, more: Fields) -> dict[str, Json]:
    """Return the numbers of ``previous`` as they are once ``more`` is counted too.

    Counts are summed, averages weighted by their counts. An unknown number stays unknown, and what ``more`` leaves
    out is not in the result.
    """
    sums: dict[str, Json] = {}
    for name, value in more.items():
        if not isinstance(value, int | float):
            continue
        if name in _WEIGHTS:
            sums[name] = _mean(previous, more, name)
        elif previous.get(name) is not None:
            sums[name] = previous[name] + value
    return {name: value for name, value in sums.items() if value is not None}


def _mean(previous: Fields, more: Fields, name: str) -> float | None:
    mean, weight, step = previous.get(name), previous.get(_WEIGHTS[name]), more[_WEIGHTS[name]]
    if weight is None or (mean is None and weight):
        return None
    return float(round(((mean or 0) * weight + more[name] * step) / (weight + step), _DIGITS))
