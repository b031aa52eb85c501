#!/bin/sh
# Install the system packages that are missing; without root, print the exact command.
# bubblewrap is the only one of the product. The others are for the tests and the bench: chromium and its driver open
# the report page, a software GL lets the engine's renderer stand beside ours.
set -eu
missing=
command -v bwrap >/dev/null || missing="$missing bubblewrap"
command -v chromium >/dev/null || missing="$missing chromium"
command -v chromedriver >/dev/null || missing="$missing chromium-driver"
ldconfig -p | grep -q libEGL_mesa || missing="$missing libegl1 libegl-mesa0 libgl1-mesa-dri"
[ -z "$missing" ] && { echo "The system packages are there: bubblewrap, chromium, chromium-driver, a software GL."; exit 0; }
if ! command -v apt-get >/dev/null; then
    echo "Missing:$missing. Install them with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing:$missing. This installs them:" >&2
    echo "    sudo apt-get install --yes --no-install-recommends$missing" >&2
    exit 1
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends $missing
