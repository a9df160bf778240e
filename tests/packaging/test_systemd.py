"""The unit for systemd, checked by systemd itself."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from typer.main import get_command

from livingmap.cli.program import app

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "livingmap.service"
PROGRAM = Path(sysconfig.get_path("scripts")) / "livingmap"


def analyze(*arguments) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "scripts" / "get_systemd.sh"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    program = done.stdout.strip()
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


if sys.platform == "linux":  # elsewhere nobody runs the unit, and nobody can check it

    def test_systemd_finds_nothing_wrong_with_the_unit_and_little_that_it_exposes(tmp_path):
        unit = tmp_path / "livingmap.service"
        unit.write_text(UNIT.read_text().replace("/opt/livingmap/bin/livingmap", str(PROGRAM)))
        verified = analyze("verify", "--recursive-errors=no", unit)  # not of the units of this machine beside it
        assert verified.returncode == 0, verified.stderr
        exposed = analyze("security", "--offline=yes", "--threshold=25", unit)  # tenths: 2.5 of 10
        assert exposed.returncode == 0, exposed.stdout


def test_the_unit_runs_commands_that_there_are():
    commands = re.findall(r"^Exec\w+=/opt/livingmap/bin/livingmap (\w+) ", UNIT.read_text(), re.MULTILINE)
    assert set(commands) == {"serve", "reload"}
    assert set(commands) <= get_command(app).commands.keys()
