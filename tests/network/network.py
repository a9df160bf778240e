"""A whole network: the services of one population, auth-service and pdp-service."""

from tests.network.machines import RegistryService, SpaceService, UsageService
from tests.network.population import Population
from tests.network.services import (
    AgentsService,
    CityService,
    DaoService,
    MessagingService,
    MicrodaoService,
    NetworkService,
)
from tests.support.access import AuthService, JsonService, PolicyService

SOURCES = ("agents", "microdao", "dao", "space", "registry", "usage", "messaging", "city")


class Network:
    """All services of one population, and auth-service and pdp-service."""

    def __init__(self) -> None:
        self.population = Population()
        self.microdao = MicrodaoService(self.population)
        self.dao = DaoService(self.population)
        self.agents = AgentsService(self.population)
        self.messaging = MessagingService(self.population)
        self.city = CityService(self.population)
        self.registry = RegistryService(self.population)
        self.usage = UsageService(self.population)
        self.space = SpaceService(self.population)
        self.auth = AuthService()
        self.pdp = PolicyService()

    @property
    def sources(self) -> dict[str, NetworkService]:
        """The services that are sources of the map, in the order of the YAML."""
        return {name: getattr(self, name) for name in SOURCES}

    @property
    def services(self) -> list[JsonService]:
        """Every service."""
        return [*self.sources.values(), self.auth, self.pdp]
