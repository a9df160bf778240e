"""The built-in world keeps the contract of worlds, for all sources that it has services for."""

from livingmap.testing import WorldContract
from livingmap_agents import plugin as agents
from livingmap_city import plugin as city
from livingmap_dao import plugin as dao
from livingmap_messaging import plugin as messaging
from livingmap_microdao import plugin as microdao
from livingmap_mock import plugin
from livingmap_registry import plugin as registry
from livingmap_space import plugin as space
from livingmap_usage import plugin as usage


class TestWorld(WorldContract):
    plugin = plugin
    sources = (agents, microdao, dao, space, registry, usage, messaging, city)
    settings = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2}  # noqa: RUF012 - a plain attribute of the suite
