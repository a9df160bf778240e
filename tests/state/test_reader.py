"""What a reader says of the map besides the scene."""

from datetime import UTC, datetime, timedelta

import pytest

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.cluster import Alone
from livingmap.core.fold import Fold
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.state.reader import MapReader

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def reader_at_noon(folded_at):
    fold, progress = Fold([]), Progress(Position("e", 7))
    progress.folded_at = folded_at
    scenes = FilteredScenes(fold, [], [], progress.here)
    return MapReader(fold, scenes, progress, Alone().cursor_key, lambda: NOON)


@pytest.mark.parametrize(("seconds", "age"), [(3600, 3600), (0, 0), (-5, 0), (-6, None), (-3600, None)], ids=str)
def test_the_age_of_the_last_entry_is_never_negative_and_unknown_once_a_clock_was_set_back(seconds, age):
    assert reader_at_noon(NOON - timedelta(seconds=seconds)).last_fold_age_seconds() == age


def test_before_the_first_entry_there_is_no_age():
    assert reader_at_noon(None).last_fold_age_seconds() is None
