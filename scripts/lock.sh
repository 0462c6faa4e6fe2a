#!/usr/bin/env bash
# Renew requirements/*.txt from pyproject.toml: exact versions with hashes for every supported Python, no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet --upgrade "$@"; }
compile pyproject.toml --extra test --extra lint --extra bench --extra keyring --extra apprise --extra parquet requirements/build.in -o requirements/dev.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/run.txt
compile requirements/build.in -c requirements/dev.txt -o requirements/build.txt
