#!/usr/bin/env bash
# Print the path of Caddy for the tests of the edge, and get one if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=caddy
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
version=(version) install=no # installed, it would be a server of this machine
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the edge need Caddy: install it (Debian, Ubuntu: apt-get install caddy; macOS: brew install caddy),"
  "or name one: CADDY=/path/to/caddy"
)

get caddy
