#!/usr/bin/env bash
# Print the path of a Chromium for the browser tests, and get one if there is none: as root it is installed, else its
# packages are unpacked into .cache, where nothing of the system is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=$PWD/.cache/chromium

say() { printf '==> %s\n' "$*" >&2; }

hint() {
  printf 'error: %s\n' "$1" >&2
  printf 'The browser tests need Chromium or Chrome: install one (Debian: apt-get install chromium; Ubuntu: the .deb of Google Chrome;\n' >&2
  printf 'macOS: brew install --cask chromium), or name one: CHROMIUM=/path/to/chrome\n' >&2
  exit 1
}

found() {
  local candidate
  for candidate in "${CHROMIUM:-}" "$cache/run" chromium google-chrome google-chrome-stable chrome \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    # Ubuntu's chromium-browser, and chromium there, are only doors to a snap, which wants a session.
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && "$candidate" --version >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# unpack: fetches chromium and whatever it lacks here, with package lists of our own: those of the system may be missing.
unpack() {
  local apt=(apt-get -q -o "Dir::State::Lists=$cache/lists" -o "Dir::Cache=$cache" -o Debug::NoLocking=1) packages
  mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/debs" "$cache/root"
  "${apt[@]}" update >&2
  packages=$("${apt[@]}" -s --no-install-recommends install chromium fonts-dejavu-core | awk '/^Inst /{print $2}') || return 1
  [ -n "$packages" ] || return 1
  # shellcheck disable=SC2086 # one word a package
  (cd "$cache/debs" && "${apt[@]}" download $packages >&2)
  for package in "$cache"/debs/*.deb; do dpkg -x "$package" "$cache/root"; done
  [ -x "$cache/root/usr/lib/chromium/chromium" ] || return 1
  rm -rf "$cache/debs" "$cache/archives" "$cache/lists"
  write_runner
}

write_runner() {
  local libraries
  libraries=$(find "$cache/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  {
    printf '#!/bin/sh\n'
    printf 'export LD_LIBRARY_PATH="%s" FONTCONFIG_FILE="%s"\n' "$libraries" "$cache/fonts.conf"
    printf 'exec "%s/root/usr/lib/chromium/chromium" "$@"\n' "$cache"
  } >"$cache/run"
  printf '<fontconfig><dir>%s/root/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>%s/fonts</cachedir></fontconfig>\n' \
    "$cache" "$cache" >"$cache/fonts.conf"
  chmod +x "$cache/run"
}

found && exit
command -v apt-get >/dev/null || hint "there is no Chromium, and no apt-get to get it with"
if [ "$(id -u)" -eq 0 ]; then
  say "installing chromium"
  { apt-get -q update && apt-get -q install -y --no-install-recommends chromium fonts-dejavu-core; } >&2 || hint "chromium could not be installed"
else
  say "unpacking chromium into .cache/chromium"
  unpack || hint "chromium could not be unpacked"
fi
found || hint "the Chromium that was got does not run here"
