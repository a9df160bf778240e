#!/usr/bin/env bash
# Print the path of libfaketime for tests of clocks that jump, and get it if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=faketime
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of clocks need libfaketime: install it (Debian, Ubuntu: apt-get install libfaketime), or name it:"
  "FAKETIME=/path/to/libfaketime.so.1"
)

found() {
  local candidate
  for candidate in "${FAKETIME:-}" /usr/lib/*/faketime/libfaketime.so.1 "$cache"/root/usr/lib/*/faketime/libfaketime.so.1; do
    if [ -f "$candidate" ] && LD_PRELOAD=$candidate FAKETIME=+0 date >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

run_unpacked() { :; }

get libfaketime
