"""What the commands share that read a configuration."""

import os
from pathlib import Path

from livingmap.cli.options import fail
from livingmap.config.loading import Config, config_file, load
from livingmap.config.settings import PREFIX
from livingmap.errors import ConfigError


def is_in_environment() -> bool:
    """Tell whether the environment names sources: it may be the whole configuration."""
    names = {name.upper() for name in os.environ if os.environ[name]}
    return any(name == f"{PREFIX}SOURCES" or name.startswith(f"{PREFIX}SOURCES__") for name in names)


def load_config(given: Path | None) -> Config:
    """Return the configuration, or end the program with what is wrong with it."""
    file = config_file(given)
    if file is None and not is_in_environment():
        fail(
            "no configuration: give --config, set LIVINGMAP_CONFIG, write ./livingmap.yaml, "
            "or name sources in the environment: LIVINGMAP_SOURCES__CITY__ENABLED=true "
            "(livingmap serve --demo needs none)"
        )
    try:
        return load(file)
    except ConfigError as error:
        fail(*error.lines())
