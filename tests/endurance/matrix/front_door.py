"""The way in of many viewers: a real haproxy before the processes of a map, as the recipe has it."""

import asyncio
import shutil
from pathlib import Path

from tests.support.nats_server import until
from tests.support.ports import free_port

_CONFIG = """
defaults
  mode http
  option redispatch
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s

frontend door
  bind 127.0.0.1:{port}
  option forwardfor
  use_backend map

backend map
  balance leastconn
  option httpchk
  http-check send meth GET uri /living-map/health/ready
  option allbackups
  default-server inter 1s fall 2 rise 2
{servers}
"""


class FrontDoor:
    """One haproxy. A process that is not ready is asked only if there is no other."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.port = free_port()
        self._file = folder / "haproxy.cfg"
        ready = [f"  server map-{port} 127.0.0.1:{port} check" for port in ports]
        alone = [f"  server alone-{port} 127.0.0.1:{port} backup" for port in ports]
        self._file.write_text(_CONFIG.format(port=self.port, servers="\n".join(ready + alone)))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin") or "haproxy"
        with self._file.with_suffix(".log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                program, "-db", "-f", self._file, stdout=log, stderr=log
            )
        await until(self._listens)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def _listens(self) -> bool:
        assert self._process
        assert self._process.returncode is None, self._file.with_suffix(".log").read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True
