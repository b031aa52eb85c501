#!/bin/sh
# Is this Python good for Sheberkhana? tools/check_python.sh PYTHON; where not, say which Pythons are. Exit code 2.
set -eu
python=$1

others() { # Pythons on this machine that are new enough, one a line
    for found in python3.14 python3.13 python3.12 python3.11 python3 \
                 "${HOME:-/nowhere}"/.pyenv/versions/*/bin/python3 "${HOME:-/nowhere}"/.local/share/uv/python/*/bin/python3; do
        found=$(command -v "$found") || continue
        "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "    make demo PYTHON=$found"
    done
}
refuse() {
    echo "$1" >&2
    found=$(others)
    if [ -n "$found" ]; then
        echo "Use one that is here:" >&2
        echo "$found" >&2
    else
        echo "Python 3.11 or newer is not on this machine. docs/student.md says where to get it." >&2
    fi
    exit 2
}

command -v "$python" >/dev/null || refuse "There is no Python named $python on this machine."
"$python" -c 'import sys' 2>/dev/null || refuse "$python does not start."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    refuse "Sheberkhana needs Python 3.11 or newer; $python is $("$python" -c 'import platform; print(platform.python_version())')."
