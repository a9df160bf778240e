"""Prometheus' own opinion of metrics, queries and alert rules, by its promtool."""

import functools
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"


@functools.cache
def _promtool() -> str:
    done = subprocess.run([ROOT / "scripts" / "get_promtool.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def promtool(*arguments: str | Path, given: str = "", folder: Path = ROOT) -> str:
    """Return what promtool prints; fails with that if it finds anything wrong."""
    done = subprocess.run(
        [_promtool(), *arguments], input=given, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_queries(folder: Path, queries: Sequence[str]) -> None:
    """Fail if Prometheus cannot read one of some queries."""
    file = folder / "queries.yaml"
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    promtool("check", "rules", file)


def check_firing(
    folder: Path, step_seconds: int, series: Mapping[str, Sequence[int]], firing: Mapping[int, Sequence[str]]
) -> None:
    """Fail if the alerts that fire on recorded ``series`` are not those expected, by seconds since their start."""
    expected: list[dict[str, Any]] = [
        {
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": f"{at}s",
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in names],
        }
        for at, names in firing.items()
    ]
    test = {
        "interval": f"{step_seconds}s",
        "input_series": [
            {"series": name, "values": " ".join(map(str, values))} for name, values in series.items()
        ],
        "promql_expr_test": expected,
    }
    file = folder / "night.yaml"
    file.write_text(
        json.dumps({"rule_files": [str(RULES)], "evaluation_interval": f"{step_seconds}s", "tests": [test]})
    )
    promtool("test", "rules", file)
