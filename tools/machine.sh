#!/bin/sh
# Before anything large is fetched: is this machine ready? tools/machine.sh PYTHON FOLDER product|all
# Installs what the system lacks where that is possible. What cannot be had is named, and the work goes on without it.
set -eu
python=$1 venv=$2 part=$3

if [ -e "$venv" ] && ! "$venv/bin/python" -c "" 2>/dev/null && [ ! -w "$venv" ]; then
    echo "The environment $venv belongs to the user $(stat -c %U "$venv"), and you cannot use it." >&2
    echo "Work in a checkout of your own, or ask its owner to remove it:" >&2
    echo "    rm -rf \"$PWD/$venv\"" >&2
    exit 2
fi
[ -e "$venv/.set-up" ] || sh tools/check_python.sh "$python"
if [ "$part" = all ] || [ ! -e "$venv/.set-up" ]; then
    sh tools/system_packages.sh "$part" "$python" || echo "The work goes on without what is missing." >&2
fi
[ -e "$venv/.set-up" ] || "$python" tools/probe_sandbox.py
