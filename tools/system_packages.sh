#!/bin/sh
# Install what the system lacks: tools/system_packages.sh [product|all] [PYTHON]
# Root does it at once, others where sudo asks for no password; else the exact command is printed.
# bubblewrap and Python's own venv are all that the product needs. The others are for the tests and the bench: chromium
# and its driver open the report page, a software GL lets the engine's renderer stand beside ours, Hamlib's programs speak
# with our mount and receiver.
set -eu
part=${1:-all} python=${2:-}
options="--yes --no-install-recommends"

first= rest=
command -v bwrap >/dev/null || first=bubblewrap
if [ -n "$python" ] && ! "$python" -c "import ensurepip, venv" 2>/dev/null; then
    first="$first $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
fi
if [ "$part" = all ]; then
    command -v chromium >/dev/null || rest="$rest chromium"
    command -v chromedriver >/dev/null || rest="$rest chromium-driver"
    command -v rotctl >/dev/null && command -v rigctld >/dev/null || rest="$rest libhamlib-utils"
    { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep -q libEGL_mesa || rest="$rest libegl1 libegl-mesa0 libgl1-mesa-dri"
fi
missing=$(echo $first $rest)
if [ -z "$missing" ]; then
    [ "$part" = product ] || echo "The system packages are there: bubblewrap, chromium, chromium-driver, Hamlib, a software GL."
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "Missing on this system: $missing. Install this with the system's package manager." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "Missing on this system: $missing. This installs them:" >&2
        echo "    sudo apt-get install $options $missing" >&2
        exit 1
    fi
    as_root="sudo -n"
fi

install() { # the browser's name differs between systems, so it must not stop the sandbox
    [ $# -eq 0 ] || $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq $options "$@" >/dev/null
}
echo "Installing on this system: $missing"
$as_root apt-get update -qq || echo "The lists of packages could not be fetched: is there a network?" >&2
failed=
# shellcheck disable=SC2086
install $first || failed="$first"
# shellcheck disable=SC2086
install $rest || failed="$failed $rest"
[ -z "$failed" ] || { echo "apt-get could not install all of these:" $failed >&2; exit 1; }
