#!/bin/sh
# Lock the dependencies for Python 3.11 to 3.13 on every platform, with hashes; users need pip alone.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
lock() {
    uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}
lock pyproject.toml --output-file requirements.lock
lock pyproject.toml --extra ground --constraint requirements.lock --output-file requirements-ground.lock
lock pyproject.toml --extra school --extra postgresql --extra ground --constraint requirements-ground.lock --output-file requirements-school.lock
lock pyproject.toml --extra school --extra postgresql --extra ground --extra cluster --group dev --constraint requirements-school.lock --override tools/overrides.txt --output-file requirements-dev.lock
