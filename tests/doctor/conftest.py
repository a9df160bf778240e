"""A configuration in which faults are planted, and mended by what the doctor proposes."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from livingmap.config.loading import load
from livingmap.doctor.finding import Finding
from livingmap.doctor.report import Report, Surroundings, report
from tests.history.conftest import database, furnished, lasting_folder, server, template  # noqa: F401 - fixtures
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.scripted_service import ScriptedService, Sent

STATIONS = {"path": "/stations", "layer": "weather", "type": "station", "id": "id", "fields": {"name": "title"}}
ANSWER = [{"id": "weir", "title": "Weir"}, {"id": "mill", "title": "Mill"}]


class Patient:
    """A configuration by its sections; without other word it needs nobody."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "livingmap.yaml"
        self.sections: dict[str, Any] = {
            "server": {"port": free_port()},
            "history": {"url": "memory:"},
            "sources": {"agents": {"mock": True}},
            "mock": {"agents": 5, "nodes": 2, "microdaos": 2, "daos": 1},
        }

    def set(self, path: str, value: Any) -> None:
        """Set ``nats.url`` and such; None takes the setting away."""
        *parents, name = path.split(".")
        section = self.sections
        for parent in parents:
            section = section.setdefault(parent, {})
        section[name] = value
        if value is None:
            del section[name]

    def ask(self, base_url: str, **settings: Any) -> None:
        """Have a source that asks a service for its stations, once."""
        asked = {"plugin": "http", "lists": [STATIONS], "retries": 0, "service": "weather-service"}
        self.sections["sources"] = {"weather": {**asked, "base_url": base_url, **settings}}

    async def report(self, **around: Any) -> Report:
        self.file.write_text(yaml.safe_dump(self.sections, sort_keys=False))
        return await report(load(self.file), Surroundings(**around))

    async def faults(self, **around: Any) -> list[Finding]:
        return (await self.report(**around)).faults

    async def fault(self, **around: Any) -> Finding:
        """Return the one fault that there is."""
        [one] = await self.faults(**around)
        return one

    def follow(self, fault: Finding, setting: str) -> None:
        """Set ``setting`` to what the fix says."""
        values = [text.partition(": ")[2] for text in proposed(fault) if text.startswith(f"{setting}: ")]
        self.set(setting, yaml.safe_load(values[0]))


def proposed(fault: Finding) -> list[str]:
    """Return what a fix has between backticks: settings, commands, names."""
    return re.findall(r"`([^`]+)`", fault.fix)


def kinds(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return code and place of each finding."""
    return [(str(one.code), one.where) for one in findings]


@pytest.fixture
def patient(tmp_path):
    return Patient(tmp_path)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
async def service():
    """A service that lists stations."""
    async with ScriptedService(lambda asked: Sent(ANSWER)) as one:
        yield one
