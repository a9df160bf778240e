"""The simulated services: which paths each has, and what it answers there in its real shape."""

from typing import Final

from livingmap_mock.services import agents, city, dao, messaging, microdao, registry, space, usage
from livingmap_mock.services.ask import Service

SERVICES: Final[dict[str, Service]] = {
    "agents": Service(agents.ANSWERS),
    "city": Service(city.ANSWERS),
    "dao": Service(dao.ANSWERS),
    "messaging": Service(messaging.ANSWERS),
    "microdao": Service(microdao.ANSWERS),
    "registry": Service(registry.ANSWERS),
    "space": Service(space.ANSWERS),
    "usage": Service(usage.ANSWERS),
}
"""By the name of the source that asks the service."""
