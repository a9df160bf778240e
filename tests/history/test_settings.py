"""The settings of the history."""

import pytest
from pydantic import ValidationError

from livingmap.history import HistoryError
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings


@pytest.mark.parametrize(
    ("url", "kind", "shown"),
    [
        ("embedded", "embedded", "embedded"),
        ("memory:", "memory", "memory:"),
        (
            "postgresql://map:s3cret@db:5432/daarion?password=s3cret",
            "postgresql",
            "postgresql://db:5432/daarion",
        ),
        ("postgres:///x?host=/run/pg", "postgresql", "postgres:///x"),
    ],
)
def test_an_url_is_understood_and_shown_without_its_password(url, kind, shown):
    settings = HistorySettings(url=url)
    assert (settings.kind, settings.shown) == (kind, shown)
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.model_dump_json()


@pytest.mark.parametrize(
    "url", ["", "memory", "mysql://root:s3cret@db", "postgresql://", "postgresql://u:s3cret@db:x"]
)
def test_another_url_is_refused_without_showing_it(url):
    with pytest.raises(ValidationError, match="must be embedded, memory: or postgresql://") as caught:
        HistorySettings(url=url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "section",
    [
        {"retention_days": 0},
        {"retention_days": float("nan")},
        {"retention_by_type": {"a.>.b": 1}},
        {"retention_by_type": {"a.b": -1}},
        {"days": 3},
    ],
)
def test_nonsense_is_refused(section):
    with pytest.raises(ValidationError):
        HistorySettings(**section)


async def test_an_address_that_nobody_understands_is_an_error_without_the_password():
    history = PostgresHistory("postgresql://map:s3cret#x@db/y")
    with pytest.raises(HistoryError, match=r"history\.url: not understood") as caught:
        await history.open()
    assert "s3cret" not in str(caught.value)
