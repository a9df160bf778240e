"""Logging: structlog on standard error, as lines for people or as JSON for machines."""

import logging
import re
import sys
from typing import Final

import structlog

from livingmap.config.settings import LoggingSettings
from livingmap.logs.origin import for_people
from livingmap.logs.text import bounded, json_line, one_line, write_traceback

_SECRETS: Final = re.compile(r"(?i)\b((?:access_)?token|api_?key|authorization|jwt)=[^&\s\"]+")


def _without_secrets(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Mask tokens that a client has put into a URL, where they do not belong."""
    return {**event, "event": _SECRETS.sub(r"\1=***", str(event["event"]))}


def configure(settings: LoggingSettings, *, quiet: bool = False) -> None:
    """Set up logging for the whole process. With ``quiet`` only errors are logged."""
    level = logging.ERROR if quiet else logging.getLevelNamesMapping()[settings.level.upper()]
    json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Neither renderer shows the values of local variables: tokens are among them.
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, bounded, json_line]
        if json
        else [
            for_people,
            bounded,
            one_line,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_traceback),
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        foreign_pre_chain=[*shared, _without_secrets],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
    access = logging.getLogger("uvicorn.access")
    access.setLevel(level)
