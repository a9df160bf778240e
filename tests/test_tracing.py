"""Traces: what a poll, a request and a message led to, in the trace of whoever caused it, and without secrets."""

import asyncio
import subprocess
import sys

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from livingmap import tracing
from livingmap.core.fold import refreshed
from livingmap.core.model import Put
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.tracing.spans import Spans
from livingmap.transport.settings import NatsSettings
from tests.stream.conftest import served
from tests.support.maps import browser, living_map
from tests.support.nats_server import jetstream_server, until
from tests.support.scripted_service import ScriptedService, Sent

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"


class Exported:
    """The spans that have ended."""

    def __init__(self):
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def spans(self):
        return self._exporter.get_finished_spans()

    def named(self, name):
        return [one for one in self.spans() if one.name == name]

    def text(self):
        return "".join(one.to_json() for one in self.spans())


@pytest.fixture
def exported(monkeypatch):
    one = Exported()
    monkeypatch.setattr(tracing, "active", Spans(one.provider))
    yield one
    one.provider.shutdown()


def origin(span):
    """Return the trace of a span, and the span that it comes of."""
    return f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}" if span.parent else None


def shop(service, **more):
    fields = {"id": "name", "fields": {"name": "name"}}
    lists = [{"path": "/rows", "layer": "shop", "type": "thing", **fields}]
    own = {"plugin": "http", "service": "shop", "base_url": service.base_url, "retries": 0, "lists": lists}
    return {"shop": {**own, **more}}


async def test_a_service_goes_on_with_the_trace_of_the_poll_that_asks_it(exported, tmp_path):
    secrets = {"api_key": "hush-hush", "api_key_parameter": "key"}
    async with (
        ScriptedService(lambda request: Sent([{"name": "a"}])) as service,
        living_map(tmp_path, shop(service, **secrets)),
    ):
        [request] = service.requests
    [whole], [asked] = exported.named("poll shop"), exported.named("GET")
    assert origin(asked) == (origin(whole)[0], f"{whole.context.span_id:016x}")
    assert request.query == {"key": "hush-hush"}
    assert request.headers["traceparent"].startswith(f"00-{origin(whole)[0]}-{asked.context.span_id:016x}-")
    assert (asked.attributes["url.path"], asked.attributes["http.response.status_code"]) == ("/rows", 200)
    assert (whole.status.is_unset, asked.status.is_unset) == (True, True)
    assert "hush" not in exported.text()


async def test_a_poll_that_fails_says_so_without_the_words_of_the_service(exported, tmp_path):
    async with (
        ScriptedService(lambda request: Sent({"detail": "hush-hush"}, 403)) as service,
        living_map(tmp_path, shop(service)),
    ):
        pass
    errors = {one.name: one.attributes["error.type"] for one in exported.spans() if not one.status.is_ok}
    assert errors == {"GET": "RequestRejected", "poll shop": "failed"}
    assert "hush" not in exported.text()


async def test_a_request_is_in_the_trace_of_its_caller_and_health_in_none(exported, tmp_path):
    headers = {"traceparent": SAMPLED, "x-request-id": "mine-1", "authorization": "Bearer hush-hush"}
    async with living_map(tmp_path, {"city": {"mock": True}}, polled=False) as living, browser(living) as client:
        await client.get("/living-map/entities", params={"access_token": "hush-hush"}, headers=headers)
        await client.get("/living-map/nowhere/else")
        await client.get("/living-map/health", headers=headers)
    entities, unknown = exported.spans()
    assert (entities.name, origin(entities)) == ("GET /living-map/entities", (TRACE, CALLER))
    assert entities.attributes["livingmap.request"] == "mine-1"
    assert (origin(unknown)[1], unknown.attributes["http.response.status_code"]) == (None, 404)
    assert "hush" not in exported.text()


