"""Times as the services write them, each in its own way."""

from datetime import UTC, datetime


def zulu(moment: datetime) -> str:
    """Return the form of most HTTP bodies: ``2026-01-02T12:00:00.000001Z``."""
    return offset(moment).replace("+00:00", "Z")


def offset(moment: datetime) -> str:
    """Return the form of some messages: ``2026-01-02T12:00:00.000001+00:00``."""
    return moment.astimezone(UTC).isoformat()


def naive(moment: datetime) -> str:
    """Return the form of the other messages and of usage-engine: no offset."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def spaced(moment: datetime) -> str:
    """Return the form of city-service's heartbeats: ``2026-01-02 12:00:00+00:00``."""
    return str(moment.astimezone(UTC))
