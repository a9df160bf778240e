"""The notifier: who is told what, once, grouped, and when it is over."""

import json
from datetime import UTC, datetime, timedelta

import nats
import pytest
import yaml
from structlog.testing import capture_logs

from livingmap.cluster import Alone
from livingmap.config.loading import load
from livingmap.config.notify import NotifyRoute
from livingmap.core.fold import NOTIFIED, Fold, Folded
from livingmap.core.model import Event, Position
from livingmap.core.progress import Progress
from livingmap.errors import ConfigError
from livingmap.problems.acknowledgements import Acknowledgement, Acknowledgements, payload_of
from livingmap.problems.elsewhere import ProblemsElsewhere
from livingmap.problems.kind import Finding, Kind, Severity, problem_id
from livingmap.problems.notified import MOST, Incident, Notified
from livingmap.problems.notified import payload_of as notified_payload
from livingmap.problems.notifier import Notifier, responsible
from livingmap.problems.of_network import Troubles
from livingmap.problems.open_problems import OpenProblems
from livingmap.problems.sending import NotSent, publisher, send
from livingmap.transport.settings import NatsSettings
from tests.support.access import JsonService, running
from tests.support.nats_server import jetstream_server

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # which it imports
WORDS = {"en": "mend it", "uk": "полагодьте"}


def kind(code, severity=Severity.CRITICAL, alert_seconds=60):
    what = {"en": f"{code} {{source}}", "uk": f"{code}: {{source}}"}
    return Kind(code, severity, WORDS, what, WORDS, WORDS, alert_seconds=alert_seconds)


DOWN, STALE, ODD = kind("down"), kind("stale", Severity.WARNING), kind("odd", Severity.INFO, None)


def found(one=DOWN, source="red"):
    return Finding(one, source, {"source": source}, source=source, layers=(f"{source} layer",))


