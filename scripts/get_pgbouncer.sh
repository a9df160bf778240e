#!/usr/bin/env bash
# Print the path of a PgBouncer for the tests of the database, and get one if there is none: as root it is installed,
# else its packages are unpacked into .cache, where nothing of the system is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=$PWD/.cache/pgbouncer

say() { printf '==> %s\n' "$*" >&2; }

hint() {
  printf 'error: %s\n' "$1" >&2
  printf 'The tests of the database need PgBouncer: install it (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer),\n' >&2
  printf 'or name one: PGBOUNCER=/path/to/pgbouncer\n' >&2
  exit 1
}

found() {
  local candidate
  for candidate in "${PGBOUNCER:-}" "$cache/run" pgbouncer /usr/sbin/pgbouncer /opt/homebrew/bin/pgbouncer; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && "$candidate" --version >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# unpack: fetches pgbouncer and whatever it lacks here, with package lists of our own: those of the system may be missing.
unpack() {
  local apt=(apt-get -q -o "Dir::State::Lists=$cache/lists" -o "Dir::Cache=$cache" -o Debug::NoLocking=1) packages libraries
  mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/debs" "$cache/root"
  "${apt[@]}" update >&2
  packages=$("${apt[@]}" -s --no-install-recommends install pgbouncer | awk '/^Inst /{print $2}') || return 1
  [ -n "$packages" ] || return 1
  # shellcheck disable=SC2086 # one word a package
  (cd "$cache/debs" && "${apt[@]}" download $packages >&2)
  for package in "$cache"/debs/*.deb; do dpkg -x "$package" "$cache/root"; done
  rm -rf "$cache/debs" "$cache/archives" "$cache/lists"
  libraries=$(find "$cache/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s/root/usr/sbin/pgbouncer" "$@"\n' "$libraries" "$cache" >"$cache/run"
  chmod +x "$cache/run"
}

found && exit
command -v apt-get >/dev/null || hint "there is no PgBouncer, and no apt-get to get it with"
if [ "$(id -u)" -eq 0 ]; then
  say "installing pgbouncer"
  # its package would start a server of its own
  { apt-get -q update && RUNLEVEL=1 apt-get -q install -y --no-install-recommends pgbouncer; } >&2 || hint "pgbouncer could not be installed"
else
  say "unpacking pgbouncer into .cache/pgbouncer"
  unpack || hint "pgbouncer could not be unpacked"
fi
found || hint "the PgBouncer that was got does not run here"
