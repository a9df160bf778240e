#!/usr/bin/env bash
# Everything that has to hold: lint, types, import rules, tests. Makes the environment first.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

mode=
case "${1:-}" in
"") ;;
--quick | --laws) mode=$1 ;;
-h | --help)
  cat <<'EOF'
usage: scripts/test.sh [--quick | --laws]

Runs lint, types, import rules and all tests, and ends with 1 if anything fails. It takes about
twelve minutes on two idle cores.

--quick   for the inner loop, in under two minutes: lint, types, import rules, and the tests that start no server
--laws    the laws that are tested at random alone, with twenty times the examples; for a change of core or access
EOF
  exit 0
  ;;
*) fail "scripts/test.sh: no such option: $1 (there are: --quick, --laws, --help)" ;;
esac

began=$SECONDS
step() { say "$(printf '%d:%02d' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))) $*"; }

environment --all-groups
export PATH="$PWD/.venv/bin:$PATH"
# What a developer has set for a map of their own must not leak into the tests.
for name in "${!LIVINGMAP_@}"; do unset "$name"; done
# Images for containers often set it; the tests start hundreds of processes, which would all compile what they import.
unset PYTHONDONTWRITEBYTECODE

if [ "$mode" = --laws ]; then
  step "laws, at length"
  mapfile -t laws < <(grep -rl --include='test_*.py' hypothesis tests plugins)
  pytest --quiet --numprocesses 2 --dist worksteal --timeout 3600 --hypothesis-profile long "${laws[@]}"
  exit 0
fi

work=$(mktemp -d)
trap 'kill "${frontend:-}" "${programs:-}" "${collecting:-}" "${browser:-}" 2>/dev/null || true; rm -rf "$work" ${memory:+"$memory"}' EXIT

# Databases, streams and browsers' profiles are written by the hundred: to memory, if there are 12 GB of it and 8 for files.
memory_is_plenty() {
  [ -d /dev/shm ] && awk '$1 == "MemAvailable:" {kb = $2} END {exit kb < 12e6}' /proc/meminfo &&
    df -Pk /dev/shm | awk 'END {exit $4 < 8e6}'
}
if memory_is_plenty; then
  memory=$(mktemp -d /dev/shm/lm.XXXXXX)
  chmod 1777 "$memory" # as root the database server is another account
  export TMPDIR=$memory
fi

step "the lock file fits pyproject.toml"
"$UV" lock --check --quiet
step "format and lint"
ruff format --check .
ruff check .
shellcheck --external-sources scripts/*.sh scripts/mutate scripts/faults scripts/release scripts/matrix scripts/audit scripts/pictures scripts/bench/run .ci/run
hadolint Dockerfile
check-jsonschema --builtin-schema vendor.compose-spec docker-compose.phase9.yml
if [ "$mode" != --quick ]; then
  step "front end, and programs for the tests, beside what follows"
  scripts/check_frontend.sh >"$work/frontend.log" 2>&1 &
  frontend=$!
  {
    scripts/get_pgbouncer.sh
    scripts/get_helm.sh
    if [ "$(uname)" = Linux ]; then scripts/get_systemd.sh; fi # elsewhere there is none
    scripts/get_faketime.sh
    scripts/get_promtool.sh
    for proxy in nginx haproxy caddy; do scripts/get_proxy.sh "$proxy"; done
    scripts/get_chromium.sh
  } >/dev/null &
  programs=$!
fi
step "types"
# Beside this, one process compiles the tests, or in a new checkout each of those that run them would.
pytest --quiet --collect-only --ignore tests/browser >"$work/tests.log" &
collecting=$!
mypy
wait "$collecting" || { cat "$work/tests.log" >&2; fail "the tests cannot be collected; see above"; }
step "import rules"
lint-imports --no-logo >/dev/null || lint-imports --no-logo
step "documentation"
scripts/docs.sh >/dev/null

if [ "$mode" = --quick ]; then
  step "tests that start no server"
  pytest --quiet --numprocesses 2 --dist worksteal tests/core tests/state tests/config tests/transport/test_parsing.py \
    tests/transport/test_settings.py tests/test_api.py tests/test_http.py tests/test_poll.py plugins
  step "all of this is well; scripts/test.sh without --quick runs the rest"
  exit 0
fi

wait "$programs" || fail "a program that tests need could not be had; see above"
step "tests, and those in the browser beside them" # most wait for servers or for the browser: they share the time
pytest --quiet tests/browser --numprocesses 2 --dist loadfile >"$work/browser.log" 2>&1 &
browser=$!
failed=()
pytest --quiet --ignore tests/browser --numprocesses 4 --dist worksteal || failed+=("tests")
step "front end"
if wait "$frontend"; then
  grep -E '^ +Tests|^Checked' "$work/frontend.log" || true
else
  failed+=("front end")
  cat "$work/frontend.log"
fi
step "browser tests"
wait "$browser" || failed+=("browser tests")
cat "$work/browser.log"
[ "${#failed[@]}" -eq 0 ] || fail "$(printf '%s; ' "${failed[@]}")see above"
step "all is well"
