"""A bare machine inside this one: what a fresh system lacks is hidden, and nothing of this one can be changed.

A root of its own in a mount namespace: the system's folders are bound read-only, with the hidden programs covered; the
interpreter lies below root's home; a copy of this checkout lies at the place of the original, with an environment that
borrows the packages of the one that runs the tests. It needs root.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ordinary_user import ORDINARY, ROOT

HIDDEN = ("chromium", "chromedriver", "git", "sudo", "apt-get")
CHECKS = ("mypy", "lint-imports")  # besides ruff, which is no Python
VENV = ROOT / ".venv"
COPIED = ("src", "tests", "tools", "docs", "third_party", "frontend", ".ci")

_INSIDE = """
import ctypes, json, os, platform, struct, sys
told = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
os.chdir(told["root"])
# not chroot: in one, the kernel allows no user namespaces, and bubblewrap needs them
pivot_root = {"x86_64": 155, "aarch64": 41}[platform.machine()]
assert libc.syscall(ctypes.c_long(pivot_root), b".", b".") == 0
assert libc.umount2(b".", 2) == 0
os.chdir(told["folder"])
if told["no_landlock"]:  # as an old kernel: ENOSYS for the call that makes a set of rules
    rules = struct.pack("<HBBIHBBIHBBIHBBI", 0x20, 0, 0, 0, 0x15, 0, 1, 444, 6, 0, 0, 0x50026, 6, 0, 0, 0x7FFF0000)
    code = ctypes.create_string_buffer(rules, len(rules))
    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
    zero = ctypes.c_ulong(0)
    assert libc.prctl(38, ctypes.c_ulong(1), zero, zero, zero) == 0
    assert libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(Filter(4, ctypes.addressof(code))), zero, zero) == 0
if told["user"]:
    os.setgroups([])
    os.setresgid(*3 * [told["user"]])
    os.setresuid(*3 * [told["user"]])
os.execve(told["command"][0], told["command"], told["environment"])
"""


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A machine without browser and git, and without bubblewrap if it is not asked for."""

    folder: Path  # for its root, empty
    user: int = 0
    bubblewrap: bool = False
    set_up: bool = True  # whether the environment is there already
    landlock: bool = True  # whether the kernel has it
    network: bool = True

    def run(
        self, command: str, variables: dict[str, str] | None = None, limit_s: float = 500.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a line of the shell in the checkout; what it printed, both streams together."""
        import json

        told = {
            "root": str(self.folder),
            "folder": str(ROOT),
            "user": self.user,
            "no_landlock": not self.landlock,
            "command": ["/bin/sh", "-c", command],
            "environment": self._variables() | (variables or {}),
        }
        inside = [sys.executable, "-S", "-c", _INSIDE, json.dumps(told)]
        script = "\n".join(["set -e", *self._steps(), 'exec "$@"'])
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if self.network else ["--net"])]
        full = [*apart, "sh", "-c", script, "sh", *inside]
        return subprocess.run(full, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit_s)

    def _variables(self) -> dict[str, str]:
        """The environment of the shell; pip knows this machine's index only where there is a network."""
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return {
            "PATH": f"{Path(sys.executable).resolve().parent}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/home/student" if self.user else "/root",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SHEBER_LANGUAGE": "en",
            **(pip if self.network else {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0"}),
        }

    def _steps(self) -> Iterator[str]:
        """The commands that make the root; all of it goes with the namespace."""
        root = self.folder
        yield f"mount -t tmpfs -o mode=0755 none '{root}'"
        for name in ("dev", "proc", "tmp", "root", "run", "home/student", "var/cache", "var/tmp", "var/lib", "etc"):
            yield f"mkdir -p '{root}/{name}'"
        yield f"chmod 1777 '{root}/tmp' '{root}/var/tmp'; chmod {'0755' if self.user else '0700'} '{root}/root'"
        for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "etc", "opt"):
            yield from self._system(Path("/", name))
        yield f"mount --rbind /dev '{root}/dev'; mount -t proc none '{root}/proc'"
        for name in HIDDEN if self.bubblewrap else (*HIDDEN, "bwrap"):
            yield f"[ ! -e '{root}/usr/bin/{name}' ] || mount --bind /dev/null '{root}/usr/bin/{name}'"
        folders = {place: Path(path) for path, place in _borrowed().items()}
        if sys.base_prefix != "/usr":
            folders[sys.base_prefix] = Path(sys.base_prefix)
        for place, path in folders.items():
            yield f"mkdir -p '{root}{place}'; mount --bind -o ro '{path}' '{root}{place}'"
        yield from self._checkout()

    def _system(self, path: Path) -> Iterator[str]:
        if path.is_symlink():
            yield f"ln -s '{os.readlink(path)}' '{self.folder}{path}'"
        elif path.is_dir():
            yield f"mkdir -p '{self.folder}{path}'; mount --bind -o ro '{path}' '{self.folder}{path}'"

    def _checkout(self) -> Iterator[str]:
        """A copy with the times of the original, so that compiled kernels are valid in it."""
        place = f"{self.folder}{ROOT}"
        files = " ".join(f"'{ROOT / name}'" for name in COPIED)
        yield f"mkdir -p '{place}'; cp -a {files} '{ROOT}'/*.* '{ROOT}/Makefile' '{ROOT}/LICENSE' '{place}'"
        yield f"[ ! -d '{ROOT}/.mypy_cache' ] || cp -a '{ROOT}/.mypy_cache' '{place}'"  # saves a minute of `make test`
        venv = f"{self.folder}{VENV}"
        if self.set_up:
            yield from self._environment(venv)
        if self.user:
            yield f"chown -R {self.user} '{place}' '{self.folder}/home/student'"

    def _environment(self, venv: str) -> Iterator[str]:
        """An environment as `make setup` leaves it, whose packages are those that are installed here."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        yield f"mkdir -p '{venv}/bin' '{venv}/lib/{version}/site-packages'"
        yield f"ln -s '{getattr(sys, '_base_executable', sys.executable)}' '{venv}/bin/python'"
        alone = "include-system-site-packages = false\\n"
        yield f"printf 'home = {Path(sys.base_prefix, 'bin')}\\n{alone}' >'{venv}/pyvenv.cfg'"
        borrowed = "\\n".join([str(ROOT / "src"), *_borrowed().values()])
        yield f"printf '{borrowed}\\n' >'{venv}/lib/{version}/site-packages/borrowed.pth'"
        for command in entry_points(group="console_scripts"):
            if command.name in ("sheber", *CHECKS):
                start = f"import sys\\nfrom {command.module} import {command.attr} as main\\nsys.exit(main())\\n"
                yield f"printf '#!{VENV}/bin/python\\n{start}' >'{venv}/bin/{command.name}'"
        yield f"cp '{Path(sys.executable).parent}/ruff' '{venv}/bin'; chmod 755 '{venv}/bin/'[!p]*"
        yield f"touch '{venv}/.set-up'"


def _borrowed() -> dict[str, str]:
    """Where the packages that are installed here lie in the bare machine: in root's home, which is closed to others."""
    return {path: f"/root/borrowed/{number}" for number, path in enumerate(site.getsitepackages())}


@cache
def why_none() -> str:
    """Why no bare machine can be made here; "" where it can."""
    if os.geteuid() != 0:
        return "no bare machine: it needs root"
    if shutil.which("unshare") is None or shutil.which("make") is None:
        return "no bare machine: unshare or make is not installed"
    probe = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return "" if probe.returncode == 0 else f"no bare machine: {probe.stderr.strip()}"


def student() -> int:
    """An ordinary user of the bare machine."""
    return ORDINARY
