"""Problems elsewhere: each process lists what all of them know, and forgets what it hears no more of."""

from datetime import UTC, datetime, timedelta

import pytest

from livingmap.core.fold import Fold
from livingmap.problems.acknowledgements import Acknowledgements
from livingmap.problems.elsewhere import Elsewhere, ProblemsElsewhere, announcement, is_announcement
from livingmap.problems.kind import Finding
from livingmap.problems.log_kinds import CLOCK_SET, POSSIBLE_LOSS, SOURCES_LACKING
from livingmap.problems.of_network import Troubles
from livingmap.problems.open_problems import OpenProblems

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class Process:
    """One of several processes, with what is wrong with it."""

    def __init__(self, name, *findings):
        self.findings, self.seconds = list(findings), 0.0
        self.elsewhere = ProblemsElsewhere(name, lambda: self.seconds)
        self.scene = Fold([]).scene
        troubles = Troubles(self.scene, self.now)
        self.problems = OpenProblems([self], troubles, Acknowledgements(), list, self.elsewhere, name, self.now)
        self.problems.look()

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def find(self, _):
        return self.findings

    def listed(self):
        return [(one.kind.code, one.process, one.id) for one in self.problems.everything(self.scene)]


LACKING = Finding(SOURCES_LACKING, values={"sources": ["agents"]}, detail="agents")


def test_what_is_of_one_process_is_listed_by_all_under_one_id():
    one, two = Process("p1", LACKING, Finding(POSSIBLE_LOSS, "nats")), Process("p2", Finding(CLOCK_SET))
    two.elsewhere.take(one.problems.announcement())
    one.elsewhere.take(two.problems.announcement())
    of_process = [row for row in one.listed() if row[1]]
    assert of_process == two.listed()
    assert {row[:2] for row in of_process} == {("sources_lacking", "p1"), ("clock_set", "p2")}


def test_it_is_counted_by_its_own_process_alone():
    one, two = Process("p1", LACKING), Process("p2")
    two.elsewhere.take(one.problems.announcement())
    assert (sum(one.problems.counts().values()), sum(two.problems.counts().values())) == (1, 0)


def test_it_is_the_same_with_all_that_is_said_of_it():
    one, two = Process("p1", LACKING), Process("p2")
    two.elsewhere.take(one.problems.announcement())
    [own], [other] = one.problems.everything(one.scene), two.problems.everything(two.scene)
    assert (other.since, other.last_seen, other.severity) == (own.since, own.last_seen, own.severity)
    assert (other.finding.values, other.finding.detail) == (LACKING.values, LACKING.detail)


def test_what_is_mended_or_not_heard_of_is_forgotten():
    one, two = Process("p1", LACKING), Process("p2")
    two.elsewhere.take(one.problems.announcement())
    two.seconds = 14
    assert len(two.listed()) == 1
    two.seconds = 15
    assert two.listed() == []
    two.elsewhere.take(one.problems.announcement())
    one.findings = []
    one.problems.look()
    two.elsewhere.take(one.problems.announcement())
    assert two.listed() == []


def test_a_process_does_not_take_its_own_word():
    one = Process("p1", LACKING)
    one.elsewhere.take(one.problems.announcement())
    assert len(one.listed()) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b'{"process": "p1"}',
        b'{"process": "p1", "problems": [{"code": "clock_set"}]}',
        announcement([Elsewhere("p1", LACKING, NOON.replace(tzinfo=None), NOON)], "p1").removeprefix(b"problems "),
    ],
)
def test_what_makes_no_sense_is_left_out(said):
    two = Process("p2")
    assert is_announcement(b"problems " + said)
    two.elsewhere.take(b"problems " + said)
    assert two.listed() == []


def test_codes_of_a_newer_version_are_left_out():
    two = Process("p2")
    two.elsewhere.take(b'problems {"process": "p1", "problems": [{"code": "newer"}]}')
    assert two.listed() == []
