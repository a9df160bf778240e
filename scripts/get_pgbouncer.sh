#!/usr/bin/env bash
# Print the path of a PgBouncer for the tests of the database, and get one if there is none; see packages.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=pgbouncer
# shellcheck source=scripts/packages.sh
. scripts/packages.sh
# shellcheck disable=SC2034 # read by packages.sh
needs=(
  "The tests of the database need PgBouncer: install it (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer),"
  "or name one: PGBOUNCER=/path/to/pgbouncer"
)

get pgbouncer
