#!/usr/bin/env bash
# Stops what start-phase9.sh started. The data stays; --volumes deletes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
"" | --volumes) ;;
*)
  printf 'usage: scripts/stop-phase9.sh [--volumes]\n'
  [ "$1" = --help ] || [ "$1" = -h ] && exit 0
  exit 2
  ;;
esac

if ! docker compose version >/dev/null 2>&1; then
  printf 'error: Docker with Compose 2.24 or newer is needed\n' >&2
  exit 1
fi
docker compose -f docker-compose.phase9.yml down "$@"
