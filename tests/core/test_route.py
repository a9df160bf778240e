import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.route import Routes, covering, disjoint, invalid_reason, matches, overlap
from livingmap.core.source import Source


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("city.event.*", "city.event.x", True),
        ("city.event.*", "city.event", False),
        ("city.event.*", "city.event.x.y", False),
        ("usage.llm.*", "usage.llm", False),
        ("usage.llm", "usage.llm", True),
        ("dao.>", "dao.event.vote.cast", True),
        ("dao.>", "dao", False),
        ("*.event.created", "dao.event.created", True),
        ("agents.*", "agent.event", False),
        (">", "anything.at.all", True),
    ],
)
def test_a_pattern_covers_what_nats_says_it_covers(pattern, subject, expected):
    assert matches(pattern, subject) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a..b", "has an empty token"),
        (".a", "has an empty token"),
        ("a.", "has an empty token"),
        ("", "has an empty token"),
        ("a.>.b", "may have '>' only as its last token"),
        ("a.b>", "may have '>' only as its last token"),
        (">>", "may have '>' only as its last token"),
        ("a.*b", "may have '*' only as a whole token"),
        ("a b", "has white space"),
        ("a.b\t", "has white space"),
        ("a.*.b", None),
        ("*", None),
        (">", None),
        ("a.>", None),
        ("a.b-c_D", None),
    ],
)
def test_patterns_that_nats_refuses_are_invalid(pattern, reason):
    assert invalid_reason(pattern) == reason


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a.*", "a.b"], ["a.*"]),
        (["a.>", "a.*", "a.b.c"], ["a.>"]),
        (["usage.llm", "usage.llm.*"], ["usage.llm", "usage.llm.*"]),
        (["a.*", "*.b"], ["*.b", "a.*"]),
        (["a.>", "a"], ["a", "a.>"]),
        (["a.b", "a.b"], ["a.b"]),
    ],
)
def test_covered_patterns_are_not_subscribed_twice(patterns, expected):
    assert covering(patterns) == expected


def handler(name):
    def handle(event, part):
        return []

    handle.__name__ = name
    return handle


def source(name, *patterns):
    return Source(name, name, object, (), {pattern: handler(pattern) for pattern in patterns})


def test_of_one_source_the_most_exact_pattern_alone_is_asked():
    routes = Routes([source("a", "x.>", "x.*", "x.y"), source("b", "*.y"), source("c", "z.*")])
    assert [(name, handler.__name__) for name, _, handler in routes.of("x.y")] == [("a", "x.y"), ("b", "*.y")]
    assert [handler.__name__ for *_, handler in routes.of("x.q")] == ["x.*"]
    assert [handler.__name__ for *_, handler in routes.of("x.q.r")] == ["x.>"]
    assert routes.of("nobody.knows") == ()
    assert routes.patterns() == ["*.y", "x.>", "z.*"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a.*", "b.>"], ["a.*", "b.>"]),
        (["a.*", "*.b"], ["*.*"]),
        (["a.*", "*.b", "b.>"], ["*.>"]),
        (["a.b.c", "a.>", "a.b.*"], ["a.>"]),
        (["a", "a.>", "a.*.c"], ["a", "a.>"]),
        ([">", "a"], [">"]),
        ([], []),
    ],
)
def test_disjoint_patterns_cover_all_and_overlap_nowhere(patterns, expected):
    assert disjoint(patterns) == expected


WORDS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3)
PATTERNS = st.builds(lambda words, rest: ".".join([*words, ">"] if rest else words), WORDS, st.booleans())
SUBJECTS = [".".join(words) for size in (1, 2, 3, 4) for words in itertools.product("ab", repeat=size)]


@given(st.lists(PATTERNS, max_size=5))
def test_disjoint_patterns_match_all_that_was_matched_and_each_subject_once(patterns):
    result = disjoint(patterns)
    for subject in SUBJECTS:
        times = sum(matches(pattern, subject) for pattern in result)
        assert times <= 1
        assert times == 1 or not any(matches(pattern, subject) for pattern in patterns)


@given(PATTERNS, PATTERNS)
def test_patterns_overlap_where_a_subject_matches_both(one, other):
    both = any(matches(one, subject) and matches(other, subject) for subject in SUBJECTS)
    assert overlap(one, other) == both
