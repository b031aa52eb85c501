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
    bwrap = shutil.which("bwrap", path=os.environ.get("PATH", os.defpath) + ":/usr/bin:/bin")
    if bwrap is None:
        return "bubblewrap is not installed"
    version = re.search(r"(\d+)\.(\d+)", subprocess.run([bwrap, "--version"], capture_output=True, text=True).stdout)
    if version is None or tuple(map(int, version.groups())) < (0, 8):
        return "bubblewrap is older than 0.8.0"
    if os.geteuid() == 0:
        apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        apart = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    return failure([bwrap, "--cap-drop", "ALL", *apart, "--ro-bind", "/", "/", "--dev", "/dev"], landlock=0)


def alone() -> str:
    """Why level B does not work; "" where it does."""
    return failure([], landlock=3)


def failure(before: list[str], landlock: int) -> str:
    """Start the stub, which locks itself in and leaves; what went wrong, "" for nothing."""
    setup = {
        "descriptors": None, "address": None, "user": USER if os.geteuid() == 0 else 0, "parent": 0, "limits": {}, "lock": True,
        "seen": False, "landlock": landlock, "readable": ["/"], "writable": [], "path": [], "probe": True, "program": "",
    }  # fmt: skip
    # what the stub imports late must be there before it gives up root: the standard library may lie below /root
    start = "import resource, runpy, signal; runpy.run_path({!r}, run_name='__main__')".format(str(STUB))
    command = [*before, sys.executable, "-I", "-S", "-B", "-c", start, json.dumps(setup)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = run.stderr.strip().splitlines()
    return "" if run.returncode == 0 else (said[-1] if said else f"it ended with {run.returncode}")


if __name__ == "__main__":
    main()
