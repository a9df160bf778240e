"""Exporting: a provider of OpenTelemetry's SDK, set up by its own variables."""

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Final

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from livingmap import __version__

_GROUP: Final = "opentelemetry_traces_exporter"
_OTLP: Final = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def provider(names: Sequence[str], process: str, environment: Mapping[str, str]) -> TracerProvider:
    """Return a provider with the exporters of these ``names``. Raises ValueError if one is not installed.

    Whatever the SDK or an exporter has a variable for, sampling, limits, headers, it reads itself.
    """
    made = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
    for name in names:
        own = _otlp(environment) if name == "otlp" else name
        exporter = next(iter(entry_points(group=_GROUP, name=own)), None)
        if exporter is None:
            installed = ", ".join(sorted({one.name for one in entry_points(group=_GROUP)}))
            raise ValueError(f"no exporter {own} is installed (installed: {installed})")
        made.add_span_processor(BatchSpanProcessor(exporter.load()()))
    return made


def _resource(process: str) -> Resource:
    """Return what all spans say of their process; OpenTelemetry's own variables take precedence."""
    own = {"service.name": "livingmap", "service.version": __version__}
    instance = {"service.instance.id": process} if process else {}
    return Resource.create({**own, **instance, **OTELResourceDetector().detect().attributes})


def _otlp(environment: Mapping[str, str]) -> str:
    protocol = next(filter(None, map(environment.get, _PROTOCOLS)), "http/protobuf")
    return _OTLP.get(protocol, protocol)
