"""How many members something has, as services answer and as messages step."""

import pytest

from livingmap.core.members import member_counts, moved_members


@pytest.mark.parametrize(
    ("count", "roles", "expected"),
    [
        (3, None, {"members": 3}),
        (None, ["owner", "admin", "admin"], {"members": 3, "members_by_role": {"admin": 2, "owner": 1}}),
        (1, ["owner", "member"], {"members": 2, "members_by_role": {"member": 1, "owner": 1}}),
        (5, ["owner"], {"members": 5, "members_by_role": {"owner": 1}}),
        (0, [], {"members": 0, "members_by_role": {}}),
        (None, None, {}),
    ],
)
def test_the_larger_of_two_numbers_holds_and_what_is_unknown_is_left_out(count, roles, expected):
    assert member_counts(count, roles) == expected


ITEM = {"owner": "u-1", "members": 3, "members_by_role": {"member": 2, "owner": 1}}


@pytest.mark.parametrize(
    ("item", "steps", "expected"),
    [
        (ITEM, [("member", 1)], {"members": 4, "members_by_role": {"member": 3, "owner": 1}}),
        (ITEM, [("member", -1)], {"members": 2, "members_by_role": {"member": 1, "owner": 1}}),
        (ITEM, [("member", -1), ("admin", 1)], {"members_by_role": {"admin": 1, "member": 1, "owner": 1}}),
        (ITEM, [("guest", -1)], {"members": 3, "members_by_role": {"member": 2, "owner": 1}}),
        (ITEM, [(None, 1)], {"members": 4, "members_by_role": None}),
        ({"owner": "u-1", "members": 1}, [("member", -1)], {"members": 1}),
        ({"owner": None, "members": 0}, [("member", -1)], {"members": 0}),
        ({"owner": "u-1", "members": None}, [("member", 1)], {}),
        ({}, [("member", 1)], {}),
        (ITEM, [("admin", -1), ("admin", 1)], {"members_by_role": ITEM["members_by_role"]}),
        (ITEM, [(None, -1), (None, 1)], {"members_by_role": None}),
    ],
)
def test_counts_step_and_never_fall_below_what_is_known(item, steps, expected):
    assert moved_members(item, *steps) == expected