class World:
    """A map whose problems are given, and what was sent of them."""

    def __init__(self, *routes, notified=None, published=False):
        self.findings, self.sent, self.tones, self.entries, self.away = [], [], [], [], set()
        self.seconds, self.leads, self.log_takes = 0.0, True, True
        self.tick = 0.0
        self.acknowledgements = Acknowledgements()
        self.notified = notified or Notified()
        scene = Fold([]).scene
        self.problems = OpenProblems(
            [self],
            Troubles(scene, self.now),
            self.acknowledgements,
            list,
            ProblemsElsewhere("", float),
            "",
            self.now,
        )
        routes = routes or (NotifyRoute(urls=("a://",), severity="info"),)
        self.notifier = Notifier(
            routes,
            self.problems,
            scene,
            self.notified,
            lambda: self.leads,
            self.append,
            self.send,
            self.publish if published else None,
            self.now,
            self.clock,
        )

    def find(self, _):
        return self.findings

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def clock(self):
        self.seconds += self.tick
        return self.seconds

    async def append(self, message, name):
        if not self.log_takes:
            raise ConnectionError("away")
        self.entries.append(message)
        return True

    async def send(self, address, title, text, tone):
        if address in self.away:
            raise NotSent("a: the service did not take it")
        self.tones.append(tone)
        self.sent.append((address, title, text.splitlines()))

    async def publish(self, payloads):
        if "nats" in self.away:
            raise NotSent("nats: TimeoutError")
        self.sent += [("nats", one["what"], one) for one in map(json.loads, payloads)]

    async def after(self, seconds, *findings):
        """Let time pass, with these problems; return the titles that were sent meanwhile."""
        before = len(self.sent)
        for finding in findings:
            if finding not in self.findings:
                self.findings.append(finding)
        self.findings = [one for one in self.findings if one in findings]
        for _ in range(seconds // 5):
            self.seconds += 5
            await self.notifier.look()
        return [title for _, title, _ in self.sent[before:]]


@pytest.fixture
def world():
    return World()


async def test_a_problem_that_lasts_is_sent_once_and_so_is_its_end(world):
    assert await world.after(55, found()) == []
    assert await world.after(3600, found()) == ["down red"]
    key = problem_id(DOWN, "red", "")
    assert world.sent[0][2] == [f"CRITICAL down red (2026-01-02T12:00:05Z). mend it [down {key}]"]
    assert await world.after(55) == []
    assert await world.after(3600) == ["Over: down red"]
    span = "since 2026-01-02T12:00:05Z, until 2026-01-02T13:01:00Z"
    assert world.sent[1][2] == [f"Over: down red ({span}) [down {key}]"]
    assert world.tones == ["failure", "success"]
    assert [(one.type, len(one.payload["begun"]), len(one.payload["ended"])) for one in world.entries] == [
        (NOTIFIED, 1, 0),
        (NOTIFIED, 0, 1),
    ]


async def test_what_comes_and_goes_within_its_time_is_not_sent(world):
    for _ in range(20):
        assert await world.after(50, found()) == []
        assert await world.after(50) == []


async def test_what_comes_back_within_a_minute_is_the_same(world):
    await world.after(600, found())
    assert await world.after(30) == []
    assert await world.after(600, found()) == []


async def test_what_happens_together_is_one_message(world):
    several = [found(source=f"s{number}") for number in range(30)]
    assert await world.after(70, *several) == ["Living Map: 30 new, 0 over"]
    lines = world.sent[0][2]
    assert (len(lines), lines[-1]) == (21, "and 10 more")
    assert await world.after(400) == ["Living Map: 0 new, 30 over"]


async def test_a_storm_is_a_message_per_pause(world):
    titles = []
    for number in range(60):
        titles += await world.after(65, *(found(source=f"s{one}") for one in range(number, number + 3)))
    assert len(titles) <= 60 * 65 / 300 + 1


async def test_an_acknowledged_problem_is_not_sent(world):
    given = Acknowledgement(problem_id(DOWN, "red", ""), NOON, NOON + timedelta(hours=1), NOON, "u-1")
    await world.after(5, found())
    world.acknowledgements.take(payload_of(given), world.now())
    assert await world.after(600, found()) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"severity": "critical"}, ["down red"]),
        ({"severity": "warning"}, ["Living Map: 2 new, 0 over"]),
        ({"severity": "info", "codes": ["stale"]}, ["stale blue"]),
        ({"severity": "info", "sources": ["blue"]}, ["stale blue"]),
        ({"severity": "info", "layers": ["red layer"]}, ["down red"]),
        ({"severity": "info", "layers": ["green layer"]}, []),
        ({"severity": "critical", "language": "uk"}, ["down: red"]),
    ],
)
async def test_a_route_gets_what_it_asks_for(settings, expected):
    world = World(NotifyRoute(urls=("a://",), **settings))
    assert await world.after(300, found(), found(STALE, "blue"), found(ODD, "green")) == expected


async def test_in_quiet_hours_only_what_is_critical_is_sent_and_the_rest_after():
    world = World(NotifyRoute(urls=("a://",), severity="warning", quiet_hours="12:00-13:00"))
    assert await world.after(300, found(), found(STALE, "blue")) == ["down red"]
    assert await world.after(600, found(STALE, "blue")) == []
    assert await world.after(3600, found(STALE, "blue")) == ["Living Map: 1 new, 1 over"]


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [("22:00-07:00", [*range(7), 22, 23]), ("01:00-03:00", [1, 2])],
)
def test_quiet_hours_may_lead_over_midnight(hours, quiet):
    route = NotifyRoute(urls=("a://",), quiet_hours=hours)
    times = [NOON.replace(hour=hour).time() for hour in range(24)]
    assert [hour for hour, time in enumerate(times) if route.is_quiet(time)] == quiet


async def test_the_process_that_leads_next_sends_nothing_twice(world):
    await world.after(600, found())
    other = World(notified=world.notified)
    assert await other.after(600, found()) == []
    assert await other.after(300) == ["Over: down red"]


async def test_one_that_just_began_to_lead_says_of_nothing_that_it_is_over(world):
    await world.after(600, found())
    other = World(notified=world.notified)
    other.tick = 1e-6  # a real clock does not stand still
    assert await other.after(115) == []
    assert await other.after(65) == ["Over: down red"]
    assert other.sent[0][2][0].startswith("Over: down red (since 2026-01-02T12:00:05Z) [")  # nobody saw it end


async def test_what_ended_while_another_process_led_ended_at_nobody_knows_when(world):
    await world.after(600, found())
    assert await world.after(30) == []
    world.leads = False
    assert await world.after(600, found()) == []
    world.leads = True
    assert await world.after(600) == ["Over: down red"]
    assert "until" not in world.sent[-1][2][0]


