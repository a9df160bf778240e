"""Spans: what traces record of a poll, a request or a message. Never credentials, queries or payloads."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from livingmap import __version__

Begun: TypeAlias = Callable[[int, str | None], None]
"""Takes the status of an answer that begins, and the path of its endpoint."""

_TRACE_CONTEXT: Final = TraceContextTextMapPropagator()
_IN_NATS: Final = re.compile(rb"\r\n(traceparent|tracestate):[ \t]*([^\r\n]*)", re.IGNORECASE)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED: Final = 500


class Spans:
    """Makes the spans of the map by ``provider``, with the names and attributes of OpenTelemetry's conventions."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("livingmap", __version__)

    def close(self) -> None:
        """Export what was not yet. Blocks for as long as the exporter does."""
        self._provider.shutdown()

    def poll(self, source: str) -> AbstractContextManager[Span]:
        """Return what spans a poll, with the requests that it makes."""
        return self._span(f"poll {source}", SpanKind.INTERNAL, {"livingmap.source": source})

    def request(self, method: str, url: str) -> AbstractContextManager[Span]:
        """Return what spans a request to a service."""
        parts = urlsplit(url)
        attributes: dict[str, AttributeValue] = {
            "http.request.method": method,
            "server.address": parts.hostname or "",
            "url.path": parts.path,
        }
        if parts.port is not None:
            attributes["server.port"] = parts.port
        return self._span(method, SpanKind.CLIENT, attributes)

    def message(self, subject: str, headers: bytes | None) -> AbstractContextManager[object]:
        """Return what spans a message of NATS, if it comes with a ``traceparent`` that is sampled.

        Without one there would be as many traces as messages.
        """
        carrier = {
            name.decode().lower(): text.decode("latin-1") for name, text in _IN_NATS.findall(headers or b"")
        }
        parent = _TRACE_CONTEXT.extract(carrier, Context()) if carrier else None
        if parent is None or not trace.get_current_span(parent).get_span_context().trace_flags.sampled:
            return nullcontext()
        attributes: dict[str, AttributeValue] = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": subject,
        }
        return self._span(f"process {subject}", SpanKind.CONSUMER, attributes, parent)

    @contextmanager
    def answer(self, method: str, headers: Iterable[tuple[bytes, bytes]], request: str) -> Iterator[Begun]:
        """Span a request of a client until its answer begins; the caller says when. ``request`` is its id."""
        carrier = {header.decode("latin-1"): text.decode("latin-1") for header, text in headers}
        name = method if method in _METHODS else "_OTHER"
        parent = _TRACE_CONTEXT.extract(carrier, Context())
        attributes = {"http.request.method": name, "livingmap.request": request}
        span = self._tracer.start_span(name, parent, SpanKind.SERVER, attributes)

        def begun(status: int, route: str | None) -> None:
            if route is not None:
                span.update_name(f"{name} {route}")
                span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            if status >= _FAILED:
                span.set_status(StatusCode.ERROR)
            span.end()

        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            try:
                yield begun
            except Exception as error:
                _note_error(span, type(error).__name__)
                raise
            finally:
                if span.is_recording():
                    span.end()

    def headers(self) -> Mapping[str, str]:
        """Return the headers by which another program goes on with the present trace."""
        carrier: dict[str, str] = {}
        _TRACE_CONTEXT.inject(carrier)
        return carrier

    def note_error(self, kind: str) -> None:
        """Have the present span say that it has failed, and by what kind of error."""
        _note_error(trace.get_current_span(), kind)

    def note_status(self, status: int) -> None:
        """Have the present span say with which status of HTTP it was answered."""
        trace.get_current_span().set_attribute("http.response.status_code", status)

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue], parent: Context | None = None
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, parent, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:  # its text may quote what a service sent
                _note_error(span, type(error).__name__)
                raise


def _note_error(span: Span, kind: str) -> None:
    if span.is_recording():  # not that of a stream, which ended when the stream began
        span.set_attribute("error.type", kind)
        span.set_status(StatusCode.ERROR)
