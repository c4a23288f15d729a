#!/usr/bin/env bash
# usage: install.sh FOLDER — installs there what LogParser is measured beside: from PyPI into a Python environment, from
# crates.io into bin. Needs Python with venv.
set -euo pipefail
folder=$1
[ -x "$folder/python/bin/pip" ] || python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$(dirname "$0")/requirements.txt"
cargo install --quiet --locked --root "$folder" --version 0.19.5 ag
