# shellcheck shell=bash
# Sourced by what gets a program from Debian's packages: as root they are installed, else unpacked into .cache, where
# nothing of the system is touched. It needs the name in program and the array needs with how to help oneself. What is
# particular about a program follows the line that sources this: other arguments that print its version, or functions.
cache=$PWD/.cache/${program:?}
version=(--version)
install=yes # no: unpack it as root, too
alone=no    # yes: what the package depends on is not needed

say() { printf '==> %s\n' "$*" >&2; }

hint() {
  printf 'error: %s\n' "$1" >&2
  printf '%s\n' "${needs[@]:?}" >&2
  exit 1
}

# first_that_runs CANDIDATE...: prints the path of the first program that is there and runs.
first_that_runs() {
  local candidate
  for candidate in "$@"; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && "$candidate" "${version[@]}" >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# found: prints the path of the program if it runs here.
found() {
  local named=${program^^}
  first_that_runs "${!named:-}" "$cache/run" "$program" "/usr/sbin/$program" "/opt/homebrew/bin/$program"
}

# run_unpacked: makes $cache/run of what was unpacked.
run_unpacked() {
  local unpacked
  unpacked=$(find "$cache/root/usr" -path "*bin/$program" -print -quit)
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$(libraries)" "$unpacked" >"$cache/run"
  chmod +x "$cache/run"
}

# unpack PACKAGE...: fetches packages and whatever they lack here, with package lists of our own: those of the system
# may be missing.
unpack() {
  local apt=(apt-get -q -o "Dir::State::Lists=$cache/lists" -o "Dir::Cache=$cache" -o Debug::NoLocking=1) packages package
  mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/debs" "$cache/root"
  "${apt[@]}" update >&2
  packages=$*
  [ "$alone" = yes ] || packages=$("${apt[@]}" -s --no-install-recommends install "$@" | awk '/^Inst /{print $2}') || return 1
  [ -n "$packages" ] || return 1
  # shellcheck disable=SC2086 # one word a package
  (cd "$cache/debs" && "${apt[@]}" download $packages >&2)
  for package in "$cache"/debs/*.deb; do dpkg -x "$package" "$cache/root"; done
  rm -rf "$cache/debs" "$cache/archives" "$cache/lists"
}

# libraries: prints where the unpacked libraries are, as LD_LIBRARY_PATH has it.
libraries() { find "$cache/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:; }

# get PACKAGE...: prints the path of the program, and gets it first if it is not there.
get() {
  found && return
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 2>/dev/null || true # tests in several processes may want it at once; macOS has no flock, and no apt-get
  found && return
  command -v apt-get >/dev/null || hint "there is no $program, and no apt-get to get it with"
  if [ "$(id -u)" -eq 0 ] && [ "$install" = yes ]; then
    say "installing $program"
    # RUNLEVEL: a package may want to start a server of its own
    { apt-get -q update && RUNLEVEL=1 apt-get -q install -y --no-install-recommends "$@"; } >&2 || hint "$program could not be installed"
  else
    say "unpacking $program into .cache/$program"
    unpack "$@" || hint "$program could not be unpacked"
    run_unpacked
  fi
  found || hint "the $program that was got does not run here"
}
