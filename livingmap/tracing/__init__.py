"""Traces: what a request, a poll or a message led to, as spans that OpenTelemetry exports.

They belong to the process, as its log does, and there are none unless OpenTelemetry's own variables say where to
send them: until then nothing of its SDK is imported, and what could be traced looks at `active` and goes on.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from livingmap.tracing.spans import Spans

active: "Spans | None" = None
"""What makes spans; None if nobody wants any."""

_END_SECONDS: Final = 3.0
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NO_HEADERS: Final[Mapping[str, str]] = {}

_logger = structlog.get_logger(__name__)


def exporters(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the exporters that OpenTelemetry's variables ask for, such as ``otlp``."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    default = "otlp" if any(environment.get(name) for name in _ENDPOINTS) else ""
    names = (environment.get("OTEL_TRACES_EXPORTER") or default).split(",")
    return [name.strip() for name in names if name.strip() not in ("", "none")]


def begin(process: str) -> None:
    """Trace from now on if the environment asks for it; ``process`` is the id among several, or empty.

    What stands in the way is logged.
    """
    global active  # noqa: PLW0603 - one for the whole process, see above
    names = exporters(os.environ)
    if not names:
        return
    try:
        from livingmap.tracing.exporting import provider  # noqa: PLC0415 - an extra, and not for everybody
        from livingmap.tracing.spans import Spans  # noqa: PLC0415

        active = Spans(provider(names, process, os.environ))
    except ImportError:
        _logger.warning("traces need the extra otel: pip install 'livingmap[otel]'")
    except Exception as error:  # noqa: BLE001 - no trace is worth a map
        _logger.warning("traces cannot be exported", error=f"{type(error).__name__}: {error}")
    else:
        _logger.info("traces are exported", by=names)


async def end() -> None:
    """Trace no longer. What was not exported yet has some seconds for it."""
    global active
    ended, active = active, None
    if ended is not None:
        closing = threading.Thread(target=ended.close, name="traces", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, _END_SECONDS)


def poll(source: str) -> AbstractContextManager[object]:
    """Return what spans a poll of ``source``."""
    return nullcontext() if active is None else active.poll(source)


def request(method: str, url: str) -> AbstractContextManager[object]:
    """Return what spans a request to a service."""
    return nullcontext() if active is None else active.request(method, url)


def headers() -> Mapping[str, str]:
    """Return the headers by which another program goes on with the trace of the present task."""
    return _NO_HEADERS if active is None else active.headers()


def note_error(kind: str) -> None:
    """Have the present span say that it has failed, and by what kind of error; never what the error says."""
    if active is not None:
        active.note_error(kind)


def note_status(status: int) -> None:
    """Have the present span say with which status of HTTP it was answered."""
    if active is not None:
        active.note_status(status)
