"""Run a command as an ordinary user, from tests that were started by root.

An interpreter or a checkout below a folder that only root may enter (/root) would be out of reach for that
user, so the command runs in a view of the file system where such folders hold nothing but what is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from what_works import NO_LEVEL_A

ORDINARY = 60599  # the user; the slots of boxes begin above it
ROOT = Path(__file__).parents[1]

_BECOME = """
import json, os, sys
os.setgroups([]); os.setresgid(%(user)d, %(user)d, %(user)d); os.setresuid(%(user)d, %(user)d, %(user)d)
command = json.loads(sys.argv[1])
os.chdir("/tmp")
os.execv(command[0], command)
"""


def command_as_ordinary(command: list[str]) -> list[str]:
    """The command that runs `command` as an ordinary user; as it is where we are one already."""
    if os.geteuid() != 0:
        return command
    if shutil.which("bwrap") is None:
        pytest.skip(NO_LEVEL_A)
    needed = {Path(sys.base_prefix), Path(sys.prefix), ROOT, Path(sys.executable).parent}
    needed |= {path.resolve() for path in needed}
    view = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent"]
    for folder in sorted({wall for path in needed for wall in _walls(path)}):
        view += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in sorted(path for path in needed if _walls(path)):
        view += _open_way(path)
    become = [sys.executable, "-S", "-c", _BECOME % {"user": ORDINARY}, json.dumps(command)]
    return [*view, "--", *become]


def run_as_ordinary(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run it to its end; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SHEBER_LANGUAGE")}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]), "HOME": "/tmp"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    full = command_as_ordinary(command)
    return subprocess.run(full, env=environment, text=True, capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def _walls(path: Path) -> list[Path]:
    """The outermost folder above `path` that others may not enter, if there is one."""
    closed = [folder for folder in (path, *path.parents) if not folder.stat().st_mode & 0o001]
    return closed[-1:]


def _open_way(path: Path) -> list[str]:
    """Bind a folder to its own place, through parents that everybody may enter."""
    wall = _walls(path)[0]
    between = [folder for folder in reversed(path.parents) if folder.is_relative_to(wall) and folder != wall]
    options = [word for folder in between for word in ("--perms", "0755", "--dir", str(folder))]
    return [*options, "--ro-bind", str(path), str(path)]
