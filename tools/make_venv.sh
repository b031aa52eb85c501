#!/bin/sh
# Make the locked environment: tools/make_venv.sh PYTHON FOLDER
set -eu
python=$1 venv=$2

"$python" - <<'EOF'
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Sheberkhana needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
             "Name another one: make setup PYTHON=python3.12")
EOF
if ! "$python" -c "import ensurepip, venv" 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "This Python has no ensurepip, so it cannot make an environment. This mends it:" >&2
    echo "    sudo apt-get install python$version-venv" >&2
    exit 1
fi

start=$(date +%s)
if [ ! -x "$venv/bin/python" ] || [ "$("$venv/bin/python" -c 'import sys; print(sys.version_info[:2])')" != \
     "$("$python" -c 'import sys; print(sys.version_info[:2])')" ]; then
    echo "Making the environment in $venv"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
echo "Installing the locked packages (a minute or two the first time)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "Environment ready after $(($(date +%s) - start)) s"
