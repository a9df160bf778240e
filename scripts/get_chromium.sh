#!/usr/bin/env bash
# Print the path of a Chromium for the browser tests, and get one if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=chromium
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The browser tests need Chromium or Chrome: install one (Debian: apt-get install chromium; Ubuntu: the .deb of Google Chrome;"
  "macOS: brew install --cask chromium), or name one: CHROMIUM=/path/to/chrome"
)

found() {
  # Ubuntu's chromium-browser, and chromium there, are only doors to a snap, which wants a session.
  first_that_runs "${CHROMIUM:-}" "$cache/run" chromium google-chrome google-chrome-stable chrome \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
}

run_unpacked() {
  {
    printf '#!/bin/sh\n'
    printf 'export LD_LIBRARY_PATH="%s" FONTCONFIG_FILE="%s"\n' "$(libraries)" "$cache/fonts.conf"
    printf 'exec "%s/root/usr/lib/chromium/chromium" "$@"\n' "$cache"
  } >"$cache/run"
  printf '<fontconfig><dir>%s/root/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>%s/fonts</cachedir></fontconfig>\n' \
    "$cache" "$cache" >"$cache/fonts.conf"
  chmod +x "$cache/run"
}

get chromium fonts-dejavu-core
