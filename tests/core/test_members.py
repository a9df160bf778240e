"""How many members something has, as services answer and as messages step."""

import pytest

from livingmap.core.members import listed_roles, member_counts, moved_digest, moved_members


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


def test_the_digest_says_who_the_members_are_and_nothing_of_their_order_or_roles():
    two = listed_roles([("u-1", "owner"), ("u-2", "member")])
    assert (list(two), two.digest) == (
        ["owner", "member"],
        listed_roles([("u-2", "owner"), ("u-1", "guest")]).digest,
    )
    assert two.digest != listed_roles([("u-1", "owner"), ("u-3", "member")]).digest
    assert member_counts(1, two)["members_digest"] == two.digest


def test_the_digest_moves_with_those_who_join_and_leave_and_is_unknown_after_somebody_unknown():
    one, two = (listed_roles([(user, "member") for user in users]).digest for users in (["u-1"], ["u-1", "u-2"]))
    assert (moved_digest(one, "u-2"), moved_digest(two, "u-2")) == (two, one)
    assert moved_digest(one, None) is moved_digest(None, "u-1") is None
    assert listed_roles([("u-1", "owner"), (None, "member")]).digest is None
