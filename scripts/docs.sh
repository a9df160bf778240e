#!/usr/bin/env bash
# The documentation as a site. Makes the environment first; needs no network beyond PyPI.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

serve=
case "${1:-}" in
"") ;;
--serve) serve=1 ;;
-h | --help)
  cat <<'EOF'
usage: scripts/docs.sh [--serve]

Builds the documentation as a site in .cache/site. A link or an anchor that leads nowhere ends it with status 1.

--serve   then shows it at http://127.0.0.1:7019 until Ctrl+C
EOF
  exit 0
  ;;
*) fail "scripts/docs.sh: no such option: $1 (there are: --serve, --help)" ;;
esac

environment --all-groups

stage=.cache/docs
rm -rf "$stage" .cache/site
.venv/bin/python scripts/site_pages.py "$stage/pages"
cp docs/site.toml "$stage/zensical.toml"
(cd "$stage" && "$OLDPWD/.venv/bin/zensical" build --strict) || fail "the documentation could not be built; see above"
mv "$stage/site" .cache/site
say "the site is in .cache/site"
if [ -n "$serve" ]; then
  say "it is shown at http://127.0.0.1:7019"
  exec .venv/bin/python -m http.server 7019 --bind 127.0.0.1 --directory .cache/site
fi
