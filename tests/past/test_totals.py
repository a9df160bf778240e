"""What is usual, and what several numbers come to."""

from datetime import timedelta

import pytest

from livingmap.past.rollups import RollUps
from livingmap.past.timeline import Steps
from livingmap.past.totals import Course, Sum, Usual, courses, total
from tests.past.stories import VOCABULARY, Story, at, put

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def course(now, *days):
    return Course(now, {}, dict(enumerate(days, 1)))


@pytest.mark.parametrize(
    ("now", "days", "usual", "is_unusual"),
    [
        (4100, (1200, 1100, 1400, 1200, 1250), Usual(1200, 50, 5), True),
        (1700, (1200, 1100, 1400, 1200, 1250), Usual(1200, 50, 5), False),  # it differs by less than half
        (500, (1200, 1100, 1400, 1200, 1250), Usual(1200, 50, 5), True),
        (
            4100,
            (200, 5000, 1200, 3000, 900, 4000, 1500),
            Usual(1500, 1300, 7),
            False,
        ),  # so do days among themselves
        (4100, (1200, 1200, 1200), None, False),  # of three days nobody can say
        (None, (1200, 1200, 1200, 1200), Usual(1200, 0, 4), False),
        (3, (0, 0, 0, 0), Usual(0, 0, 4), True),
        (0, (0, 0, 0, 0), Usual(0, 0, 4), False),
    ],
)
def test_unusual_is_what_is_further_from_the_median_than_days_are(now, days, usual, is_unusual):
    one = course(now, *days)
    assert (one.usual(), one.is_unusual()) == (usual, is_unusual)


def test_a_total_counts_what_is_known():
    some = Course(3, {at("02:00"): 1, at("03:00"): 3}, {1: 1, 2: 2})
    other = Course(None, {at("03:00"): 4}, {2: 5})
    known = {at("02:00"): 1, at("03:00"): 2}
    assert total([some, other]) == Sum(3, {at("02:00"): 1, at("03:00"): 7}, {1: 1, 2: 2}, 1, known)
    assert total([]) == Sum(None, {}, {}, 0, {})


def test_a_day_on_which_much_of_a_total_is_not_known_is_not_compared_with():
    """Two agents use 1,000 a day each, and nothing is known of one of them before yesterday."""
    old, new = course(1000, *[1000] * 7), course(1000, 1000)
    whole = total([old, new])
    assert (whole.now, whole.days) == (2000, {1: 2000})
    assert (whole.usual(), whole.is_unusual()) == (None, False)


def test_a_day_on_which_little_of_a_total_is_not_known_is_compared_with():
    """Another agent, which began yesterday, has used 100 of 1,100."""
    whole = total([course(1000, *[1000] * 7), course(100, 50)])
    assert (whole.usual(), whole.is_unusual()) == (Usual(1000, 0, 7), False)


def test_what_is_not_known_any_more_does_not_count_on_the_days_before_either():
    """Two agents use 1,000 a day each, and nobody knows how much one of them uses now."""
    whole = total([course(1000, *[1000] * 7), course(None, *[1000] * 7)])
    assert (whole.now, whole.usual(), whole.is_unusual()) == (1000, Usual(1000, 0, 7), False)


async def test_the_same_hour_of_the_days_before_is_compared_with(kept):
    """Sofia uses 100 a day, 900 at noon, and never so much at 02:00; the map stands still for a day."""
    story = Story(kept)
    await story.tell(at("00:00"))
    await story.keep_state(at("00:00"), {"id": "agent:sofia", "tokens": 100}, {"id": "agent:idle"})
    for day in range(6):
        if day == 3:
            story.restart()
            await story.tell(at("00:00") + day * DAY)
            await story.keep_state(at("00:00") + day * DAY, {"id": "agent:sofia", "tokens": 100})
        for hour, tokens in ((12, 900), (13, 100)):
            await story.tell(at("00:00") + day * DAY + hour * HOUR, put("agent:sofia", tokens=tokens))
    end = at("02:30") + 6 * DAY
    await story.tell(end - HOUR, put("agent:sofia", tokens=900))
    roll_ups = RollUps(kept, lambda: VOCABULARY, 400)
    await roll_ups.write()
    steps = Steps.of(end - DAY, end, 4)
    read = await courses(roll_ups, ["agent:sofia", "agent:idle", "agent:none"], "tokens", steps, end)
    assert list(read) == ["agent:sofia"]
    sofia = read["agent:sofia"]
    assert sofia.days == {1: 100, 2: 100, 4: 100, 5: 100, 6: 100} | ({3: 100} if 3 in sofia.days else {})
    assert (sofia.now, sofia.is_unusual()) == (900, True)
    assert list(sofia.steps) == [steps.start + number * steps.size for number in range(steps.count)]
