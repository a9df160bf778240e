"""Write what is made of the definitions of problems: the page that describes them, and alert rules for Prometheus.

`tests/problems/test_published.py` holds both to the definitions.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from livingmap.core.language import ENGLISH
from livingmap.problems.catalogue import KINDS
from livingmap.problems.kind import Kind

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = "docs/problems.md"
PAGE: Final = ROOT / DOCS
RULES: Final = ROOT / "deploy" / "prometheus" / "alerts.yaml"

_HEAD: Final = """\
# Problems

What can be wrong with the network or with the map itself, what it means, and what to do about it.
`GET /living-map/problems` ([API](api.md#problems)) lists the problems that are open now, and
[alerts.yaml](../deploy/prometheus/alerts.yaml) has alert rules for Prometheus. This page and those rules are
written by `scripts/problems.py` from the definitions in `livingmap/problems`.

*Public* problems are also shown to callers that may not see how services are doing, without detail. A problem *of
a process* is found by one process of the map; with JetStream the others list it too, for as long as they hear from
it. All other problems are found by every process.

Of disks the map sees only how fast its own history fills the one of its database, if that is embedded
or `history.disk_bytes` says how large it is; it does not see those of NATS servers.

| code | severity | problem | public | of a process | alert after |
|---|---|---|---|---|---|
"""
_RULES_HEAD: Final = """\
# Alert rules of Living Map, written by scripts/problems.py: do not edit. They expect a job called livingmap.
# Each problem of docs/problems.md that may need somebody has one. What is acknowledged on the map does not fire.
"""


def page() -> str:
    """Return the page of the documentation."""
    return _HEAD + "".join(f"{_row(kind)}\n" for kind in KINDS) + "".join(map(_section, KINDS))


def _row(kind: Kind) -> str:
    seconds = kind.alert_seconds
    after = "no alert" if seconds is None else "at once" if seconds == 0 else f"{seconds} s"
    words = (
        f"[`{kind.code}`](#{kind.code})",
        str(kind.severity),
        kind.title[ENGLISH],
        "yes" if kind.is_public else "no",
        "yes" if kind.of_process else "no",
        after,
    )
    return f"| {' | '.join(words)} |"


def _section(kind: Kind) -> str:
    only = "\n\nThe map cannot see this itself: Prometheus does." if kind.expression else ""
    return (
        f"\n## `{kind.code}`\n\n**{kind.title[ENGLISH]}.** {kind.meaning[ENGLISH]}\n\n{kind.todo[ENGLISH]}{only}\n"
    )


def rules() -> str:
    """Return the alert rules."""
    groups = {"groups": [{"name": "livingmap", "rules": list(_alerts())}]}
    return _RULES_HEAD + yaml.safe_dump(groups, sort_keys=False, width=140)


def _alerts() -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        if kind.alert_seconds is None:
            continue
        about = "{{ with $labels.source }}: {{ . }}{{ end }}{{ with $labels.instance }} ({{ . }}){{ end }}"
        severity = {"labels": {"severity": str(kind.severity)}} if kind.expression else {}
        yield {
            "alert": "LivingMap" + re.sub(r"(?:^|_)(\w)", lambda match: match[1].upper(), kind.code),
            "expr": kind.expression or _expression(kind),
            "for": f"{kind.alert_seconds}s",
            **severity,
            "annotations": {
                "summary": kind.title[ENGLISH] + about,
                "description": f"{kind.meaning[ENGLISH]} {kind.todo[ENGLISH]}",
                "documentation": f"{DOCS}#{kind.code}",
            },
        }


def _expression(kind: Kind) -> str:
    """Return what is asked: of what every process knows, any; its severity is that of the metric."""
    labels = "job, instance, severity, source" if kind.of_process else "job, severity, source"
    return f'max by ({labels}) (livingmap_problems{{job="livingmap", code="{kind.code}", state="open"}}) > 0'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    RULES.write_text(rules(), encoding="utf-8")
