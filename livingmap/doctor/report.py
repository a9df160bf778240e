"""The report of the doctor: everything that a configuration names was reached, as the map would."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from livingmap.access.settings import NONE
from livingmap.config.loading import Config
from livingmap.core.model import Json
from livingmap.core.route import Routes
from livingmap.doctor.access import of_account, of_authenticator, of_policies, of_token
from livingmap.doctor.examination import Check, Ended, examined
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.history import of_history
from livingmap.doctor.network import of_nats
from livingmap.doctor.processes import of_refused
from livingmap.doctor.proxies import of_proxy, of_trust
from livingmap.doctor.services import broken_plugins, map_of_polls, of_source
from livingmap.doctor.serving import Maps, of_descriptors, of_port
from livingmap.errors import ConfigError, ConfigFault

_TOKEN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the doctor is told beside the configuration."""

    token: str | None = None
    """Of somebody whose rights are to be explained."""
    maps: Maps = field(default_factory=dict)
    """The maps that run on this machine: the file of each, by the number of its process."""
    refusals: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Of those with this configuration, why they refused to read it again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor has found."""

    checks: tuple[str, ...]
    """What was looked at, as paths into the YAML."""
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Finding]:
        """What is wrong."""
        return [one for one in self.findings if one.is_fault]

    @property
    def notes(self) -> list[Finding]:
        """What is only worth knowing."""
        return [one for one in self.findings if not one.is_fault]

    def to_json(self) -> dict[str, Json]:
        """Return it as ``livingmap doctor --json`` prints it."""
        return {
            "status": "faults" if self.faults else "well",
            "checks": list(self.checks),
            "faults": [_to_json(one) for one in self.faults],
            "notes": [_to_json(one) for one in self.notes],
        }


def of_configuration(error: ConfigError) -> Report:
    """Return the report of a configuration that cannot be read: nothing was reached."""
    return Report((), tuple(_fault_in(fault, error.file) for fault in error.faults))


def _fault_in(fault: ConfigFault, file: str | None) -> Finding:
    line = f", line {fault.line}" if fault.line else ""
    place = f"{file}{line}" if file and fault.from_file else "the environment"
    return Finding(
        Code.CONFIGURATION, fault.path, fault.problem, f"correct it in {place}; `livingmap check` reads it"
    )


def _to_json(finding: Finding) -> dict[str, Json]:
    known = {"code": str(finding.code), "where": finding.where, "what": finding.what}
    return {**known, "fix": finding.fix} if finding.is_fault else known


def _do_nothing(_: str) -> None:
    pass


def _begin_nothing(_: Sequence[str]) -> None:
    pass


async def report(
    config: Config,
    surroundings: Surroundings | None = None,
    on_begin: Callable[[Sequence[str]], object] = _begin_nothing,
    on_end: Ended = _do_nothing,
) -> Report:
    """Look at everything that a configuration names. Changes nothing; ends within some minutes at the latest.

    ``on_begin`` gets the names of all checks, ``on_end`` each one's when it has ended.
    """
    around = surroundings or Surroundings()
    living = map_of_polls(config)
    first = [*_own_checks(config, around), *_access_checks(config)]
    first += [Check(f"sources.{name}", partial(of_source, one)) for name, one in living.pollers.items()]
    last = [Check("token", partial(of_token, living, around.token), _TOKEN_SECONDS)] if around.token else []
    names = tuple(check.name for check in (*first, *last))
    on_begin(names)
    try:
        found = [*broken_plugins(config), *of_refused(around.refusals.items())]
        found += await examined(first, on_end)
        found += await examined(last, on_end)  # what somebody may see can be told of a map that was polled
    finally:
        await living.close()
    return Report(names, tuple(found))


def _own_checks(config: Config, around: Surroundings) -> list[Check]:
    patterns = Routes([source for source, _ in config.enabled()]).patterns()
    checks = [
        Check("server", partial(_of_server, config, around.maps)),
        Check("history", partial(of_history, config.history, config.file, around.maps)),
    ]
    return [*checks, Check("nats", partial(of_nats, config, patterns))] if config.nats.url else checks


async def _of_server(config: Config, maps: Maps) -> Sequence[Finding]:
    server = config.server  # one after the other: both listen for a moment
    own = str(config.file.absolute()) if config.file else None
    port = await of_port(server, maps, own)
    return [*of_descriptors(server), *of_trust(server), *port, *await of_proxy(server)]


def _access_checks(config: Config) -> list[Check]:
    access = config.access
    looks: list[tuple[str, Callable[[], Awaitable[Sequence[Finding]]]]] = []
    if config.auth.mode != NONE and access.authenticator is not None:
        looks.append(("auth.authenticator", partial(of_authenticator, access.authenticator)))
    if access.policy is not None:
        looks.append(("auth.pdp", partial(of_policies, config, access.policy)))
    if access.account is not None:
        looks.append(("auth.account", partial(of_account, access.account)))
    return [Check(name, look) for name, look in looks]
