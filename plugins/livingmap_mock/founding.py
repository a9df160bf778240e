"""The start of the simulated network: its population, and the hours before."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from random import Random
from typing import Final, Protocol

from livingmap_mock.names import Namer
from livingmap_mock.network import Network
from livingmap_mock.things import (
    Agent,
    Channel,
    Condition,
    Dao,
    Member,
    MicroDao,
    Node,
    Proposal,
    Room,
    Utterance,
    Vote,
)
from livingmap_mock.used import Usage
from livingmap_mock.words import DISTRICTS, MODELS, PLACES

FOUNDED: Final = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
_USERS: Final = 60
_IN_A_CHANNEL: Final = 5
_PRESENCE: Final = {"online": 70, "busy": 12, "offline": 18}
_NODE_USES: Final = (
    ("gpu", ("gpu", "ai_runtime"), 48.0, 128.0),
    ("core", ("core", "gateway", "agents"), 24.0, 64.0),
    ("edge", ("edge", "agents"), 16.0, 32.0),
)
_TROUBLES: Final[dict[int, Condition]] = {3: "overloaded", 8: "offline", 15: "degraded"}
"""The nodes that are in trouble, of every twenty: whatever the seed, a demo has something to show."""


class Sizes(Protocol):
    """How many of each there are at the start."""

    seed: int
    agents: int
    nodes: int
    microdaos: int
    daos: int


def establish(sizes: Sizes) -> Network:
    """Return the network that ``sizes.seed`` gives: always the same one."""
    rng = Random(sizes.seed)  # noqa: S311 - a simulation keeps no secrets
    network = Network(rng, Namer(rng))
    network.users = [network.uuid() for _ in range(_USERS)]
    for place in PLACES:
        room = Room(place, FOUNDED, rng.randrange(4))
        network.rooms.add(room.id, room)
    for _ in range(sizes.microdaos):
        found_microdao(network, some_day(rng))
    for number in range(1, sizes.nodes + 1):
        _set_up_node(network, number)
    crews: dict[MicroDao, list[Agent]] = {microdao: [] for microdao in network.microdaos}
    for _ in range(sizes.agents):
        agent = hire(network, network.microdaos.draw(rng), some_day(rng))
        agent.used = _habit(rng)
        agent.status = rng.choices([*_PRESENCE], [*_PRESENCE.values()])[0]
        crews[agent.microdao].append(agent)
    for number in range(sizes.daos):
        _found_dao(network, network.microdaos[number % sizes.microdaos], number, sizes.daos)
    for microdao, crew in crews.items():
        for slug in ("general", rng.choice(("night-shift", "market", "repairs"))):
            open_channel(network, microdao, slug, crew[:_IN_A_CHANNEL], some_day(rng))
    return network


def some_day(rng: Random) -> datetime:
    """Return a time within the first two months."""
    return FOUNDED + timedelta(seconds=rng.randrange(60 * 86_400), microseconds=rng.randrange(1_000_000))


def found_microdao(network: Network, when: datetime) -> MicroDao:
    """Let a microDAO be founded: it has people, but no agents and no channels yet."""
    rng, name = network.rng, network.namer.guild()
    microdao = MicroDao(
        uuid=network.uuid(),
        slug=name.slug,
        name=name.shown,
        description=network.namer.purpose(),
        district=rng.choice(DISTRICTS),
        created=when,
        updated=when,
        members=_members(network, rng.randint(3, 9), when),
        balance=Decimal(rng.randrange(50_000, 2_000_000)) / 100,
    )
    return network.microdaos.add(name.slug, microdao)


def hire(network: Network, microdao: MicroDao, when: datetime) -> Agent:
    """Let an agent start in a microDAO; the first one there becomes its orchestrator."""
    rng = network.rng
    name, trade = network.namer.agent()
    agent = Agent(
        uuid=network.uuid(),
        handle=name.slug,
        name=name.shown,
        kind=trade.kind if microdao.orchestrator else "orchestrator",
        tools=trade.tools,
        model=rng.choice(tuple(MODELS)),
        microdao=microdao,
        node=network.nodes.draw(rng),
        room=network.rooms.draw(rng) if rng.randrange(3) == 0 else None,
        created=when,
        updated=when,
        status="online",
        used=Usage(),
    )
    microdao.orchestrator = microdao.orchestrator or agent
    network.count_agent(agent, 1)
    return network.agents.add(name.slug, agent)


def open_channel(network: Network, microdao: MicroDao, slug: str, agents: list[Agent], when: datetime) -> Channel:
    """Open a channel of a microDAO."""
    channel = Channel(
        uuid=network.uuid(),
        slug=slug,
        name=slug.replace("-", " ").title(),
        description=f"{microdao.name}: {slug}",
        microdao=microdao,
        visibility="public" if slug == "general" else "microdao",
        created=when,
        agents=agents,
    )
    microdao.channels.append(channel)
    return network.channels.add(channel.uuid, channel)


def propose(network: Network, dao: Dao, when: datetime) -> Proposal:
    """Let a member of a DAO propose something."""
    dao.proposed += 1
    author = network.rng.choice(dao.members).user
    title = network.namer.matter([proposal.title for proposal in dao.proposals])
    proposal = Proposal(network.uuid(), f"p-{dao.proposed}", title, author, when)
    dao.proposals.append(proposal)
    return proposal


def vote(network: Network, dao: Dao, proposal: Proposal, when: datetime) -> Vote:
    """Let a member vote, or change the mind and with it the vote that is there."""
    member = network.rng.choice(dao.members)
    value = network.rng.choice(("yes", "yes", "yes", "no", "abstain"))
    weight = 1 if dao.model == "simple" else network.rng.randint(1, 5)
    before = proposal.votes.get(member.user)
    cast = Vote(before.uuid if before else network.uuid(), member.user, value, weight, when)
    proposal.votes[member.user] = cast
    return cast


def say(network: Network, channel: Channel, agent: Agent | None, when: datetime) -> Utterance:
    """Let an agent, or else a member of the microDAO, say something in a channel."""
    person = network.users.index(network.rng.choice(channel.microdao.members).user)
    sender, kind = (agent.external_id, "agent") if agent else (f"user:{person + 500}", "human")
    utterance = Utterance(network.uuid(), network.matrix_event(), sender, kind, network.namer.remark(), when)
    channel.messages.append(utterance)
    return utterance


def remember(network: Network, now: datetime) -> None:
    """Give the network the hours before ``now``: what was written, proposed and voted, and what broke."""
    rng = network.rng
    for channel in network.channels:
        for minutes in sorted((rng.randrange(2, 600) for _ in range(rng.randint(2, 6))), reverse=True):
            say(network, channel, None, now - timedelta(minutes=minutes))
    for dao in network.daos:
        for status in ("passed", "rejected", "active", "draft"):
            _decide(network, dao, status, now)
    for node in network.nodes:
        node.since = now - timedelta(minutes=rng.randrange(3, 240))


def _decide(network: Network, dao: Dao, status: str, now: datetime) -> None:
    rng = network.rng
    created = now - timedelta(days={"passed": 20, "rejected": 12, "active": 2, "draft": 1}[status])
    proposal = propose(network, dao, created - timedelta(minutes=rng.randrange(600)))
    proposal.status = status
    if status == "draft":
        return
    proposal.start = created + timedelta(hours=1)
    proposal.end = proposal.start + timedelta(days=7)
    for _ in range(rng.randint(2, len(dao.members))):
        vote(network, dao, proposal, proposal.start + timedelta(minutes=rng.randrange(1, 2_000)))
    if status in {"passed", "rejected"}:
        wanted, other = ("yes", "no") if status == "passed" else ("no", "yes")
        for cast in proposal.votes.values():
            cast.value = wanted if cast.value == other else cast.value


def _set_up_node(network: Network, number: int) -> None:
    rng = network.rng
    use, roles, vram, memory = rng.choice(_NODE_USES)
    name = network.namer.node(number, use)
    node = Node(
        slug=name.slug,
        name=name.shown,
        hostname=f"{use}-{number}.nodes.example",
        roles=roles,
        microdao=network.microdaos[(number - 1) % len(network.microdaos)],
        vram=vram,
        memory=memory,
        usual={what: rng.uniform(0.15, 0.7) for what in ("cpu", "gpu", "ram", "net")},
        phase=rng.uniform(1, 7),
    )
    node.condition = _TROUBLES.get(number % 20, "healthy")
    network.nodes.add(node.slug, node)


def _found_dao(network: Network, microdao: MicroDao, number: int, of: int) -> None:
    rng, name, when = network.rng, network.namer.council(), some_day(network.rng)
    dao = Dao(
        uuid=network.uuid(),
        slug=name.slug,
        name=name.shown,
        description=network.namer.purpose(),
        microdao=microdao,
        model=rng.choice(("simple", "simple", "quadratic", "delegated")),
        quorum=rng.choice((20, 30, 50)),
        created=when,
        updated=when,
        members=_members(network, rng.randint(5, 14), when),
        balance=Decimal(rng.randrange(1_000_000, 90_000_000)) / 100,
        position={axis: float(rng.randrange(-400, 400)) for axis in "xyz"},
        satellites=list(islice(network.nodes, number, None, of)),
    )
    network.daos.add(name.slug, dao)


def _members(network: Network, number: int, when: datetime) -> list[Member]:
    users = network.rng.sample(network.users, number)
    roles = ("owner" if place == 0 else "admin" if place == 1 else "member" for place in count())
    return [Member(network.uuid(), user, role, when) for user, role in zip(users, roles, strict=False)]


def _habit(rng: Random) -> Usage:
    """Return what an agent used in the day before the start: most of them little, a few a lot."""
    invocations = int(rng.paretovariate(1.2) * 8)
    calls = invocations + rng.randrange(invocations + 1)
    tools, messages = rng.randrange(calls + 1), rng.randrange(invocations + 1)
    prompt = calls * rng.randint(200, 900)
    milliseconds = calls * rng.randint(400, 1600), tools * rng.randint(100, 500)
    return Usage(invocations, calls, tools, messages, prompt, prompt // 4, *milliseconds)
