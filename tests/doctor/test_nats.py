"""Faults of NATS: each is found, and what the doctor proposes mends it."""

import asyncio
import contextlib

import yaml

from livingmap.cluster.nats import subject_of
from livingmap.cluster.presence import Member, announcement
from livingmap.config.loading import load
from livingmap.doctor.clocks import of_clock
from livingmap.log.local import utc_now
from livingmap.transport.settings import NatsSettings
from tests.doctor.conftest import kinds, proposed
from tests.support.map_process import map_process
from tests.support.nats_cluster import nats_cluster
from tests.support.nats_server import NatsServer, jetstream_server, until

USER = "authorization {{ users: [{{ user: map, password: {password}{more} }}] }}"


@contextlib.asynccontextmanager
async def running(server):
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


async def test_a_server_that_does_not_run(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url})
        assert await patient.faults() == []
        await server.kill()
        fault = await patient.fault()
        assert kinds([fault]) == [("refused", "nats.url")]
        assert fault.fix.startswith("start what should answer there")
        await server.start()
        assert await patient.faults() == []


async def test_one_of_several_servers_that_does_not_run(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        away = NatsServer(tmp_path)
        patient.set("nats", {"url": f"{server.url},{away.url}"})
        fault = await patient.fault()
        assert kinds([fault]) == [("refused", "nats.url")]
        assert f"127.0.0.1:{away.port}" in fault.what
        patient.set("nats.url", server.url)
        assert await patient.faults() == []


async def test_a_wrong_password_is_not_shown(patient, tmp_path):
    async with jetstream_server(tmp_path, USER.format(password="right-one", more="")) as server:
        patient.set("nats", {"url": server.url, "user": "map", "password": "wrong-one"})
        fault = await patient.fault()
        assert kinds([fault]) == [("sign_in", "nats.password")]
        assert proposed(fault) == ["nats.password"]
        assert "wrong-one" not in fault.what + fault.fix
        patient.set("nats.password", "right-one")
        assert await patient.faults() == []


async def test_no_way_to_sign_in(patient, tmp_path):
    async with jetstream_server(tmp_path, USER.format(password="right-one", more="")) as server:
        patient.set("nats", {"url": server.url})
        fault = await patient.fault()
        assert kinds([fault]) == [("sign_in", "nats")]
        assert proposed(fault)[:2] == ["nats.user", "nats.password_file"]
        (tmp_path / "password").write_text("right-one")
        patient.set("nats", {"url": server.url, "user": "map", "password_file": "password"})
        assert await patient.faults() == []


async def test_a_file_of_credentials_that_is_not_there(patient, tmp_path):
    async with jetstream_server(tmp_path, "authorization { token: a-token-of-the-map }") as server:
        patient.set("nats", {"url": server.url, "token_file": "token"})
        fault = await patient.fault()
        assert kinds([fault]) == [("secret_file", "nats")]
        (tmp_path / "token").write_text("a-token-of-the-map")
        assert await patient.faults() == []


async def test_a_server_of_an_authority_that_is_not_trusted(patient, authority, tmp_path):
    certificate, key = authority.issue("nats")
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}'
    async with jetstream_server(tmp_path, tls) as server:
        patient.set("nats", {"url": f"tls://localhost:{server.port}"})
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_untrusted", "nats.url")]
        assert proposed(fault) == ["nats.ca_file"]
        patient.set("nats.ca_file", str(authority.ca_file))
        assert await patient.faults() == []


async def test_a_server_that_wants_to_be_shown_a_certificate(patient, authority, tmp_path):
    certificate, key = authority.issue("nats")
    files = f'cert_file: "{certificate}", key_file: "{key}", ca_file: "{authority.ca_file}", verify: true'
    async with jetstream_server(tmp_path, f"tls {{ {files} }}") as server:
        patient.set("nats", {"url": f"tls://localhost:{server.port}", "ca_file": str(authority.ca_file)})
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_certificate_wanted", "nats.url")]
        for setting, file in zip(proposed(fault), authority.issue("map"), strict=True):
            patient.set(setting, str(file))
        assert await patient.faults() == []


