#!/usr/bin/env bash
# Everything that has to hold: lint, types, import rules, tests. Makes the environment first.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

quick=
case "${1:-}" in
"") ;;
--quick) quick=1 ;;
-h | --help)
  cat <<'EOF'
usage: scripts/test.sh [--quick]

Runs lint, types, import rules and all tests, and ends with 1 if anything fails. It takes about
twelve minutes on two idle cores.

--quick   for the inner loop, in under two minutes: lint, types, import rules, and the tests that start no server
EOF
  exit 0
  ;;
*) fail "scripts/test.sh: no such option: $1 (there are: --quick, --help)" ;;
esac

began=$SECONDS
step() { say "$(printf '%d:%02d' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))) $*"; }

environment --all-groups
export PATH="$PWD/.venv/bin:$PATH"
# What a developer has set for a map of their own must not leak into the tests.
for name in "${!LIVINGMAP_@}"; do unset "$name"; done

step "the lock file fits pyproject.toml"
"$UV" lock --check --quiet
step "format and lint"
ruff format --check .
ruff check .
shellcheck --external-sources scripts/*.sh scripts/mutate scripts/faults scripts/bench/run .ci/run
hadolint Dockerfile
check-jsonschema --builtin-schema vendor.compose-spec docker-compose.phase9.yml
step "types"
mypy
step "import rules"
lint-imports --no-logo >/dev/null || lint-imports --no-logo

if [ -n "$quick" ]; then
  step "tests that start no server"
  pytest --quiet --numprocesses 2 --dist worksteal tests/core tests/state tests/config tests/transport/test_parsing.py \
    tests/transport/test_settings.py tests/cluster tests/test_api.py tests/test_http.py tests/test_poll.py plugins
  step "all of this is well; scripts/test.sh without --quick runs the rest"
  exit 0
fi

work=$(mktemp -d)
trap 'kill "${frontend:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

step "front end, beside what follows"
scripts/check_frontend.sh >"$work/frontend.log" 2>&1 &
frontend=$!
scripts/get_pgbouncer.sh >/dev/null
for proxy in nginx haproxy caddy; do scripts/get_proxy.sh "$proxy" >/dev/null; done
step "tests" # most wait for servers: they share the time
pytest --quiet --ignore tests/browser --numprocesses 4 --dist worksteal
step "front end"
if ! wait "$frontend"; then
  cat "$work/frontend.log" >&2
  fail "the front end is not as it should be; see above"
fi
grep -E '^ +Tests|^Checked' "$work/frontend.log" || true
step "browser tests"
scripts/get_chromium.sh >/dev/null
pytest --quiet tests/browser --numprocesses 2 --dist loadfile
step "all is well"
