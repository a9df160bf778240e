#!/usr/bin/env bash
# Starts the map, PostgreSQL and NATS in containers, and waits until the map answers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-mock}" in
mock) export PHASE9_NETWORK=demo ;;
daarion) export PHASE9_NETWORK=livingmap ;;
*)
  printf 'usage: scripts/start-phase9.sh [mock|daarion]\n\n  mock     a simulated network (default)\n  daarion  the real services, at the addresses in config/livingmap.yaml\n'
  [ "$1" = --help ] || [ "$1" = -h ] && exit 0
  exit 2
  ;;
esac

if ! docker compose version >/dev/null 2>&1; then
  printf 'error: Docker with Compose 2.24 or newer is needed; without it scripts/run.sh serves the map\n' >&2
  exit 1
fi

# Only this account may enter the folder; the files are open, as the containers read them with accounts of their own.
secrets=${PHASE9_SECRETS:-.secrets}
(umask 077 && mkdir -p "$secrets")
for secret in postgres-password nats-password nats-services-password; do
  [ -s "$secrets/$secret" ] && continue
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$secrets/$secret"
  chmod 644 "$secrets/$secret"
done

docker compose -f docker-compose.phase9.yml up --detach --build
url="http://127.0.0.1:${PHASE9_PORT:-7017}"
printf 'waiting for %s ' "$url"
for _ in $(seq 60); do
  if curl --silent --fail --output /dev/null "$url/living-map/health/ready"; then
    printf '\nthe map: %s (scripts/stop-phase9.sh ends it)\n' "$url"
    exit 0
  fi
  printf '.'
  sleep 1
done
printf '\nerror: the map does not answer; its last words:\n' >&2
docker compose -f docker-compose.phase9.yml logs --tail 40 living-map-service migrations >&2
exit 1
