"""What an id means when sources give it other names."""

from livingmap.core.aliases import Aliases


def test_an_alias_claimed_twice_means_the_first_by_name_whatever_the_order():
    for order in (("agent:b", "agent:a"), ("agent:a", "agent:b")):
        aliases = Aliases()
        for entity_id in order:
            aliases.add(entity_id)
            aliases.rename(entity_id, (), ("agent:x",))
        assert aliases.resolve("agent:x") == "agent:a"
        assert (aliases.same("agent:x"), aliases.same("agent:b")) == (("agent:a", "agent:x"), ("agent:b",))
        assert aliases.rename("agent:a", ("agent:x",), ()) == {"agent:x", "agent:a", "agent:b"}
        assert aliases.same("agent:x") == ("agent:b", "agent:x")


def test_a_claim_of_two_sources_stands_until_both_give_it_up():
    aliases = Aliases()
    assert aliases.rename("agent:a", (), ("agent:x",)) == {"agent:x", "agent:a"}
    assert aliases.rename("agent:a", (), ("agent:x",)) == set()
    assert aliases.rename("agent:a", ("agent:x",), ()) == set()
    assert aliases.resolve("agent:x") == "agent:a"
    assert aliases.rename("agent:a", ("agent:x",), ()) == {"agent:x", "agent:a"}
    assert aliases.resolve("agent:x") == "agent:x"


def test_an_id_that_is_listed_means_itself_until_the_last_source_drops_it():
    aliases = Aliases()
    aliases.rename("agent:a", (), ("agent:x", "agent:y"))
    assert aliases.same("agent:a") == ("agent:a", "agent:x", "agent:y")
    assert aliases.add("agent:x") == {"agent:x", "agent:a"}
    assert aliases.add("agent:x") == {"agent:x", "agent:a"}  # to what the source that lists it calls so, too
    assert (aliases.same("agent:x"), aliases.same("agent:a")) == (("agent:x",), ("agent:a", "agent:y"))
    assert aliases.remove("agent:x") == {"agent:x", "agent:a"}
    assert aliases.resolve("agent:x") == "agent:x"
    assert aliases.remove("agent:x") == {"agent:x", "agent:a"}
    assert aliases.same("agent:x") == ("agent:a", "agent:x", "agent:y")


def test_an_entity_of_two_sources_is_listed_until_both_drop_it():
    aliases = Aliases()
    for _ in range(2):
        aliases.add("agent:a")
    aliases.remove("agent:a")
    assert aliases.has("agent:a")
    aliases.remove("agent:a")
    assert not aliases.has("agent:a")


def test_only_entities_that_are_not_joined_by_hand_contest_an_id():
    aliases = Aliases({"agent:b": "agent:a"})
    for one in ("agent:a", "agent:b"):
        aliases.add(one)
        aliases.rename(one, (), ("agent:x",))
    assert (aliases.contested, aliases.contests) == (set(), 0)
    aliases.rename("agent:c", (), ("agent:x",))
    assert (aliases.contested, aliases.contests) == ({"agent:x"}, 1)
    aliases.rename("agent:c", ("agent:x",), ())
    assert (aliases.contested, aliases.contests) == (set(), 2)


def test_each_claim_is_counted_by_itself():
    aliases = Aliases()
    for alias in ("agent:x", "agent:x", "agent:x", "agent:y", "agent:y"):
        aliases.rename("agent:a", (), (alias,))
    resolved = []
    for alias in ("agent:y", "agent:y", "agent:x", "agent:x", "agent:x"):
        aliases.rename("agent:a", (alias,), ())
        resolved.append((aliases.resolve("agent:x"), aliases.resolve("agent:y")))
    assert resolved == [
        ("agent:a", "agent:a"),
        *[("agent:a", "agent:y")] * 3,
        ("agent:x", "agent:y"),
    ]


def test_what_is_the_same_is_found_anew_after_each_change():
    aliases = Aliases()
    aliases.add("agent:a")
    answers = []
    for old, new in (((), ("agent:x",)), (("agent:x",), ("agent:x", "agent:y")), (("agent:x", "agent:y"), ())):
        aliases.rename("agent:a", old, new)
        answers.append((aliases.same("agent:a"), aliases.same("agent:y")))
    assert answers == [
        (("agent:a", "agent:x"), ("agent:y",)),
        (("agent:a", "agent:x", "agent:y"),) * 2,
        (("agent:a",), ("agent:y",)),
    ]


def test_an_item_that_names_itself_an_alias_is_listed_once():
    aliases = Aliases()
    aliases.rename("agent:a", (), ("agent:a", "agent:x"))
    assert aliases.same("agent:a") == ("agent:a", "agent:x")


def test_the_revision_grows_with_every_change_of_meaning_and_no_other():
    aliases, revisions = Aliases(), []
    for step in (
        lambda: aliases.add("agent:a"),
        lambda: aliases.rename("agent:a", (), ("agent:x",)),
        lambda: aliases.rename("agent:a", ("agent:x",), ("agent:x",)),
        lambda: aliases.rename("agent:b", (), ("agent:x",)),
        lambda: aliases.rename("agent:a", ("agent:x",), ("agent:y", "agent:z")),
        lambda: aliases.add("agent:x"),
        lambda: aliases.remove("agent:x"),
    ):
        step()
        revisions.append(aliases.revision)
    assert revisions == [0, 1, 1, 1, 4, 5, 6]