async def test_a_server_that_does_not_encrypt(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url.replace("nats:", "tls:")})
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_not_spoken", "nats.url")]
        assert proposed(fault)[0] == "nats://"
        patient.set("nats.url", server.url)
        assert await patient.faults() == []


async def test_a_server_without_jetstream(patient, tmp_path):
    async with running(NatsServer(tmp_path)) as server:
        patient.set("nats", {"url": server.url})
        fault = await patient.fault()
        assert kinds([fault]) == [("no_jetstream", "nats.jetstream")]
        assert proposed(fault)[0] == "--jetstream"
        patient.set("nats.jetstream", yaml.safe_load(proposed(fault)[1].partition(": ")[2]))
        assert await patient.faults() == []


def account(publish, subscribe):
    """Return the configuration of a server on which the map has these rights and no others."""
    rights = f", permissions: {{ publish: {publish}, subscribe: {subscribe} }}".replace("'", '"')
    return USER.format(password="right-one", more=rights)


async def test_rights_that_the_account_lacks(patient, tmp_path):
    publish, subscribe = ["$JS.API.>", "livingmap.LIVINGMAP.>"], ["_INBOX.>"]
    async with jetstream_server(tmp_path, account(publish, subscribe)) as server:
        rest = server.config.removeprefix(account(publish, subscribe))
        patient.set("nats", {"url": server.url, "user": "map", "password": "right-one"})
        faults = await patient.faults()
        assert kinds(faults) == [("nats_rights", "nats")] * 2
        for fault in faults:
            [(verb, subjects)] = yaml.safe_load(proposed(fault)[0]).items()
            (publish if verb == "publish" else subscribe).extend(subjects)
        assert {"$KV.LIVINGMAP.>", "$O.LIVINGMAP.>", "_livingmap.LIVINGMAP"} < set(publish)
        await server.kill()
        server.config = account(publish, subscribe) + rest
        await server.start()
        assert await patient.faults() == []


async def test_rights_without_jetstream(patient, tmp_path):
    subscribe = ["agent.event.>"]
    async with running(NatsServer(tmp_path, account(["livingmap.>"], subscribe))) as server:
        patient.set("nats", {"url": server.url, "user": "map", "password": "right-one", "jetstream": False})
        fault = await patient.fault()
        [(verb, subjects)] = yaml.safe_load(proposed(fault)[0]).items()
        assert verb == "subscribe"
        await server.kill()
        server.config = account(["livingmap.>"], [*subscribe, *subjects])
        await server.start()
        assert await patient.faults() == []


async def test_what_a_running_map_keeps_is_not_touched(patient, tmp_path):
    """What the doctor publishes is kept by no stream, and no other process takes it for a message."""
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url, "detached_seconds": 60})
        async with map_process(tmp_path, **{**patient.sections, "server": {}}) as living:
            await living.connected()
            assert await patient.faults() == []
            assert [subject for subject in await subjects(server) if "doctor" in subject] == []
            assert (await living.nats())["missed"] == 0
            assert not [line for line in living.said() if line["level"] in ("warning", "error")]


async def subjects(server):
    """Return the subjects of all messages that the streams of a server hold."""
    async with server.publisher() as client:
        js = client.jetstream()
        names = [one.config.name for one in await js.streams_info()]
        assert "KV_LIVINGMAP" in names
        infos = [await js.stream_info(name, subjects_filter=">") for name in names]
        return [subject for info in infos for subject in info.state.subjects or ()]


async def test_more_replicas_than_servers(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url, "stream_replicas": 3})
        fault = await patient.fault()
        assert kinds([fault]) == [("replicas", "nats.stream_replicas")]
        patient.follow(fault, "nats.stream_replicas")
        assert await patient.faults() == []


async def test_a_server_that_takes_only_short_messages(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url})
        await server.reload(server.config + "\nmax_payload: 65536")
        await until(lambda: of_max_payload(server, 65_536))
        fault = await patient.fault()
        assert kinds([fault]) == [("max_payload", "nats.most_bytes")]
        [line] = proposed(fault)
        await server.reload(server.config + f"\n{line}")
        await until(lambda: of_max_payload(server, 1024 * 1024))
        assert await patient.faults() == []


