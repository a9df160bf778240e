import pytest

from livingmap.client import TooLarge
from livingmap.client.sse import EventReader

TEXT = (
    'id: a\ndata: {"name":"Калина-1 🌍"}\n\n: a comment\n\ndata:two\ndata: lines\r\n\r\n'
    "data: a\rdata: b\r\rdata: cut off"
)


def feed(reader, raw, size):
    return [event for start in range(0, len(raw), size) for event in reader.feed(raw[start : start + size])]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_are_read_whatever_the_pieces_they_come_in(size):
    assert feed(EventReader(1000), TEXT.encode(), size) == ['{"name":"Калина-1 🌍"}', "two\nlines", "a\nb"]


@pytest.mark.parametrize("text", [b"data: " + b"x" * 100, b"data: x\n" * 20, b": " + b"x" * 100])
def test_an_event_beyond_the_limit_is_not_collected(text):
    reader = EventReader(80)
    with pytest.raises(TooLarge, match="80 bytes"):
        feed(reader, text, 10)


def test_the_limit_is_for_one_event():
    reader = EventReader(80)
    assert reader.feed(b"data: x\n\n" * 20) == ["x"] * 20
