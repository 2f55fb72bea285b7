# shellcheck shell=bash
# Sourced by deploy/quickstart and Tests/run: installs what is missing, and nothing else. Needs `root`, the checkout's folder.

# Everything that is downloaded or made on the way lives here, never in the system's Python.
cache="${XDG_CACHE_HOME:+$XDG_CACHE_HOME/tombolo}"
cache="${cache:-$root/.cache}"

# What a checkout needs on Debian 12 beyond the Swift toolchain: C and C++ headers, the C libraries for the build, Python for the rest.
build_packages=(git ca-certificates libc6-dev libstdc++-12-dev libsqlite3-dev zlib1g-dev libbrotli-dev libzstd-dev libtomlplusplus-dev libpsl-dev)
python_packages=(python3 python3-venv)

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

need_swift() {
    command -v swift >/dev/null 2>&1 || die "There is no 'swift' on the PATH. Install Swift 6.2 or later from https://www.swift.org/install/linux/ and try again."
}

# install_packages NAME…: asks dpkg what is missing, and calls apt only for that.
install_packages() {
    local name missing=() as_root=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    if [ ${#missing[@]} = 0 ]; then say "Debian packages: all there."; return 0; fi
    say "Debian packages to install: ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "They need root, and there is no sudo. As root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q || die "apt-get update failed."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" \
        || die "apt-get could not install: ${missing[*]}"
}

# virtual_environment NAME REQUIREMENTS…: makes or updates $cache/NAME and leaves its interpreter in $python.
# A checksum of the requirements is kept beside it, so that a second run costs nothing.
virtual_environment() {
    local folder="$cache/$1" file sum arguments=()
    shift
    for file in "$@"; do arguments+=(-r "$file"); done
    sum="$(cat "$@" | sha256sum)"
    python="$folder/bin/python"
    if [ -x "$python" ] && [ "$(cat "$folder/requirements.sum" 2>/dev/null)" = "$sum" ]; then
        say "Python packages: all there."
        return 0
    fi
    say "Python packages: installing into $folder"
    mkdir -p "$cache"
    rm -rf "$folder"
    /usr/bin/python3 -m venv "$folder" || die "Python could not make a virtual environment in $folder."
    "$python" -m pip install --quiet --disable-pip-version-check "${arguments[@]}" || die "pip could not install $*"
    printf '%s\n' "$sum" >"$folder/requirements.sum"
}

# Where SwiftPM puts what it builds.
scratch="${TOMBOLO_SCRATCH:-$root/.build}"
binary="$scratch/release/tombolo"

# With Swift's runtime inside, so that the program runs where there is no Swift, and without a look for libraries beside it.
#
# Without the checks at run time that nobody changes what somebody else is reading (exclusivity of access to properties of
# classes): they take a fifth of the user instructions of a request, and what they find ends the process and with it every
# connection. The compiler's own checks stay, and the debug builds that the tests of the modules use have them all.
build_release() {
    (cd "$root" && swift build -c release --product tombolo --static-swift-stdlib --disable-local-rpath \
        -Xswiftc -enforce-exclusivity=unchecked --scratch-path "$scratch")
}
