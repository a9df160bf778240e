#!/usr/bin/env bash
# Print the path of a reverse proxy (nginx, haproxy or caddy) for tests and benches, and get it if there is none; see
# packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${1:?usage: scripts/get_proxy.sh nginx|haproxy|caddy}
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
install=no # installed, it would be a server of this machine
# shellcheck disable=SC2034 # read by packages.sh
case "$program" in
nginx | haproxy) version=(-v) ;;
caddy) version=(version) ;;
*) printf 'error: no such proxy: %s (there are: nginx, haproxy, caddy)\n' "$program" >&2 && exit 2 ;;
esac
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the edge need $program: install it (Debian, Ubuntu: apt-get install $program; macOS: brew install $program),"
  "or name one: ${program^^}=/path/to/$program"
)

get "$program"