async def of_max_payload(server, size):
    async with server.publisher() as client:
        return client.max_payload == size


async def test_no_room_for_the_stream(patient, tmp_path):
    accounts = "accounts { A { users: [{user: map, password: right-one}], jetstream { max_disk: 100MB } } }"
    async with jetstream_server(tmp_path, accounts) as server:
        patient.set("nats", {"url": server.url, "user": "map", "password": "right-one"})
        fault = await patient.fault()
        assert kinds([fault]) == [("storage", "nats.stream_bytes")]
        patient.follow(fault, "nats.stream_bytes")
        assert await patient.faults() == []


async def test_an_account_without_jetstream(patient, tmp_path):
    accounts = "accounts { A { users: [{user: map, password: right-one}]%s } }"
    async with jetstream_server(tmp_path, accounts % "") as server:
        rest = server.config.removeprefix(accounts % "")
        patient.set("nats", {"url": server.url, "user": "map", "password": "right-one"})
        fault = await patient.fault()
        assert kinds([fault]) == [("no_jetstream", "nats.jetstream")]
        await server.kill()
        server.config = accounts % f", {proposed(fault)[0]}" + rest
        await server.start()
        assert await patient.faults() == []


async def make_stream(server, config):
    async with server.publisher() as client:
        await client.jetstream().add_stream(**config)


async def test_a_subject_of_a_work_queue(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        await make_stream(server, {"name": "WORK", "subjects": ["agent.event.>"], "retention": "workqueue"})
        patient.set("nats", {"url": server.url})
        fault = await patient.fault()
        assert kinds([fault]) == [("stream_refused", "nats.stream")]
        assert "nats.jetstream: false" in fault.fix
        patient.set("nats.jetstream", False)
        assert await patient.faults() == []


async def test_a_stream_that_keeps_more_than_is_asked_for(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url, "stream_days": 30})
        async with map_process(tmp_path, **{**patient.sections, "server": {}}) as living:
            await living.connected()
        patient.set("nats.stream_days", 2)
        fault = await patient.fault()
        assert kinds([fault]) == [("stream_keeps_more", "nats.stream")]
        assert fault.what == "stream_days: 30 there, 2 here"
        command = proposed(fault)[0].split()
        assert command[0] == "livingmap"
        await asyncio.to_thread(run, *command[1:], "--config", patient.file)
        assert await patient.faults() == []


def run(*arguments):
    from typer.testing import CliRunner  # noqa: PLC0415

    from livingmap.cli.program import app  # noqa: PLC0415

    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output


