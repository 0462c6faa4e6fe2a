#!/usr/bin/env bash
# Make a virtual environment with marginwatch in it, from locked and hashed requirements.
# What is missing on the machine is installed where that is permitted, and otherwise named with its command.
set -euo pipefail
venv=${1:?usage: install.sh VENV}
cd "$(dirname "$0")/.."

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    return 1
}

install_package() { # Debian package names; only where we are allowed to
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $* with apt-get"
        apt-get install -y -qq "$@" >&2 || { apt-get update -qq >&2 && apt-get install -y -qq "$@" >&2; }
    else
        echo "missing system package: run  sudo apt-get install $*  (or your system's equivalent) and try again" >&2
        exit 2
    fi
}

python=$(find_python) || { install_package python3 python3-venv; python=$(find_python) || {
    echo "marginwatch needs Python 3.11 or newer; set PYTHON=/path/to/python3 if it is not on PATH" >&2; exit 2; }; }

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "making $venv with $($python --version)"
    rm -rf "$venv"
    "$python" -c 'import venv, ensurepip' 2>/dev/null || install_package python3-venv
    "$python" -m venv "$venv"
fi

# Hashes cannot cover the project itself, so the locked requirements come first and it follows without dependencies.
say "installing locked requirements (once; about a minute)"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet --no-input "$@"; }
pip install --require-hashes --only-binary :all: -r requirements/dev.txt 2> >(grep -v '^WARNING: Location' >&2) \
    || pip install --require-hashes -r requirements/dev.txt
pip install --no-deps --no-build-isolation --editable . 2> >(grep -v '^WARNING: Location' >&2)
say "installed: $venv/bin/marginwatch"
