"""Programs in processes of their own: the map as it is served, and nats-server."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sysconfig
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nats
import yaml

from tests.support.program import Program

_SCRIPTS = Path(sysconfig.get_path("scripts"))
_START_SECONDS = 180
_END_SECONDS = 120


async def _published(url, messages) -> None:
    connection = await nats.connect(url)
    for subject, payload in messages:
        await connection.publish(subject, json.dumps(payload).encode())
    await connection.drain()


class RunningMap:
    """The real map on a port that it keeps, also when it is stopped and started again."""

    def __init__(self, folder: Path, port: int, **settings) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "map.log"
        self.file = folder / "map.yaml"
        own = {"host": "127.0.0.1", "port": port, **settings.get("server", {})}
        whole = {"history": {"url": "memory:"}, **settings, "server": own}
        self.file.write_text(yaml.safe_dump(whole, sort_keys=False))
        self._process = None

    def launch(self) -> None:
        """Start it, and do not wait for anything."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
        arguments = ("serve", "--config", str(self.file))
        self._process = Program(arguments, clean, self.file.parent, self._log, self._log)

    def start(self) -> None:
        """Return once every source has answered."""
        self.launch()
        try:
            wait_until(self._answers, self._fault)
        except AssertionError:
            self.stop()
            raise

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/living-map/health/ready", timeout=5) as answer:
                return {"down", "starting"}.isdisjoint(json.load(answer)["sources"].values())
        except OSError:
            return False

    def _fault(self) -> str | None:
        return self._log.read_text() if self._process.returncode is not None else None

    def publish(self, subject: str, payload: dict) -> None:
        """Publish one message on the map's NATS."""
        self._publish([(subject, payload)])

    def publish_all(self, messages) -> None:
        """Publish messages of services on the map's NATS, in their order."""
        self._publish([(message.type, message.payload) for message in messages])

    def _publish(self, messages) -> None:
        url = yaml.safe_load(self.file.read_text())["nats"]["url"]
        with ThreadPoolExecutor(1) as thread:  # in that of the test Playwright's event loop runs
            thread.submit(asyncio.run, _published(url, messages)).result(120)

    def stop(self) -> None:
        """End it as an operator would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.end(_END_SECONDS)
            self._process = None


@contextlib.contextmanager
def replayed(file: Path, port: int):
    """Serve a stretch of the past from a file, as `livingmap replay` does; give its address."""
    command = [_SCRIPTS / "livingmap", "replay", file, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if "served at" in line:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
        process.stdout.close()


@contextlib.contextmanager
def nats_server(port: int, store: Path | None = None):
    """Run a nats-server, with JetStream if there is a folder to ``store`` it in; give its address."""
    jetstream = ["--jetstream", "--store_dir", str(store)] if store else []
    command = [_SCRIPTS / "nats-server", "-a", "127.0.0.1", "-p", str(port), *jetstream]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if re.search("Server is ready", line):
                break
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
        process.stderr.close()


def wait_until(holds, fault=lambda: None, seconds=_START_SECONDS) -> None:
    """Return once ``holds`` does; raise with what ``fault`` says, or after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if problem := fault():
            raise AssertionError(problem)
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