async def test_a_snapshot_at_once_is_traced_if_its_caller_is_and_a_stream_until_it_begins(exported, tmp_path):
    async with (
        living_map(tmp_path, {"city": {"mock": True}}) as living,
        served(living) as address,
        httpx.AsyncClient(base_url=f"http://{address}/living-map") as client,
    ):
        for headers in ({}, {}, {"traceparent": SAMPLED}):
            assert (await client.get("/snapshot", headers=headers)).status_code == 200
        async with client.stream("GET", "/events"):
            names = [one.name for one in exported.spans()]
    assert names[-2:] == ["GET /living-map/snapshot", "GET /living-map/events"]
    assert [origin(one) for one in exported.named(names[-2])][-1] == (TRACE, CALLER)
    assert len(exported.named(names[-2])) < 3


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.mark.parametrize("jetstream", [False, True])
async def test_a_message_of_nats_is_traced_to_its_fold_if_its_sender_is(exported, server, jetstream):
    settings = NatsSettings(url=server.url, jetstream=jetstream)
    made, seen = backbone(settings, ["a.*"], ["a"], b"", utc_now), []
    made.log.subscribe(seen.append)
    running = asyncio.create_task(made.intakes[0].run())
    try:
        await until(lambda: made.intakes[0].status.connected)
        async with server.publisher() as client:
            for number, name in enumerate(("traceparent", "Traceparent", "other")):
                await client.publish(f"a.{number}", b'{"said": "hush-hush"}', headers={name: SAMPLED})
            await client.publish("a.3", b"{}", headers={"traceparent": UNSAMPLED})
            await client.publish("a.4", b"{}")
            await client.publish("a.5", b"hush-hush", headers={"traceparent": SAMPLED})
            await client.publish("a.6", b"{}")
        await until(lambda: len(seen) == 6)
        with tracing.poll("a"):
            await made.log.append(refreshed("a", 0, [Put("things", "thing:1", {})]))
    finally:
        await stop([running])
    messages = [one for one in exported.spans() if one.name.startswith("process a.")]
    assert [(one.name, origin(one)) for one in messages] == [
        (f"process a.{number}", (TRACE, CALLER)) for number in (0, 1, 5)
    ]
    assert [one.attributes.get("error.type") for one in messages] == [None, None, "DeadMessage"]
    assert "hush" not in exported.text()
    [whole] = exported.named("poll a")
    folds = [origin(one) for one in exported.spans() if one.name.startswith("process livingmap.")]
    assert folds == ([(origin(whole)[0], f"{whole.context.span_id:016x}")] if jetstream else [])


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({}, []),
        ({"OTEL_SERVICE_NAME": "map"}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ["console", "otlp"]),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, []),
    ],
)
def test_the_environment_says_whether_there_are_traces(variables, names):
    assert tracing.exporters(variables) == names


async def test_spans_are_sent_where_the_environment_says(monkeypatch, tmp_path):
    async with ScriptedService(lambda request: Sent({})) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.base_url)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=north")
        tracing.begin("p1")
        with tracing.poll("shop"):
            pass
        await tracing.end()
    [sent] = collector.requests
    assert (sent.method, sent.path, tracing.active) == ("POST", "/v1/traces", None)
    for text in (b"poll shop", b"livingmap", b"p1", b"north"):
        assert text in sent.body


@pytest.mark.parametrize(
    ("missing", "exporter", "line"),
    [
        ("livingmap.tracing.exporting", "otlp", "traces need the extra otel: pip install 'livingmap[otel]'"),
        ("nothing", "jaeger", "traces cannot be exported"),
    ],
)
def test_what_is_not_installed_costs_one_warning(monkeypatch, missing, exporter, line):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", exporter)
    with capture_logs() as lines:
        tracing.begin("p1")
    assert [(one["log_level"], one["event"]) for one in lines] == [("warning", line)]
    assert tracing.active is None


def test_a_map_without_traces_imports_nothing_that_makes_them():
    program = (
        "import sys, livingmap.app; print(*(one for one in sys.modules if one.startswith('opentelemetry.sdk')))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "\n"
