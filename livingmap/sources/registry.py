"""Which plugins there are, and what each describes: its one answer to its hook, checked."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Final, Generic, TypeVar

from livingmap.core.auth import AccountProvider, Authenticator, PolicyEngine
from livingmap.core.namespaced import in_namespace
from livingmap.core.source import Source, with_settings
from livingmap.hookspecs import Mock
from livingmap.sources.plugin_code import place, place_of_error
from livingmap.sources.plugin_import import MOCKS, SOURCES, PluginError, answer_of, import_plugin, installed
from livingmap.sources.settings import SectionSettings, ServiceSettings
from livingmap.sources.source_rules import invalid_source

D = TypeVar("D", Authenticator, PolicyEngine, AccountProvider)


@dataclass(frozen=True, slots=True)
class AuthPlugin(Generic[D]):
    """A kind of plugin of access control."""

    kind: str
    """What it is called in a sentence."""
    group: str
    """Its entry point group."""
    hook: str
    description: type[D]
    """What its hook returns."""
    setting: str
    """The setting that holds its name."""


AUTHENTICATORS: Final = AuthPlugin(
    "authenticator", "livingmap.authenticators", "livingmap_authenticator", Authenticator, "auth.mode"
)
POLICIES: Final = AuthPlugin(
    "policy engine", "livingmap.policies", "livingmap_policy", PolicyEngine, "auth.pdp.engine"
)
ACCOUNTS: Final = AuthPlugin(
    "account provider", "livingmap.accounts", "livingmap_account", AccountProvider, "auth.account.provider"
)


def load_source(name: str, module: str | None, folder: Path, plugin: str | None = None) -> Source:
    """Import the plugin of section ``name`` and return its checked source. Raises PluginError.

    The section names its ``plugin`` or ``module``, or is itself named like the plugin. The source has its name.
    """
    if plugin is not None and module is not None:
        raise PluginError("has plugin and module; plugin is for one that is installed, module for any other")
    if not name.isidentifier():
        raise PluginError("cannot be the name of a source; write it like prom_eu")
    loaded = import_plugin(plugin or name, module, folder, SOURCES)
    source, at = answer_of(name, loaded, "livingmap_source"), _at(loaded)
    if not isinstance(source, Source):
        raise PluginError(f"livingmap_source of {loaded.__name__} returned {source!r}, not a Source{at}")
    if module is None and source.name != (plugin or name):
        raise PluginError(
            f"{loaded.__name__} describes the source {source.name!r}; its entry point says otherwise"
        )
    _check(source, at)
    return replace(source, name=name, plugin=source.name)


def configured(source: Source, settings: SectionSettings) -> Source:
    """Return a loaded source as its settings describe it, checked once more. Raises PluginError."""
    if source.configured is None:
        return _instance(source, settings)
    try:
        described: object = source.configured(source, settings)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        at = place_of_error(error, source.configured)
        raise PluginError(f"configuring it raised {type(error).__name__}: {error} ({at})") from error
    if not isinstance(described, Source):
        at = place(source.configured)
        raise PluginError(f"configuring it returned {described!r}, not a Source ({at})")
    described = replace(described, configured=None, name=source.name, plugin=source.plugin)
    _check(described)
    return _instance(described, settings)


def _instance(source: Source, settings: SectionSettings) -> Source:
    own = with_settings(source, settings)
    return in_namespace(own, settings.namespace) if settings.namespace else own


def load_mock(module: str | None, folder: Path, source: str = "") -> Mock:
    """Import the plugin that simulates services and return what it contributes. Raises PluginError.

    It simulates those of all sources, or of ``source`` alone.
    """
    entry = f"world_{source}" if source and module is not None else "world"
    plugin = import_plugin(entry, module, folder, MOCKS)
    mock = answer_of("mock", plugin, "livingmap_mock")
    if not isinstance(mock, Mock):
        raise PluginError(f"livingmap_mock of {plugin.__name__} returned {mock!r}, not a Mock")
    return mock


def load_auth_plugin(what: AuthPlugin[D], name: str, module: str | None, folder: Path) -> D:
    """Import a plugin of access control and return what it contributes, checked. Raises PluginError."""
    plugin = import_plugin(name, module, folder, what.group)
    description = answer_of(name, plugin, what.hook)
    if not isinstance(description, what.description):
        expected = what.description.__name__
        raise PluginError(f"{what.hook} of {plugin.__name__} returned {description!r}, not {_article(expected)}")
    if description.name != name:
        described = f"{plugin.__name__} describes the {what.kind} {description.name!r}"
        raise PluginError(f"{described}; name it so in {what.setting}")
    settings: object = description.settings
    if not (isinstance(settings, type) and issubclass(settings, ServiceSettings)):
        raise PluginError(f"its settings are {settings!r}, not a subclass of ServiceSettings")
    return description


def default_name(what: AuthPlugin[D], mode: str) -> str:
    """Return the plugin of a kind that a configuration without a name means. Raises PluginError.

    It is the one that is named like the authenticator of ``mode``, or else the only one that is installed.
    """
    names = list(installed(what.group))
    if mode in names or len(names) == 1:
        return mode if mode in names else names[0]
    problem = f"several are installed ({', '.join(names)})" if names else "none is installed"
    raise PluginError(f"no {what.kind} is named, and {problem}; name one, or say module:")


def _at(plugin: ModuleType) -> str:
    """Return the place of a plugin's hook, in parentheses."""
    return f" ({place(getattr(plugin, 'livingmap_source', None))})"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOU' else 'a'} {noun}"


def _check(source: Source, at: str = "") -> None:
    """Raise PluginError, with the place of the hook, for whatever is wrong with a description."""
    try:
        faults = invalid_source(source)
    except Exception as error:  # a value whose own code raises
        raise PluginError(f"its description cannot be read: {type(error).__name__}: {error}{at}") from error
    if faults:
        raise PluginError("; ".join(faults) + at)
