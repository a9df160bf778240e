#!/usr/bin/env bash
# Everything that has to hold: lint, types, import rules, tests. Makes the environment first.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

case "${1:-}" in
-h | --help)
  printf 'usage: scripts/test.sh\n\nRuns lint, types, import rules and all tests; ends with 1 at the first that fails.\n'
  exit 0
  ;;
esac

environment --all-groups
export PATH="$PWD/.venv/bin:$PATH"
# What a developer has set for a map of their own must not leak into the tests.
for name in "${!LIVINGMAP_@}"; do unset "$name"; done

say "the lock file fits pyproject.toml"
"$UV" lock --check --quiet
say "format"
ruff format --check .
say "lint"
ruff check .
shellcheck --external-sources scripts/*.sh scripts/bench/run .ci/run
hadolint Dockerfile
check-jsonschema --builtin-schema vendor.compose-spec docker-compose.phase9.yml
say "types"
mypy
say "front end"
scripts/check_frontend.sh
say "import rules"
lint-imports
say "tests"
pytest --ignore tests/browser --numprocesses auto --maxprocesses 4 --dist worksteal  # most wait for servers: they share the time
say "browser tests"
scripts/get_chromium.sh >/dev/null
pytest tests/browser
say "all is well"
