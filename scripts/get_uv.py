"""Print the path of a usable uv, fetching its wheel from PyPI if there is none. Standard library alone.

A bare Debian has Python but neither pip nor venv; the wheel holds one binary, and uv does the rest.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import stat
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

VERSION = "0.13.9"
INDEX = os.environ.get("UV_DEFAULT_INDEX", "https://pypi.org/simple").rstrip("/") + "/uv/"
SIMPLE = "application/vnd.pypi.simple.v1+json"  # PEP 691
CACHE = Path(__file__).resolve().parent.parent / ".cache" / f"uv-{VERSION}"
TIMEOUT_SECONDS = 120


def wheel_ending() -> str:
    """Return how the wheel's name ends for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        return "macosx_11_0_arm64.whl" if machine == "aarch64" else "macosx_10_12_x86_64.whl"
    if sys.platform.startswith("linux"):
        libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
        return f"{libc}*{machine}.whl"
    sys.exit(f"no uv is known for {sys.platform}; install it by hand: https://docs.astral.sh/uv/")


def fits(name: str, ending: str) -> bool:
    """Tell whether a wheel's file name is the one for this machine."""
    libc, star, machine = ending.partition("*")
    return libc in name and name.endswith(machine) if star else name.endswith(ending)


def fetch(url: str) -> bytes:
    """Return what is at ``url``."""
    request = urllib.request.Request(url, headers={"Accept": f"{SIMPLE}, */*;q=0.1"})  # noqa: S310 - the index's
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        return bytes(answer.read())


def install() -> Path:
    """Fetch, verify and unpack the wheel; return the binary's path."""
    ending = wheel_ending()
    files = [file for file in json.loads(fetch(INDEX))["files"] if file["filename"].startswith(f"uv-{VERSION}-")]
    wheel = next((file for file in files if fits(file["filename"], ending)), None)
    if wheel is None:
        sys.exit(f"PyPI has no wheel of uv {VERSION} for {ending}; install uv by hand: https://docs.astral.sh/uv/")
    print(f"==> fetching {wheel['filename']}", file=sys.stderr)
    content = fetch(urllib.parse.urljoin(INDEX, wheel["url"]))
    if hashlib.sha256(content).hexdigest() != wheel["hashes"]["sha256"]:
        sys.exit(f"{wheel['url']}: not the file that PyPI announced")
    CACHE.mkdir(parents=True, exist_ok=True)
    target, part = CACHE / "uv", CACHE / f"uv.{os.getpid()}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        part.write_bytes(archive.read(name))
    part.chmod(part.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    part.rename(target)
    return target


def main() -> None:
    """Print the path."""
    fetched = CACHE / "uv"
    if fetched.exists():
        found: str | None = str(fetched)
    else:
        found = shutil.which("uv")
    try:
        print(found or install())
    except (OSError, urllib.error.URLError) as error:
        sys.exit(f"uv could not be fetched from PyPI ({error}); install it by hand: https://docs.astral.sh/uv/")


if __name__ == "__main__":
    main()
