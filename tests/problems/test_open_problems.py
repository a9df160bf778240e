"""What is wrong with the map itself, as far as a process knows, and who is told of it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from livingmap.access.access import AccessState
from livingmap.access.decisions import PolicyState
from livingmap.access.memberships import MembershipState
from livingmap.access.view import EVERYTHING, Rights
from livingmap.cluster import Alone
from livingmap.core.fold import Fold
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.history.memory import MemoryHistory
from livingmap.history.writer import HistoryWriter
from livingmap.problems.acknowledgements import Acknowledgement, Acknowledgements, payload_of
from livingmap.problems.catalogue import KINDS
from livingmap.problems.elsewhere import ProblemsElsewhere
from livingmap.problems.growth import Growth
from livingmap.problems.kind import Finding, Kind, Severity, problem_id
from livingmap.problems.of_history import HistoryProblems
from livingmap.problems.of_log import LogProblems
from livingmap.problems.of_network import Troubles
from livingmap.problems.of_settings import SettingProblems
from livingmap.problems.of_sources import SourceProblems
from livingmap.problems.open_problems import OpenProblems
from livingmap.transport import IntakeStatus

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
KIND = Kind("odd", Severity.WARNING, {"en": "odd"}, {"en": "odd"}, {"en": "odd"}, {"en": "odd"}, is_public=True)
SECRET = Kind("secret", Severity.CRITICAL, {"en": "secret"}, {"en": "secret"}, {"en": "secret"}, {"en": "secret"})


class Given:
    """A finder that finds what it was given."""

    def __init__(self, *findings):
        self.findings = list(findings)

    def find(self, _):
        return self.findings


@pytest.fixture
def now():
    return SimpleNamespace(time=NOON)


@pytest.fixture
def open_problems(now):
    def build(*finders, process="", acknowledgements=None):
        scene = Fold([]).scene
        one = OpenProblems(
            finders,
            Troubles(scene, lambda: now.time),
            acknowledgements or Acknowledgements(),
            list,
            ProblemsElsewhere(process, lambda: 0.0),
            process,
            lambda: now.time,
        )
        return SimpleNamespace(problems=one, scene=scene, shown=lambda rights=EVERYTHING: one.shown(rights, scene))

    return build


def codes(finder, now=NOON):
    return [one.kind.code for one in finder.find(now)]


# what is kept of them


def test_a_problem_is_open_since_it_was_first_found(open_problems, now):
    finder = Given(Finding(KIND))
    one = open_problems(finder)
    one.problems.look()
    now.time += 25 * SECOND
    [problem] = one.shown()
    assert (problem.since, problem.last_seen) == (NOON, NOON + 20 * SECOND)
    finder.findings = []
    assert one.shown() == []
    finder.findings = [Finding(KIND)]
    assert one.shown()[0].since == now.time


def test_the_earliest_time_that_is_known_counts(open_problems):
    finder = Given(Finding(KIND, since=NOON - HOUR))
    one = open_problems(finder)
    one.problems.look()
    finder.findings = [Finding(KIND, since=NOON - MINUTE)]
    assert one.shown()[0].since == NOON - HOUR


def test_the_gravest_comes_first_and_of_equals_the_oldest(open_problems):
    later, earlier = Finding(KIND, "later", since=NOON), Finding(KIND, "earlier", since=NOON - HOUR)
    one = open_problems(Given(later, earlier, Finding(SECRET)))
    assert [problem.finding.subject for problem in one.shown()] == ["", "earlier", "later"]


def test_those_of_one_process_have_ids_of_their_own():
    own = Kind("odd", Severity.INFO, {}, {}, {}, {}, of_process=True)
    assert problem_id(KIND, "a", "p1") == problem_id(KIND, "a", "p2")
    assert problem_id(own, "a", "p1") != problem_id(own, "a", "p2")
    assert problem_id(KIND, "a", "") != problem_id(KIND, "b", "")


def test_readers_that_may_not_see_how_services_do_get_what_is_public(open_problems):
    one = open_problems(Given(Finding(KIND), Finding(SECRET), Finding(KIND, "x", entity_ids=("agent:hidden",))))
    assert [problem.kind.code for problem in one.shown(Rights(reports=False))] == ["odd"]
    assert one.shown(Rights(summary=True, reports=False)) == []


def test_a_process_that_starts_again_finds_what_was_acknowledged_before(open_problems):
    holder = Acknowledgements()
    earlier = Acknowledgement(problem_id(KIND, "", ""), NOON - HOUR, NOON + HOUR, NOON - 2 * HOUR, "u-1")
    holder.take(payload_of(earlier), earlier.at)
    [problem] = open_problems(Given(Finding(KIND)), acknowledgements=holder).shown()
    assert (problem.state, problem.since) == ("acknowledged", NOON - 2 * HOUR)


def test_they_are_counted_by_code_severity_source_and_state(open_problems):
    one = open_problems(Given(Finding(KIND, "a", source="red"), Finding(KIND, "b", source="red"), Finding(SECRET)))
    assert one.problems.counts() == {
        ("odd", Severity.WARNING, "red", "open"): 2,
        ("secret", Severity.CRITICAL, "", "open"): 1,
    }


def test_growth_is_recent_for_a_while_and_began_when_it_did():
    growth = Growth(60)
    assert not growth.note(0, NOON)
    assert growth.note(1, NOON + MINUTE)
    assert growth.note(2, NOON + 1.5 * MINUTE)
    assert growth.note(2, NOON + 2 * MINUTE)
    assert (growth.began, growth.ended) == (NOON + MINUTE, NOON + 1.5 * MINUTE)
    assert not growth.note(2, NOON + 3 * MINUTE)


# what is found


@pytest.fixture
def health():
    return SourceHealth("red", "red-service", Freshness.FRESH, observed_at=NOON, stale_after_seconds=60)


@pytest.fixture
def of_sources(health):
    return SourceProblems(lambda: [health], lambda name: (f"layer of {name}",))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Freshness.FRESH, []),
        (Freshness.MOCK, []),
        (Freshness.STARTING, []),
        (Freshness.STALE, ["source_stale"]),
        (Freshness.DOWN, ["source_down"]),
        (Freshness.FAILED, ["source_failed"]),
        (Freshness.DISABLED, []),
    ],
)
def test_a_source_is_a_problem_by_its_status(health, of_sources, status, expected):
    health.status = status
    assert codes(of_sources) == expected


def test_a_source_whose_polls_stop_is_stale_since_that_was_too_long(of_sources):
    [one] = of_sources.find(NOON + HOUR)
    assert (one.kind.code, one.since, one.source, one.layers) == (
        "source_stale",
        NOON + MINUTE,
        "red",
        ("layer of red",),
    )


def test_a_handler_that_is_set_aside_is_one_problem(health, of_sources):
    health.set_aside = ["a.*"]
    assert codes(of_sources) == ["handler_set_aside"]
    assert codes(of_sources, NOON + HOUR) == ["source_stale", "handler_set_aside"]


def test_a_plugin_that_holds_on_and_events_that_are_of_no_use_are_problems_for_a_while(health, of_sources):
    health.note_overrun("its thread was held", 9)
    health.note_fault("a.b at e-1: KeyError")
    assert codes(of_sources) == ["plugin_over_budget", "events_unusable"]
    assert codes(of_sources, NOON + HOUR) == ["source_stale"]


def test_rows_that_could_not_be_used_are_worth_knowing(health, of_sources):
    health.dropped_rows, health.dropped = 2, ["/a[0]: no id"]
    [one] = of_sources.find(NOON)
    assert (one.kind.code, one.detail, one.values["count"]) == ("rows_dropped", "/a[0]: no id", 2)


@pytest.fixture
def log():
    progress, status = Progress(Position("e", 0)), IntakeStatus("nats", "nats://a", connected=True, error=None)
    progress.aim(0)
    cluster, steps = Alone(), [0]
    problems = LogProblems(progress, cluster, [SimpleNamespace(status=status)], lambda: steps[0])
    return SimpleNamespace(progress=progress, status=status, cluster=cluster, steps=steps, problems=problems)


def test_a_log_that_is_there_is_no_problem(log):
    assert codes(log.problems) == []


def test_the_map_stands_still_and_then_goes_on_its_own(log):
    log.progress.detach(NOON - HOUR)
    [one] = log.problems.find(NOON)
    assert (one.kind.code, one.since) == ("standing_still", NOON - HOUR)
    log.progress.branch_off("own")
    [one] = log.problems.find(NOON)
    assert (one.kind.code, one.since) == ("on_its_own", NOON - HOUR)


def test_a_log_that_is_being_read_is_worth_knowing(log):
    log.progress.return_to_log()
    progress = Progress(Position("e", 0))
    progress.aim(7)
    assert codes(LogProblems(progress, Alone(), [], int)) == ["replaying"]


def test_without_jetstream_the_connection_itself_counts(log):
    log.status.connected, log.status.error = False, "refused"
    [one] = log.problems.find(NOON)
    assert (one.kind.code, one.detail) == ("nats_away", "refused")


def test_a_stream_that_stores_nothing_has_lost_its_quorum(log):
    log.cluster.is_shared, log.status.refusal = True, "no response"
    [one] = log.problems.find(NOON)
    assert (one.kind.code, one.detail) == ("quorum_lost", "no response")


def test_a_cluster_without_a_leader_is_a_problem_while_the_log_is_there(log):
    log.cluster.leaderless_seconds, log.cluster.lease_failure = lambda: 30.0, "no answer: renewing the lease"
    [one] = log.problems.find(NOON)
    assert (one.kind.code, one.since) == ("no_leader", NOON - 30 * SECOND)
    assert one.detail == "no answer: renewing the lease"
    log.progress.detach(NOON)
    assert codes(log.problems) == ["standing_still"]
    log.progress.attach()
    assert codes(log.problems, NOON + 19 * SECOND) == []
    log.cluster.leaderless_seconds = lambda: 50.0
    [one] = log.problems.find(NOON + 20 * SECOND)
    assert (one.kind.code, one.since) == ("no_leader", NOON)


def test_a_configuration_that_differs_is_a_problem(log):
    log.cluster.lacks = ["agents"]
    log.status.differences = ["subjects: a.>"]
    log.status.refused = ["b.>"]
    assert codes(log.problems) == ["sources_lacking", "subjects_refused", "stream_differs"]


def test_losses_and_a_clock_that_was_set_are_problems_for_an_hour(log):
    log.status.missed, log.status.dropped, log.steps[0] = 3, 1, 1
    log.status.set_aside(NOON, "a.b", "not JSON", b"x")
    expected = ["possible_loss", "messages_dropped", "dead_letters", "clock_set"]
    assert codes(log.problems) == expected
    assert codes(log.problems, NOON + 59 * MINUTE) == expected
    assert codes(log.problems, NOON + 61 * MINUTE) == []


def test_a_history_that_is_not_written_or_not_pruned_is_a_problem():
    writer = HistoryWriter(MemoryHistory())
    problems = HistoryProblems(writer, lambda: None)
    assert codes(problems) == []
    writer.error, writer.retention_error = "away", "too much at once"
    assert codes(problems) == ["history_waiting", "history_not_pruned"]


def test_a_disk_that_fills_is_graver_the_sooner_it_is_full_and_does_not_come_and_go():
    days = [40.0]
    problems = HistoryProblems(HistoryWriter(MemoryHistory()), lambda: days[0])
    seen = []
    for days[0] in (40.0, 31.0, 29.9, 31.0, 6.5, 7.5, 9.0, 0.5, 1.1, 1.3, 40.0, 31.0):
        seen += [(one.severity, dict(one.values)) for one in problems.find(NOON)] or [None]
    assert seen == [
        None,
        None,
        ("info", {"days": 29}),
        ("info", {"days": 31}),
        ("warning", {"days": 6}),
        ("warning", {"days": 7}),
        ("info", {"days": 9}),
        ("critical", {"hours": 12}),
        ("critical", {"hours": 26}),
        ("warning", {"hours": 31}),
        None,
        None,
    ]


def test_services_of_access_control_that_fail_are_problems():
    reloading = SimpleNamespace(outcome=None)
    state = AccessState("daarion", "auth-service", None, PolicyState("http://pdp"), MembershipState(["city"]))
    lines = [0]
    problems = SettingProblems(reloading, lambda: state, lambda: lines[0])
    assert codes(problems) == []
    state.policies.error = state.memberships.error = "away"
    reloading.outcome, lines[0] = SimpleNamespace(at=NOON, refused=("line 3: …",)), 1
    assert codes(problems) == [
        "configuration_refused",
        "policies_undecided",
        "memberships_unknown",
        "lines_dropped",
    ]
    state = AccessState("daarion", "auth-service", "away", None)
    assert codes(problems, NOON + 2 * HOUR) == ["configuration_refused", "callers_unknown"]


# how they are described


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_kind_is_described_in_both_languages(kind):
    for words in (kind.title, kind.what, kind.meaning, kind.todo):
        assert words.keys() == {"en", "uk"}
        assert all(words.values())


def test_no_two_kinds_have_one_code():
    assert len({kind.code for kind in KINDS}) == len(KINDS)
