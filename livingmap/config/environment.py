"""The environment's variables: one that would set nothing is a fault, unless Kubernetes added it."""

import os
import re
from typing import Final

from livingmap.config.faults import Faults, suggestion
from livingmap.config.settings import PREFIX, Settings

_NOT_SETTINGS: Final = ("config", "url", "token", "token_file")
"""What the command line reads: the file, and the map that it talks to with the token for it."""

_SERVICE_LINK: Final = re.compile(
    r"(?P<service>[A-Z0-9_]+?)_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""Kubernetes puts such variables into every pod for each Service of the namespace, as Docker's links once did."""


def check_environment(faults: Faults) -> None:
    """Note every variable of the map's own prefix that names no section."""
    names = {*Settings.model_fields, *_NOT_SETTINGS}
    for variable in sorted(os.environ):
        if variable.upper().startswith(PREFIX) and not _is_service_link(variable):
            section = variable[len(PREFIX) :].partition("__")[0].lower()
            if section not in names:
                faults.add((variable,), f"no such setting{suggestion(section, sorted(names))}")


def _is_service_link(variable: str) -> bool:
    """Tell whether Kubernetes added it: the variables of one Service come together."""
    link = _SERVICE_LINK.fullmatch(variable)
    return link is not None and f"{link['service']}_SERVICE_HOST" in os.environ
