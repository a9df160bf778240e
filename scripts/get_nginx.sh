#!/usr/bin/env bash
# Print the path of nginx for the tests of the edge, and get one if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=nginx
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
version=(-v) install=no # installed, it would be a server of this machine
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the edge need nginx: install it (Debian, Ubuntu: apt-get install nginx; macOS: brew install nginx),"
  "or name one: NGINX=/path/to/nginx"
)

get nginx