async def test_a_process_that_does_not_lead_sends_nothing(world):
    world.leads = False
    assert await world.after(600, found()) == []


async def test_while_the_log_is_away_nothing_is_sent_twice_either(world):
    world.log_takes = False
    assert await world.after(3600, found()) == ["down red"]


async def test_what_was_sent_while_the_log_was_away_is_told_to_it_later(world):
    world.log_takes = False
    await world.after(600, found())
    world.notified.restore({})  # the process returns to the log, which has nothing of it
    assert await world.after(600, found()) == []
    world.log_takes = True
    await world.after(5, found())
    assert [one.payload["begun"][0]["what"] for one in world.entries] == ["down red"]
    world.notified.restore({})
    world.notified.take(world.entries[0].payload)
    assert await world.after(600) == ["Over: down red"]


async def test_what_nobody_got_is_sent_again_and_that_is_logged_once(world):
    world.away = {"a://"}
    with capture_logs() as lines:
        assert await world.after(1000, found()) == []
        world.away = set()
        assert await world.after(400, found()) == ["down red"]
    assert [(line["event"], line["reasons"]) for line in lines] == [
        ("a notification could not be sent", ["a: the service did not take it"])
    ]


async def test_one_address_that_fails_keeps_nothing_from_the_others():
    world = World(NotifyRoute(urls=("a://", "b://")))
    world.away = {"a://"}
    assert await world.after(3600, found()) == ["down red"]
    assert [address for address, *_ in world.sent] == ["b://"]


async def test_addresses_are_read_from_a_file_for_every_message(tmp_path):
    file = tmp_path / "urls"
    file.write_text("# on call\na://\n\n")
    world = World(NotifyRoute(urls_file=file))
    await world.after(600, found())
    file.write_text("b://\n")
    await world.after(600)
    file.unlink()
    assert await world.after(900, found()) == []
    assert [address for address, *_ in world.sent] == ["a://", "b://"]


async def test_programs_get_a_message_for_each_problem_and_for_its_end():
    world = World(NotifyRoute(urls=("a://",), codes=("other",)), published=True)
    world.away = {"nats"}
    with capture_logs() as lines:
        assert await world.after(120, found(), found(source="blue")) == []
    assert [(line["event"], line["route"], line["reasons"]) for line in lines] == [
        ("a notification could not be sent", "nats", ["nats: TimeoutError"])
    ]
    assert (world.notifier.sent, world.notifier.failed > 0) == (0, True)
    world.away = set()
    assert sorted(await world.after(60, found(), found(source="blue"))) == ["down blue", "down red"]
    assert await world.after(600, found()) == ["down blue"]
    [*begun, ended] = [one for *_, one in world.sent]
    assert {(one["code"], one["state"], one["source"]) for one in begun} == {
        ("down", "open", "red"),
        ("down", "open", "blue"),
    }
    [blue] = [one for one in begun if one["source"] == "blue"]
    assert (ended["id"], ended["code"], ended["state"], ended["what"]) == (
        blue["id"],
        "down",
        "ended",
        "down blue",
    )
    assert (ended["severity"], ended["since"] < ended["until"]) == ("critical", True)


async def test_messages_for_programs_come_over_nats(tmp_path):
    async with jetstream_server(tmp_path) as server:
        reader = await nats.connect(server.url)
        subscription = await reader.subscribe("livingmap.problems")
        await reader.flush()
        publish = publisher(NatsSettings(url=server.url), "livingmap.problems")
        await publish([b"1", b"2"])
        assert [(await subscription.next_msg(10)).data for _ in range(2)] == [b"1", b"2"]
        await reader.close()
    with pytest.raises(NotSent, match=r"^nats: "):
        await publish([b"3"])


# who notifies, and what is kept


def test_the_leader_notifies_and_while_there_is_none_the_last_one():
    cluster, progress = Alone(), Progress(Position("e", 0))
    assert responsible(cluster, progress)
    cluster.leads, progress.term = False, 7
    assert not responsible(cluster, progress)
    cluster.term = lambda: 7
    assert not responsible(cluster, progress)
    cluster.leaderless_seconds = lambda: 30.0
    assert responsible(cluster, progress)
    progress.term = 8
    assert not responsible(cluster, progress)
    progress.term, cluster.leaderless_seconds = 7, lambda: None
    progress.detach(NOON)
    assert responsible(cluster, progress)


