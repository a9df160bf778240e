import pytest

from livingmap.core.route import Routes, covering, fault_of, matches
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


@pytest.mark.parametrize("pattern", ["a..b", ".a", "a.", "", "a.>.b", "a.b>", "a.*b", "a b"])
def test_patterns_that_nats_refuses_are_faulty(pattern):
    assert fault_of(pattern)


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
    assert [(name, found.__name__) for name, found in routes.of("x.y")] == [("a", "x.y"), ("b", "*.y")]
    assert [found.__name__ for _, found in routes.of("x.q")] == ["x.*"]
    assert [found.__name__ for _, found in routes.of("x.q.r")] == ["x.>"]
    assert routes.of("nobody.knows") == ()
    assert routes.patterns() == ["*.y", "x.>", "z.*"]
