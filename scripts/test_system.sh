#!/usr/bin/env bash
# Programs that the tests speak to and that pip has not: installed where that is permitted, and otherwise named.
# Nothing is started: the tests run their own, on loopback, with data of their own.
set -euo pipefail

missing=()
command -v prometheus-alertmanager >/dev/null || command -v alertmanager >/dev/null || missing+=(prometheus-alertmanager)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
command -v openssl >/dev/null || missing+=(openssl)
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "some tests need: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 0 # those tests say it again; all others can run
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then # what a package wants to start at its installation is refused as long as this stands
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
get() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2; }
echo "installing ${missing[*]} for the tests with apt-get" >&2
get || { apt-get update -qq >&2 && get; } || echo "could not install ${missing[*]}; the tests that need them will fail" >&2
