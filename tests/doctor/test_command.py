"""The command: what it prints, its exit status, and what it does where a check fails or hangs."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livingmap.cli.program import app
from livingmap.doctor.examination import Check, examined
from livingmap.doctor.finding import Code, Finding
from tests.doctor.conftest import kinds
from tests.support.ports import free_port


@pytest.fixture
def run(patient):
    def run(*arguments):
        patient.file.write_text(json.dumps(patient.sections))
        return CliRunner().invoke(app, ["doctor", "--config", str(patient.file), *arguments])

    return run


def test_with_nothing_wrong_there_is_one_line(run, patient):
    done = run()
    assert (done.exit_code, done.output) == (0, f"{patient.file}: well, 3 checks\n")


def test_a_fault_has_a_line_and_its_fix_another(run, patient):
    port = free_port()
    patient.ask(f"http://127.0.0.1:{port}", token="a-secret-token")
    done = run()
    assert done.exit_code == 1
    [fault, fix, summary] = done.output.splitlines()
    assert fault == f"sources.weather.base_url: nothing listens on 127.0.0.1:{port} (refused)"
    assert fix == "  fix: start what should answer there, or correct `sources.weather.base_url`"
    assert summary == f"{patient.file}: 1 fault, 3 checks"
    assert "a-secret-token" not in done.output


def test_the_report_as_json(run, patient):
    assert json.loads(run("--json").output) == {
        "configuration": str(patient.file),
        "status": "well",
        "checks": ["server", "history", "sources.agents"],
        "faults": [],
        "notes": [],
    }
    patient.ask(f"http://127.0.0.1:{free_port()}")
    [fault] = json.loads(run("--json").output)["faults"]
    assert set(fault) == {"code", "where", "what", "fix"}


def test_a_wrong_setting_is_a_fault_in_the_json(run, patient):
    patient.set("server.port", "many")
    done = run("--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, done.stderr, report["status"], report["checks"]) == (1, "", "faults", [])
    assert [(one["code"], one["where"]) for one in report["faults"]] == [("configuration", "server.port")]


def test_a_token_may_be_in_a_file(run, patient, tmp_path):
    file = tmp_path / "token"
    file.write_text("any")
    assert "no token is looked at (token)" in run("--token-file", str(file)).output


async def test_a_check_that_fails_or_hangs_takes_no_other_with_it():
    async def well():
        return [Finding(Code.TOKEN, "auth", "well")]

    async def fail():
        raise RuntimeError("not-shown")

    async def hang():
        await asyncio.Event().wait()

    ended = []
    checks = [Check("a", hang, 0.05), Check("b", fail), Check("c", well)]
    findings = await examined(checks, ended.append)
    assert kinds(findings) == [("not_done", "a"), ("not_done", "b"), ("token", "auth")]
    assert sorted(ended) == ["a", "b", "c"]
    assert "not-shown" not in str(findings)


def test_every_code_is_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ", page.partition("## Codes")[2], flags=re.MULTILINE)
    assert rows == [str(code) for code in Code]


@pytest.fixture
def without_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [one for one in os.environ if one.startswith("LIVINGMAP_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("without_configuration")
def test_the_schema_needs_no_configuration():
    schema = json.loads(CliRunner().invoke(app, ["config", "schema"]).output)
    assert {"agents", "city", "http"} < set(schema["$defs"]["Sources"]["properties"])
    assert schema["properties"]["mock"]["anyOf"][0] != {"type": "object"}


@pytest.mark.usefixtures("without_configuration")
@pytest.mark.parametrize(
    "variables",
    [
        {"LIVINGMAP_SOURCES__AGENTS__MOCK": "true"},
        {"LIVINGMAP_SOURCES": '{"agents": {"mock": true}}'},
    ],
)
def test_a_configuration_can_be_the_environment_alone(variables, monkeypatch):
    for name, value in {**variables, "LIVINGMAP_SERVER__PORT": str(free_port())}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIVINGMAP_HISTORY__URL", "memory:")
    assert CliRunner().invoke(app, ["check"]).output.endswith("environment: ok\n")
    assert CliRunner().invoke(app, ["doctor"]).output == "environment: well, 3 checks\n"


@pytest.mark.usefixtures("without_configuration")
def test_an_empty_environment_is_no_configuration(monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SOURCES", "")
    assert CliRunner().invoke(app, ["check"]).exit_code == 1
