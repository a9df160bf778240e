"""The steps of a timeline and of a series."""

from datetime import timedelta

import pytest

from livingmap.history.rollups import Activity, Episode, Reading, Silence
from livingmap.past.series import SeriesPoint, series
from livingmap.past.timeline import Steps, TimelinePoint, timeline
from tests.past.stories import at

MINUTE = timedelta(minutes=1)


def episode(began, ended, severity="critical", entity_id="node:a"):
    ends = at(ended) if ended else None
    return Episode(entity_id, "node", "nodes", "A", "status", "offline", severity, at(began), ends)


@pytest.mark.parametrize(
    ("start", "end", "most", "steps"),
    [
        (at("02:00"), at("02:10"), 10, Steps(at("02:00"), MINUTE, 10)),
        (at("02:00", 30), at("02:10", 1), 100, Steps(at("02:00"), MINUTE, 11)),
        (at("02:00"), at("02:10"), 3, Steps(at("02:00"), 4 * MINUTE, 3)),
        (at("02:00"), at("02:00", 1), 5, Steps(at("02:00"), MINUTE, 1)),
    ],
)
def test_steps_are_whole_minutes_and_cover_the_span(start, end, most, steps):
    assert Steps.of(start, end, most) == steps
    assert steps.start <= start
    assert steps.end >= end


def test_a_step_counts_the_troubles_that_went_on_at_once_at_its_worst():
    episodes = [
        episode("01:00", "02:00", entity_id="node:before"),
        episode("01:00", "02:06"),
        episode("02:05", "02:07", "warning", "node:b"),
        episode("02:06", "02:11", "warning"),
        episode("02:17", None, entity_id="node:c"),
    ]
    points = timeline(Steps(at("02:00"), 5 * MINUTE, 5), [Activity(at("02:05"), 3, 7)], episodes)
    assert points == [
        TimelinePoint(at("02:00"), 0, 0, 1, "critical"),
        TimelinePoint(at("02:05"), 3, 7, 2, "critical"),
        TimelinePoint(at("02:10"), 0, 0, 1, "warning"),
        TimelinePoint(at("02:15"), 0, 0, 1, "critical"),
        TimelinePoint(at("02:20"), 0, 0, 1, "critical"),
    ]


def test_a_number_that_does_not_change_keeps_its_value():
    readings = [Reading(at("01:00"), 1, 1, 1, 1), Reading(at("02:06"), 2, 3, 4, 2), Reading(at("02:08"))]
    points = series(readings, [], at("02:00"), 2 * MINUTE, 6)
    assert points == [
        SeriesPoint(at("02:00"), 1, 1, 1),
        SeriesPoint(at("02:02"), 1, 1, 1),
        SeriesPoint(at("02:04"), 1, 1, 1),
        SeriesPoint(at("02:06"), 2, 3, 4),
        SeriesPoint(at("02:08"), 2, 2, 2),
    ]


def test_a_number_is_not_known_in_a_silence():
    readings = [Reading(at("01:00"), 1, 1, 1, 1), Reading(at("02:06"), 2, 2, 2, 2)]
    points = series(readings, [Silence(at("02:01", 30), at("02:06"))], at("02:00"), MINUTE, 8)
    assert [(one.time, one.mean) for one in points] == [
        (at("02:00"), 1),
        (at("02:01"), 1),
        (at("02:06"), 2),
        (at("02:07"), 2),
    ]


def test_a_number_that_nobody_has_read_has_no_points():
    assert series([], [Silence(at("02:01"), at("02:02"))], at("02:00"), MINUTE, 8) == []
