"""The way in of many viewers: a real haproxy before the processes of a map, as the recipe has it."""

from pathlib import Path

from tests.support.ports import free_port
from tests.support.reverse_proxy import ReverseProxy

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


def front_door(folder: Path, ports: list[int]) -> ReverseProxy:
    """Return a haproxy before maps at ``ports``, not running until started.

    A process that is not ready is asked only if there is no other.
    """
    own = free_port()
    ready = [f"  server map-{port} 127.0.0.1:{port} check" for port in ports]
    alone = [f"  server alone-{port} 127.0.0.1:{port} backup" for port in ports]
    file = folder / "haproxy.cfg"
    file.write_text(_CONFIG.format(port=own, servers="\n".join(ready + alone)))
    return ReverseProxy(folder, "haproxy", own, "-db", "-f", file)
