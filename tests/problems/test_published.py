"""What is made of the definitions of problems is that of the definitions: the page, and the alert rules."""

import re
import runpy

import pytest
import yaml

from livingmap.problems.catalogue import KINDS
from livingmap.problems.kind import Severity
from tests.problems.test_api import NOWHERE
from tests.support.maps import browser, living_map
from tests.support.prometheus import RULES as ALERTS
from tests.support.prometheus import promtool
from tests.test_docs import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "problems.py"))
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("name", ["page", "rules"])
def test_what_is_committed_is_made_of_the_definitions(name):
    file = SCRIPT[name.upper()]
    assert file.read_text(encoding="utf-8") == SCRIPT[name](), "run scripts/problems.py"


def test_every_problem_that_may_need_somebody_has_one_alert():
    alerts = [rule["annotations"]["documentation"].partition("#")[2] for rule in RULES]
    assert alerts == [kind.code for kind in KINDS if kind.alert_seconds is not None]
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_rules_and_configuration_are_those_of_prometheus(tmp_path):
    (tmp_path / "alerts.yaml").write_bytes(ALERTS.read_bytes())
    shown = (ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text()
    (tmp_path / "prometheus.yaml").write_text(shown.replace("/run/secrets/livingmap-metrics", "alerts.yaml"))
    promtool("check", "config", "prometheus.yaml", folder=tmp_path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_names_labels_and_severities_that_there_are(rule):
    assert rule.get("labels", {}).get("severity", "info") in set(Severity)
    for text in rule["annotations"].values():
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= {"source", "instance"}


async def test_what_the_rules_ask_for_is_among_the_metrics(tmp_path):
    async with living_map(tmp_path, NOWHERE) as living, browser(living) as client:
        text = (await client.get("/metrics")).text
    families = set(re.findall(r"^# TYPE (\w+)", text, flags=re.MULTILINE))
    asked = {name for rule in RULES for name in re.findall(r"\blivingmap_\w+", rule["expr"])}
    assert asked <= families
    shown = 'livingmap_problems{code="source_down",severity="critical",source="agents",state="open"} 1.0'
    assert shown in text
    for rule in RULES:
        for labels in re.findall(r"livingmap_problems\{([^}]*)\}", rule["expr"]):
            assert set(re.findall(r"(\w+)=", labels)) <= {"job", "code", "state"}


def test_only_what_the_map_cannot_see_has_an_expression_of_its_own():
    assert {kind.code for kind in KINDS if kind.expression} == {"map_away", "two_leaders"}


def test_the_job_that_is_shown_is_that_of_the_rules():
    shown = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())
    [job] = shown["scrape_configs"]
    assert shown["rule_files"] == [SCRIPT["RULES"].name]
    assert all(f'job="{job["job_name"]}"' in rule["expr"] for rule in RULES)
