"""What a layer remembers of its last changes."""

from livingmap.core.version import Version


def test_the_items_of_the_last_changes_are_remembered_and_no_others():
    version = Version()
    version.note_item("items", "agent:a")
    before = version.number
    version.note_totals()
    version.note_item("items", "agent:b")
    version.note_item("rooms", "agent:b")
    version.note_item("items", "agent:b")
    assert version.changed_since(before) == {("items", "agent:b"), ("rooms", "agent:b")}
    assert version.changed_since(before - 1) == {("items", "agent:a"), ("items", "agent:b"), ("rooms", "agent:b")}
    assert version.changed_since(version.number) == set()


def test_what_is_too_long_ago_or_was_not_noted_is_not_known():
    version = Version()
    version.note_item("items", "agent:a")
    version.note_all()
    assert (version.changed_since(0), version.changed_since(1)) == (None, None)
    begin = version.number
    version.note_item("items", "agent:a")
    assert version.changed_since(begin) == {("items", "agent:a")}
    for _ in range(1000):
        version.note_totals()
    assert version.changed_since(begin) is None
    assert version.changed_since(begin + 1) == set()
