"""A plugin of pytest for scripts/matrix: tests take the servers that the environment names."""

import os
from pathlib import Path

from livingmap.history import embedded
from tests.support import nats_server

if postgres := os.environ.get("MATRIX_POSTGRES"):
    embedded.binaries = lambda: Path(postgres)
if program := os.environ.get("MATRIX_NATS"):
    nats_server._PROGRAM = Path(program)
