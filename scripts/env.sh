# Sourced by the other scripts: leaves in the project's root with the environment in .venv and `uv` at hand.
# shellcheck shell=bash
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# find_python: sets PYTHON to the first interpreter that is new enough. The environment's own comes early: another
# one would make it anew and lose what was added to it.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" "$PWD/.venv/bin/python" python3 python3.13 python3.12 python3.11 python; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      PYTHON=$(command -v "$candidate")
      return
    fi
  done
  fail "Python 3.11 or newer is needed: install it (Debian, Ubuntu: apt-get install python3; macOS: brew install python), or name it: PYTHON=/path/to/python3"
}

# environment [uv sync arguments]: brings .venv to what uv.lock says; quick if it is there already.
environment() {
  find_python
  UV=$("$PYTHON" scripts/get_uv.py) || fail "the package manager uv could not be had; see above"
  export UV UV_PROJECT_ENVIRONMENT="$PWD/.venv" UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true
  say "environment in .venv"
  "$UV" sync --quiet --frozen --python "$PYTHON" "$@" || fail "the environment could not be made; is PyPI within reach?"
}
