"""The command that checks a configuration."""

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, show
from livingmap.config.loading import Config, SourceConfig
from livingmap.sources.settings import SectionSettings


def check(config: ConfigOption = None) -> None:
    """Check the configuration without touching the network. Exit status 1 if anything is wrong."""
    configuration = load_config(config)
    for source in configuration.sources:
        show(f"{source.name}: {_summary(source)}")
        if _lacks_samples(source) and getattr(configuration.mock_settings, "module", None) is None:
            show("  mock: true, but it has no samples that could answer; record some, or give it a world")
    for collection, names in _sources_by_collection(configuration).items():
        if len(names) > 1:
            show(f"{collection}: {', '.join(names)} (the first that has a field wins)")
    show(f"access: {_access(configuration)}")
    show(f"{configuration.file or 'environment'}: ok")


def _access(config: Config) -> str:
    """Describe who may read the map, without secrets."""
    auth, checked, policy = config.auth, config.access.authenticator, config.access.policy
    if checked is None:
        return "none: everybody who can reach the map can read everything"
    anonymous = {"off": "nothing", "summary": "counts", "full": "what the policies let anonymous see"}
    if policy is None:
        anonymous["full"] = "everything but the errors of services"
    decided = (
        f"policies of {policy.settings.base_url} decide" if policy else "authenticated callers see everything"
    )
    return "; ".join(
        [
            f"{auth.mode}: {checked.plugin.summary(checked.settings)}",
            decided,
            f"anonymous callers get {anonymous[auth.public_mode]}",
        ]
    )


def _summary(source: SourceConfig) -> str:
    """Describe a source in a few words: its service, and where that is asked."""
    if not source.enabled:
        return "disabled"
    if source.source is None or source.settings is None:
        return f"failed: {source.error}"
    plugin = f"plugin {source.source.plugin}" if source.source.plugin != source.name else ""
    return ", ".join(filter(None, (source.source.service, address_of(source.settings), plugin)))


def _lacks_samples(one: SourceConfig) -> bool:
    """Tell whether a source is to be simulated by its samples and has none. A world may know more than these."""
    if one.source is None or one.settings is None or one.settings.mock is not True:
        return False
    return one.source.samples is None and any(layer.fetch for layer in one.source.layers)


def address_of(settings: SectionSettings) -> str:
    """Return where a source is asked, for people."""
    return "mock" if settings.mock else settings.address


def _sources_by_collection(config: Config) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {}
    for source, _ in config.enabled():
        for layer in source.layers:
            sources.setdefault(f"{layer.name}.{layer.collection}", []).append(source.name)
    return sources
