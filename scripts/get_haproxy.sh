#!/usr/bin/env bash
# Print the path of HAProxy for the tests of the edge, and get one if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=haproxy
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
version=(-v) install=no # installed, it would be a server of this machine
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the edge need HAProxy: install it (Debian, Ubuntu: apt-get install haproxy; macOS: brew install haproxy),"
  "or name one: HAPROXY=/path/to/haproxy"
)

get haproxy
