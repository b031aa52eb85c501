#!/bin/sh
# Make the locked environment: tools/make_venv.sh PYTHON FOLDER
set -eu
python=$1 venv=$2

sh tools/check_python.sh "$python"
if ! "$python" -c "import ensurepip, venv" 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "This Python has no ensurepip, so it cannot make an environment. This mends it:" >&2
    sudo=sudo\ ; [ "$(id -u)" -ne 0 ] || sudo=
    echo "    ${sudo}apt-get install python$version-venv" >&2
    exit 1
fi

start=$(date +%s)
if [ ! -x "$venv/bin/python" ] || [ "$("$venv/bin/python" -c 'import sys; print(sys.version_info[:2])')" != \
     "$("$python" -c 'import sys; print(sys.version_info[:2])')" ]; then
    echo "Making the environment in $venv"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

install() { # what pip says of a missing network names neither the network nor a way out
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" 2>"$venv/pip.log" && return
    tail -n 3 "$venv/pip.log" >&2
    if grep -qE "NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError|from versions: none" "$venv/pip.log"; then
        echo "The packages could not be fetched: this machine does not reach the index of Python packages." >&2
        echo "The first set-up needs a network. Behind a proxy, set https_proxy; for a mirror, set PIP_INDEX_URL." >&2
    fi
    echo "All that pip said is in $venv/pip.log" >&2
    exit 1
}
echo "Installing the locked packages (a minute or two the first time)"
# the lock is complete, but for what tools/overrides.txt leaves out
install --require-hashes --no-deps --only-binary :all: -r requirements-dev.lock
install --no-deps --no-build-isolation --editable .
echo "Environment ready after $(($(date +%s) - start)) s"