def test_what_was_sent_is_in_the_log_and_in_checkpoints():
    incidents = [Incident(f"p{number}", "down", "critical") for number in range(MOST + 1)]
    first, second = Notified(), Notified()
    for payload in (notified_payload("0", incidents, []), notified_payload("0", [], ["p7"]), {"route": "0"}):
        first.on_entry(Folded(Event(Position("e", 1), NOTIFIED, payload, NOON)), 0)
    second.restore(dict(first.states()))
    assert second.of("0") == first.of("0")
    assert len(first.of("0")) == MOST - 1
    assert {"p0", "p7"}.isdisjoint(first.of("0"))


# Apprise itself


class Webhook(JsonService):
    """A service that takes whatever it is sent."""

    def answer(self, path, said, headers):
        return 200, {}


@APPRISE
async def test_a_message_reaches_a_webhook():
    async with running(Webhook()) as webhook:
        address = f"json://127.0.0.1:{webhook.port}/problems"
        await send(address, "down red", "CRITICAL down red", "failure")
    [(_, body)] = webhook.asked
    assert (body["title"], body["message"], body["type"]) == ("down red", "CRITICAL down red", "failure")


@APPRISE
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nonsense://secret", "Apprise does not understand an address that begins with 'nonsense'"),
        ("json://user:secret@127.0.0.1:9/", "json: the service did not take it"),
    ],
)
async def test_a_message_that_cannot_be_sent_names_no_address(address, reason):
    with pytest.raises(NotSent) as raised:
        await send(address, "down", "down", "warning")
    assert str(raised.value) == reason


# settings


def configured(tmp_path, *routes):
    file = tmp_path / "map.yaml"
    section = {"routes": list(routes)}
    file.write_text(yaml.safe_dump({"sources": {"city": {"mock": True}}, "notify": section}))
    return load(file)


@APPRISE
def test_routes_are_read_with_files_beside_the_yaml(tmp_path):
    (tmp_path / "urls").write_text("json://localhost\n")
    config = configured(tmp_path, {"urls_file": "urls", "quiet_hours": "22:00-07:00", "timezone": "Europe/Kyiv"})
    [route] = config.notify.routes
    assert route.addresses() == ["json://localhost"]


@APPRISE
@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ({}, "notify.routes.0: give urls or urls_file, and not both"),
        ({"urls": ["json://a"], "urls_file": "b"}, "notify.routes.0: give urls or urls_file, and not both"),
        ({"urls": ["json://a"], "timezone": "Kyiv"}, "notify.routes.0.timezone: 'Kyiv' is no time zone"),
        ({"urls": ["json://a"], "quiet_hours": "22-7"}, "notify.routes.0.quiet_hours: String should match"),
        ({"urls": ["nonsense://secret"]}, "notify.routes.0: Apprise does not understand the address that begins"),
        ({"urls_file": "nowhere"}, "notify.routes.0: urls_file: cannot be read"),
    ],
)
def test_a_route_that_cannot_be_used_is_refused(tmp_path, route, fault):
    with pytest.raises(ConfigError) as raised:
        configured(tmp_path, route)
    assert fault in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("subject", "url", "reason"),
    [
        ("livingmap.problems", None, "notify.nats: needs nats.url"),
        ("livingmap.LIVINGMAP.problems", "nats://127.0.0.1:9", "the map itself takes livingmap.LIVINGMAP.>"),
        ("agent.event.status", "nats://127.0.0.1:9", "the map itself takes agent."),
        ("livingmap.>", "nats://127.0.0.1:9", "notify.nats.subject"),
        ("two words", "nats://127.0.0.1:9", "notify.nats.subject"),
    ],
)
def test_problems_are_not_published_where_the_map_reads(tmp_path, subject, url, reason):
    file = tmp_path / "map.yaml"
    sections = {"sources": {"agents": {"mock": True}}, "notify": {"nats": {"subject": subject}}}
    file.write_text(yaml.safe_dump(sections | ({"nats": {"url": url}} if url else {})))
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert reason in "\n".join(raised.value.lines())
