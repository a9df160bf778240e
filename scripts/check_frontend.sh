#!/usr/bin/env bash
# The front end: its packages, lint, types, tests, the npm package, and that what is built and generated is committed.
# Needs the environment of scripts/test.sh, which brings Node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$(scripts/get_node.sh):$PATH"
export PATH

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd frontend

# The lock file says what is installed; npm ci takes a while even if nothing is to be done.
if ! cmp -s package-lock.json node_modules/.livingmap-lock; then
  npm ci --no-audit --no-fund --loglevel=error || fail "the front end's packages could not be had; is the npm registry within reach?"
  cp package-lock.json node_modules/.livingmap-lock
fi
domain=src/features/livingMap/domain
../.venv/bin/python ../scripts/vocabulary.py >"$work/vocabulary.ts"
cmp "$work/vocabulary.ts" "$domain/vocabulary.ts" || fail "the vocabulary has changed: npm run vocabulary in frontend/, and commit $domain/vocabulary.ts"
layers=src/features/livingMap/client/layers.ts
../.venv/bin/python ../scripts/layer_types.py >"$work/layers.ts"
cmp "$work/layers.ts" "$layers" || fail "the layers have changed: npm run layers in frontend/, and commit $layers"
for language in en uk; do
  ../.venv/bin/python ../scripts/type_table.py "$language" >"$work/types.json"
  cmp "$work/types.json" "tests/types.$language.json" || fail "the types have changed: npm run types in frontend/, and commit tests/types.$language.json"
done

npx biome check .
npx tsc --noEmit

types=src/features/livingMap/client/openapi.ts
../.venv/bin/python ../scripts/openapi.py >"$work/openapi.json"
npx openapi-typescript "$work/openapi.json" --immutable --output "$work/openapi.ts" >/dev/null
cmp "$work/openapi.ts" "$types" || fail "the API has changed: npm run openapi in frontend/, and commit $types"

npx vitest run
npm run --silent package >"$work/package.log" 2>&1 || { cat "$work/package.log"; fail "the npm package is not as it should be"; }

npx vite build --logLevel error --outDir "$work/ui" --emptyOutDir
node sizes.ts "$work/ui" || fail "more has to be loaded than may be"
diff -r "$work/ui" ../livingmap/_ui || fail "livingmap/_ui is not what frontend/ builds: npm run build in frontend/, and commit it"
