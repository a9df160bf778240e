#!/usr/bin/env bash
# Print the path of promtool, which checks metrics, alert rules and the dashboard, and get it if there is none; see
# packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=promtool
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
install=no # Prometheus itself comes with it, and would be a server of this machine
# shellcheck disable=SC2034 # read by packages.sh
alone=yes # it depends on 200 MB of scripts for the page of Prometheus
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of metrics and alerts need promtool: install it (Debian, Ubuntu: apt-get install prometheus; macOS: brew"
  "install prometheus), or name it: PROMTOOL=/path/to/promtool"
)

run_unpacked() {
  mv "$cache/root/usr/bin/promtool" "$cache/run"
  rm -r "$cache/root"
}

get prometheus
