"""Cache: where compiled kernels and decimated meshes are kept. Standard library only.

numba's cache is pickled code, so the folder must never be one that another user or a box can
write: a folder that others can write, or that another user owns, is passed over. Order: the
folder named by `SHEBER_CACHE`, the package's own folder, the user's cache, a private temporary
folder that lasts as long as this process. `numba_cache()` must be called before numba is
imported for the first time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sheber.temporary import temporary_of_process

__all__ = ["CacheError", "folder", "forget_old_kernels", "lasts", "numba_cache", "processor", "write_atomically"]

_PACKAGE = Path(__file__).parent
_KEPT_S = 30 * 86400.0  # how long kernels that nobody uses stay


class CacheError(Exception):
    """The cache folder that was asked for cannot be used; says why."""


@cache
def folder() -> Path:
    """The cache folder of this process: exists, can be written by this user and by nobody else.

    Where nothing can be kept (`lasts`), it goes when the process ends.

    Raises CacheError where `SHEBER_CACHE` names a folder that cannot be used safely.
    """
    named = os.environ.get("SHEBER_CACHE")
    if named:
        path = Path(named).absolute()
        reason = _unusable(path)
        if reason:
            raise CacheError(f"SHEBER_CACHE names {path}, which {reason}. Name another folder, or leave it unset.")
        return path
    return _kept() or temporary_of_process("cache")


def lasts() -> bool:
    """Whether what is made now is there at the next start."""
    return bool(os.environ.get("SHEBER_CACHE")) or _kept() is not None


def numba_cache(edition: str = "") -> Path:
    """Point numba at our cache folder and give it; call before the first `import numba`.

    `edition` names the state of the sources of a part's kernels: numba itself sees changes in one file only.

    Raises CacheError where numba is already there with a folder that is not ours: its kernels would
    be compiled anew at each start, or written where we did not look.
    """
    path = folder() / "numba" / edition
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.utime(path)  # still in use
    if "numba" in sys.modules:
        config = sys.modules["numba"].config
        if not Path(config.CACHE_DIR).is_relative_to(folder() / "numba"):
            raise CacheError("numba was imported before sheber.cache.numba_cache() could name its cache folder")
    os.environ["NUMBA_CACHE_DIR"] = str(path)
    return path


def forget_old_kernels() -> None:
    """Remove the kernels of editions that nobody has used for a month: of sources that have changed since."""
    for path in (folder() / "numba").glob("*/"):
        if time.time() - path.stat().st_mtime > _KEPT_S:
            shutil.rmtree(path, ignore_errors=True)


SETTINGS = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")  # with them, numpy sums as on another processor


def processor() -> str:
    """What the same bytes are promised for: the class of this processor ("x86_64-avx512"), and what makes numpy behave
    as on another one ("x86_64-avx512, OPENBLAS_CORETYPE=Prescott")."""
    return ", ".join([_class(), *(f"{name}={os.environ[name]}" for name in SETTINGS if os.environ.get(name))])


def _class() -> str:
    machine = os.uname().machine if hasattr(os, "uname") else sysconfig.get_platform()
    flags = _flags()
    for name, wanted in (("avx512", "avx512f"), ("avx2", "avx2"), ("asimd", "asimd")):
        if wanted in flags:
            return f"{machine}-{name}"
    return machine


@contextlib.contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes the place of `path` when the block ends well.

    Two processes that fill the same entry do not disturb each other: the last whole one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@cache
def _kept() -> Path | None:
    """The best folder that lasts and that we may use; None where there is none."""
    return next((path for path in _candidates() if not _unusable(path)), None)


def _candidates() -> Iterator[Path]:
    """Where the cache may lie, the best first."""
    yield _PACKAGE / ".cache"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if os.path.isabs(home):
        yield Path(home) / "sheber"


def _unusable(path: Path) -> str:
    """Why this folder cannot be our cache, in words that follow "which"; "" where it can. Makes it if it is missing."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except OSError as error:
        return f"cannot be made ({error.strerror})"
    if hasattr(os, "getuid"):
        if status.st_uid != os.getuid():
            return "belongs to another user"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return "others can write"
    if not os.access(path, os.W_OK | os.X_OK):
        return "cannot be written"
    return ""


@cache
def _flags() -> frozenset[str]:
    """The processor's features as Linux names them; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        if line.startswith(("flags", "Features")):
            return frozenset(line.partition(":")[2].split())
    return frozenset()
