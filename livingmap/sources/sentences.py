"""Sentences in a file beside a plugin, where translators find them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from livingmap.core.templates import Sentences

try:
    from yaml import CSafeLoader as SafeLoader  # ten times as fast
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]


def sentences_in(file: Path) -> Sentences:
    """Return the sentences of a YAML file: by subject pattern and language, a text or a list of texts.

    It is read once, when the plugin describes itself. Whether they can be used is checked with the description.
    """
    given: Mapping[str, Any] = yaml.load(file.read_text(encoding="utf-8"), SafeLoader)
    return given
