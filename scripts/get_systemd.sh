#!/usr/bin/env bash
# Print the path of systemd-analyze, which checks the unit of deploy/systemd, and get it if there is none; see
# packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=systemd-analyze
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
install=no # installed, it would be the init of this machine
# shellcheck disable=SC2034 # read by packages.sh
version=(--offline=yes --version) # it can judge a unit without a running systemd since 250
# shellcheck disable=SC2034 # read by packages.sh
needs=("The test of the unit needs systemd-analyze of systemd 250 or newer (Debian, Ubuntu: apt-get install systemd)")

# found: as in packages.sh, without a variable that names it: no name of one has a hyphen.
found() { first_that_runs "$cache/run" "$program"; }

get systemd
