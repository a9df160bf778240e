"""What stands in a log line: one line a time, whatever a service has sent."""

import io
import json
import logging
import sys

import pytest
import structlog
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livingmap.cluster import Alone
from livingmap.config.settings import LoggingSettings
from livingmap.core.model import Position
from livingmap.core.printable import printable
from livingmap.core.progress import Progress
from livingmap.logs import configure
from livingmap.logs.origin import origin
from livingmap.logs.output import Output
from tests.sources.test_worlds import SHOP, WORLD
from tests.support.maps import browser, living_map

NASTY = "\x1b[2J\x9b31m\r\n2026-01-01 [info] forged\u202e\x07\x7f\u2028end"
TEXTS = st.text(st.characters(codec="utf-8")) | st.text("\x1b[\r\n\u202e\x9b\x7fab", max_size=200)


@pytest.fixture(params=["console", "json"])
def log(request, monkeypatch):
    """Log as ``livingmap serve`` does; return what is written, and whether it is JSON."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure(LoggingSettings(format=request.param))
    return written, request.param == "json"


def lines_of(log):
    text = log[0].getvalue()
    log[0].seek(0)
    log[0].truncate()
    assert text.endswith("\n")
    lines = text.removesuffix("\n").split("\n")
    assert lines == [printable(line) for line in lines]
    return lines


@pytest.mark.parametrize("value", [NASTY, [NASTY], {NASTY: NASTY}, ValueError(NASTY), {"deep": [{"er": NASTY}]}])
def test_a_value_from_outside_neither_ends_the_line_nor_steers(log, value):
    structlog.get_logger().warning("source failed", error=value)
    (line,) = lines_of(log)
    assert "source failed" in line
    if log[1] and not isinstance(value, ValueError):
        assert json.loads(line)["error"] == value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=TEXTS, value=TEXTS)
def test_any_text_is_one_line(log, event, value):
    structlog.get_logger().error(event, value=value)
    (line,) = lines_of(log)
    if log[1]:
        assert (json.loads(line)["event"], json.loads(line)["value"]) == (event, value)


def test_lines_of_libraries_are_treated_alike(log):
    logging.getLogger("nats").error("the server says %s", NASTY)
    (line,) = lines_of(log)
    assert "the server says" in line


def test_no_line_of_a_traceback_looks_like_one_of_the_log(log):
    try:
        raise RuntimeError(f"first{NASTY}\n2026-11-29 [info     ] forged")
    except RuntimeError:
        structlog.get_logger().exception("a plugin failed")
    first, *rest = lines_of(log)
    assert "a plugin failed" in first
    if log[1]:
        assert rest == []
        assert "forged" in json.loads(first)["exception"]
    else:
        assert all(line.startswith("    ") for line in rest)
        assert any("forged" in line for line in rest)


@pytest.mark.parametrize(
    "value", ["x" * 10**6, ["x"] * 10**6, {"key": "x" * 10**6}, 10**4000, ValueError("x" * 10**6)]
)
def test_what_is_very_long_is_cut_and_the_line_stays_whole(log, value):
    structlog.get_logger().warning("y" * 10**6, error=value, more=value)
    (line,) = lines_of(log)
    assert len(line) < 10_000
    assert "characters" in line
    if log[1]:
        assert json.loads(line)["level"] == "warning"


def test_the_longest_line_gets_through_the_output_uncut(log, tmp_path):
    try:
        raise RuntimeError("\x1b" * 10**6)
    except RuntimeError:
        structlog.get_logger().exception("\x1b" * 10**6, error="x" * 10**6)
    text = log[0].getvalue()
    with (tmp_path / "log").open("wb") as file:
        output = Output(file.fileno(), lambda _: None)
        output.write(text)
        output.settle()
    assert (tmp_path / "log").read_text() == text


def test_lines_for_machines_say_where_a_process_stood_in_its_log(log):
    progress, cluster = Progress(Position("e", 7)), Alone()
    cluster.is_shared, cluster.id = True, "one"
    with structlog.contextvars.bound_contextvars(**origin(cluster, progress)):
        progress.position = Position("e", 8)
        structlog.get_logger().warning("source failed", source="agents")
        structlog.get_logger().warning("an entry could not be stored", position="e-3")
    first, second = lines_of(log)
    if log[1]:
        assert (json.loads(first)["process"], json.loads(first)["position"]) == ("one", "e-8")
        assert json.loads(second)["position"] == "e-3"
    else:
        assert "e-8" not in first
        assert "e-3" in second


async def test_the_level_changes_while_the_map_runs(capsys, tmp_path):
    configure(LoggingSettings())
    async with living_map(tmp_path, {"city": {"mock": True}}, polled=False) as living:
        structlog.get_logger().debug("before")
        file = tmp_path / "map.yaml"
        file.write_text(file.read_text() + "logging: {level: debug, format: json}\n")
        assert (await living.reloading.reload()).refused == ()
        structlog.get_logger().debug("after")
    written = capsys.readouterr().err
    assert "before" not in written
    assert "after" in written


async def test_a_configuration_that_is_refused_at_the_last_leaves_the_level(capsys, tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "world.py").write_text(WORLD.replace("self.settings, self.names = ", "raise OSError #"))
    shop = {"module": "./shop.py", "mock": {"module": "./world.py"}}
    configure(LoggingSettings())
    async with living_map(tmp_path, {"city": {"mock": True}}, polled=False) as living:
        sources = {"city": {"mock": True}, "shop": shop}
        changed = {"sources": sources, "logging": {"level": "debug", "format": "json"}}
        (tmp_path / "map.yaml").write_text(yaml.safe_dump(changed))
        assert (await living.reloading.reload()).refused
        structlog.get_logger().debug("after")
    assert "after" not in capsys.readouterr().err


async def test_a_request_has_an_id_in_its_answer_and_in_its_lines(log, tmp_path, monkeypatch):
    async with living_map(tmp_path, {"city": {"mock": True}}, polled=False) as living, browser(living) as client:
        ids = [
            (await client.get("/living-map/health", headers=headers)).headers["x-request-id"]
            for headers in ({"x-request-id": "of-the-proxy:7"}, {"x-request-id": NASTY[:3]}, {})
        ]
        assert ids[0] == "of-the-proxy:7"
        assert len({*ids}) == 3
        monkeypatch.setattr(living.reader, "sources", lambda *_, **__: 1 // 0)
        failed = await client.get("/living-map/sources", headers={"x-request-id": "r-1"})
        assert (failed.status_code, failed.headers["x-request-id"]) == (500, "r-1")
    assert "r-1" in log[0].getvalue()
