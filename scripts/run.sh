#!/usr/bin/env bash
# The living map of a simulated network at http://127.0.0.1:7017. Makes the environment first; needs nothing else.
# Arguments go to `livingmap serve`, e.g. --config config/livingmap.yaml.
set -euo pipefail
caller=$PWD
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

case "${1:-}" in
-h | --help)
  printf 'usage: scripts/run.sh [--config FILE]\n\nServes the map; by default config/demo.yaml, all services simulated.\n'
  exit 0
  ;;
esac

environment --no-dev --extra embedded --inexact
if [ $# -eq 0 ] && [ -z "${LIVINGMAP_CONFIG:-}" ]; then
  set -- --config "$PWD/config/demo.yaml"
fi
root=$PWD
cd "$caller"
say "the map: http://${LIVINGMAP_SERVER__HOST:-127.0.0.1}:${LIVINGMAP_SERVER__PORT:-7017} (Ctrl-C ends it)"
exec "$root/.venv/bin/livingmap" serve "$@"
