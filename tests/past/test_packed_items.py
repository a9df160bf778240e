"""Packed items: whether anybody has looked at them makes no difference but of speed."""

import orjson

from livingmap.past.packed_items import PackedItems

ITEMS = {f"agent:{number:04}": {"number": number, "of": [{"a": number}]} for number in range(1200)}


def packed():
    return PackedItems({name: orjson.dumps({"id": name, **item}) for name, item in reversed(ITEMS.items())})


def listed(items):
    return [{"id": name, **items[name]} for name in sorted(items)]


def test_items_are_the_same_whether_they_were_looked_at_or_not():
    untouched, some, every = packed(), packed(), packed()
    assert [some[name] for name in ("agent:0003", "agent:0007")] == [ITEMS["agent:0003"], ITEMS["agent:0007"]]
    assert dict(every.items()) == ITEMS
    assert list(every.values()) == list(reversed(ITEMS.values()))
    for items in (untouched, some, every):
        assert orjson.loads(items.encoded()) == listed(ITEMS)
        assert items == ITEMS
    assert (len(untouched), "agent:0003" in untouched, "agent:x" in untouched) == (1200, True, False)


def test_a_copy_goes_on_alone():
    before = packed()
    after = before.copy()
    after.put("agent:0500", {"number": 1})
    after.put("agent:0000a", {"number": 2})
    after.drop("agent:0007")
    after.drop("agent:x")
    expected = {**ITEMS, "agent:0500": {"number": 1}, "agent:0000a": {"number": 2}}
    del expected["agent:0007"]
    assert orjson.loads(after.encoded()) == listed(expected)
    assert orjson.loads(before.encoded()) == listed(ITEMS)


def test_only_what_may_be_another_is_compared():
    before, after = packed(), packed()
    after.put("agent:0500", {"number": 1})
    after.put("agent:new", {"number": 2})
    assert before["agent:0001"] == after["agent:0001"]  # parsed on both sides, so compared
    assert set(after.differing(before)) == {"agent:0001", "agent:0500", "agent:new"}
