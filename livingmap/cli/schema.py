"""The commands about the configuration file itself."""

import typer

from livingmap.cli.configuration import is_in_environment, load_config
from livingmap.cli.options import ConfigOption, show_json
from livingmap.config.loading import config_file
from livingmap.config.schema import of_all_plugins, schema

config = typer.Typer(add_completion=False)


@config.callback(no_args_is_help=True)
def _config() -> None:
    """About the configuration file."""


@config.command("schema")
def config_schema(config: ConfigOption = None) -> None:
    """Print the JSON Schema of the configuration, with the settings of every plugin, for editors.

    With a configuration these are the plugins that it enables, else all that are installed.
    """
    is_given = config_file(config) is not None or is_in_environment()
    show_json(schema(load_config(config) if is_given else of_all_plugins()), indent=2)