async def test_a_cluster_of_which_too_few_servers_are_up(patient, tmp_path):
    servers = NatsServer.cluster(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(running(servers[0]))
        patient.set("nats", {"url": servers[0].url, "stream_replicas": 3})
        fault = await patient.fault()
        assert kinds([fault]) == [("no_quorum", "nats.url")]
        assert fault.fix.startswith("start the servers of the cluster that are down")
        for server in servers[1:]:
            await stack.enter_async_context(running(server))

        async def well():
            return not await patient.faults()

        await until(well, 200, 0.2)


async def test_a_cluster_that_has_lost_a_replica(patient, tmp_path, monkeypatch):
    monkeypatch.setattr("livingmap.doctor.jetstream.SILENT_SECONDS", 3.0)
    async with nats_cluster(tmp_path) as cluster:
        urls = ",".join(server.url for server in cluster.servers.values())
        patient.set("nats", {"url": urls, "stream_replicas": 3})
        own = {"name": "LIVINGMAP", "subjects": ["livingmap.LIVINGMAP.>"], "num_replicas": 3}
        await make_stream(cluster.servers["n0"], own)
        leader = await cluster.leader("LIVINGMAP")
        follower = next(name for name in cluster.servers if name != leader)

        async def away():
            return [one.what for one in await patient.faults() if kinds([one]) == [("replica_away", "nats.url")]]

        async def is_whole():
            return ("no_quorum", "nats.url") not in kinds(await patient.faults()) and not await away()

        async def notices():
            what = f"LIVINGMAP lacks a replica: {lost} has not been seen "
            return any(one.startswith(what) for one in await away())

        for lost in (follower, leader):
            await cluster.servers[lost].kill()
            await until(notices, 200, 0.2)
            await cluster.servers[lost].start()
            await until(is_whole, 200, 0.2)

        await make_stream(cluster.servers[leader], {"name": "KV_LIVINGMAP", "num_replicas": 1})
        await cluster.servers[await cluster.leader("KV_LIVINGMAP")].kill()

        async def names_the_bucket():
            return any(one.what.startswith("KV_LIVINGMAP does not answer") for one in await patient.faults())

        await until(names_the_bucket, 200, 0.2)


async def test_a_cluster_whose_log_is_on_one_server_is_worth_knowing(patient, tmp_path):
    async with nats_cluster(tmp_path) as cluster:
        patient.set("nats", {"url": cluster.servers["n0"].url})
        report = await patient.report()
        assert report.faults == []
        assert kinds(report.notes) == [("single_replica", "nats.stream_replicas")]


def test_clocks_that_are_far_apart():
    now = utc_now()
    [ahead] = of_clock("nats.url", "NATS", now.replace(year=now.year + 1), now, now)
    assert kinds([ahead]) == [("clock", "nats.url")]
    assert "ahead of this machine's" in ahead.what
    assert of_clock("nats.url", "NATS", now, now, now) == []


@contextlib.asynccontextmanager
async def speaking(server, *members):
    """Have processes broadcast that they are there, whose log is on the server."""
    subject = subject_of(NatsSettings(url=server.url))
    async with server.publisher() as client:

        async def speak():
            while True:
                for member in members:
                    await client.publish(subject, announcement(member))
                await asyncio.sleep(0.2)

        task = asyncio.create_task(speak())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_another_process_that_lacks_sources_and_cannot_lead(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url, "detached_seconds": 60})
        async with map_process(tmp_path, **{**patient.sections, "server": {}}) as living:
            await living.connected()
            patient.set("sources.city", {"mock": True})
            async with speaking(server, Member("abc", frozenset({"agents"}), False, 0.0, "10.0.0.9:7017")):
                faults = await patient.faults()
            lacking = [one for one in faults if "abc" in one.what]
            assert kinds(lacking) == [("others_lack_sources", "sources"), ("cannot_lead", "history.url")]
            assert "10.0.0.9:7017" in lacking[0].what
            assert ("history_not_shared", "history.url") in kinds(faults)
            assert ("peer_unreachable", "server.host") in kinds(faults)  # the map that runs serves to this machine
            patient.set("sources.city", None)
            assert await patient.faults() == []


async def test_processes_of_which_none_leads(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url, "detached_seconds": 60})
        async with map_process(tmp_path, **{**patient.sections, "server": {}}) as living:
            await living.connected()
            await living.terminate()
            async with speaking(server, Member("abc", frozenset({"agents"}), True, 0.0)):
                fault = await patient.fault()
            assert kinds([fault]) == [("no_leader", "nats.stream")]
            assert proposed(fault) == ["livingmap doctor"]
            await living.start()

            async def well():
                return not await patient.faults()

            await until(well, 200, 0.2)


async def test_a_configuration_that_lacks_sources_of_the_others(patient, tmp_path):
    async with jetstream_server(tmp_path) as server:
        patient.set("nats", {"url": server.url})
        patient.set("sources.city", {"mock": True})
        async with map_process(tmp_path, **{**patient.sections, "server": {}}) as living:
            await living.connected()
            patient.set("sources.city", None)
            fault = await patient.fault()
            assert kinds([fault]) == [("lacks_sources", "sources")]
            assert proposed(fault) == ["sources.city"]
            patient.set("sources.city", {"mock": True})
            assert await patient.faults() == []


async def test_a_map_that_refused_the_configuration(patient):
    fault = await patient.fault(refusals={123: ["server.port: cannot change while the map runs; restart it"]})
    assert kinds([fault]) == [("configuration_refused", "")]
    assert "process 123" in fault.what
    assert load(patient.file).sources
    assert await patient.faults() == []
