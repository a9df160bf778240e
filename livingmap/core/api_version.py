"""The version of the interface of plugins, and whether it has what a plugin needs."""

import re
from typing import Final

API_VERSION: Final = "1.0"
"""Of `livingmap.plugin`, `livingmap.testing` and `livingmap.client`. The second number grows with what is added,
the first when something goes or means something else."""


def unmet_reason(required: object) -> str | None:
    """Return why this version does not do for a plugin that needs ``required``; None if it does."""
    match = re.fullmatch(r"(\d+)\.(\d+)", required) if isinstance(required, str) else None
    if match is None:
        return f"requires_api is {required!r}; write it like {API_VERSION!r}"
    major, minor = map(int, API_VERSION.split("."))
    if int(match[1]) == major and int(match[2]) <= minor:
        return None
    remedy = "a newer plugin" if int(match[1]) < major else "a newer map"
    return f"it needs version {required} of the interface of plugins, this map has {API_VERSION}; use {remedy}"
