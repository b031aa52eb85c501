"""Places: where a box of level B finds the files of the layout, which it reads under the names that they have here.

A judge that is root gives each box a user of its own. That user cannot come to a Python or an environment below a
folder that only its owner may enter, such as /root. The owner's folder is not touched. What the box must read is copied
to a place of ours instead: root alone may write there, everybody may read. A copy is found again by a key of the
names, sizes and times of the files it was made from, so it is made once. Links are copied as links: what one outside
points to would be published, and the box could not follow it anyway.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sheber.i18n import _
from sheber.judge.errors import SandboxError
from sheber.judge.sandbox import layout
from sheber.temporary import temporary_of_process

__all__ = ["Places", "own_places", "places_for_others", "temporary_for_others"]

_SHARED = Path("/var/cache/sheber")
_KEPT_S = 30 * 86400.0  # how long a copy that nobody uses stays
_LEFT_OUT = ("site-packages", "dist-packages", "test")  # of the standard library: hidden from boxes, or large


@dataclass(frozen=True, slots=True)
class Places:
    """The files of the layout, by what they are for."""

    executable: Path
    standard_library: Path
    libraries: tuple[Path, ...]  # shared libraries of the interpreter itself
    packages: Mapping[str, Path]  # by the name that the box imports
    sheber: Mapping[str, Path]  # by the place below `sheber/`
    stub: Path

    @property
    def readable(self) -> Iterator[Path]:
        """All that the box may read."""
        yield from (self.executable, self.standard_library, *self.libraries, self.stub)
        yield from (path.resolve() for path in (*self.packages.values(), *self.sheber.values()))


@cache
def own_places() -> Places:
    """Where the files lie: enough for a box that runs as the judge's own user."""
    python = layout.interpreter()
    libraries = () if python.libraries is None else tuple(sorted(python.libraries.glob("*.so*")))
    found = layout.packages(), layout.sheber_files()
    return Places(python.executable, python.standard_library, libraries, *found, layout.stub_file())


@cache
def places_for_others() -> Places:
    """Places that every user of this machine can read; what lies out of reach is copied. For a judge that is root.

    Raises SandboxError where a copy cannot be made.
    """
    own = own_places()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = f"{sys.platlibdir}/{version}"
    python = {"bin/python3": own.executable, library: own.standard_library}
    python |= {f"lib/{path.name}": path for path in own.libraries}
    python = _within_reach("python", python)
    site = _within_reach("site", dict(own.packages))
    sheber = _within_reach("sheber", {**own.sheber, "stub.py": own.stub})
    stub = sheber.pop("stub.py")
    executable, standard_library = python.pop("bin/python3"), python.pop(library)
    return Places(executable, standard_library, tuple(python.values()), site, sheber, stub)


def temporary_for_others() -> str:
    """A folder for temporary files that every user can enter. Raises SandboxError where there is none."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if os.path.isdir(folder) and _can_enter(Path(folder, "x")):
            return folder
    text = _("level B as root needs a folder for temporary files that an ordinary user can enter; {folder} is not one")
    raise SandboxError(text.format(folder=tempfile.gettempdir()))


def _within_reach(name: str, files: dict[str, Path]) -> dict[str, Path]:
    """These files where everybody can read them, else their copies; by the same keys, which are places in the copy."""
    if all(_others_can_read(path) for path in files.values()):
        return files
    try:
        copy = _copy_of(name, files)
    except (OSError, shutil.Error) as error:
        text = _("level B as root needs copies of files that an ordinary user can read, and they cannot be made: {why}")
        raise SandboxError(text.format(why=error)) from error
    return {place: copy / place for place in files}


def _others_can_read(path: Path) -> bool:
    """Whether a user without any rights can come to this file, or to the modules in this folder, and read."""
    real = path.resolve()
    samples = [real, *real.glob("*.py")] if real.is_dir() else [real]
    return _can_enter(real) and all(_has(sample, 0o005 if sample.is_dir() else 0o004) for sample in samples)


def _can_enter(path: Path) -> bool:
    return all(_has(folder, 0o001) for folder in path.resolve().parents)


def _has(path: Path, rights: int) -> bool:
    return path.stat().st_mode & rights == rights


# --- copies --------------------------------------------------------------------------------


def _copy_of(name: str, files: Mapping[str, Path]) -> Path:
    """The folder with copies of these files at their places; made where it is missing. Raises OSError."""
    shared = _shared_folder()
    folder = shared / f"{name}-{_key(files)}"
    if folder.is_dir():
        os.utime(folder)  # still in use
        return folder
    _forget_old(shared)
    fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=shared))
    try:
        for place, path in files.items():
            _copy(path, fresh / place)
        _let_all_read(fresh)
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not folder.is_dir():  # else another process was quicker
            raise
    return folder


def _copy(path: Path, to: Path) -> None:
    for file in _files(path):
        copy = to / file.relative_to(path)  # to itself, where the path is no folder
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy, follow_symlinks=False)


def _files(path: Path) -> Iterator[Path]:
    """The file, or all files and links below the folder that a program in a box may need."""
    if not path.is_dir():
        yield path
        return
    for place, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        yield from (Path(place, name) for name in (*links, *names) if not name.endswith(".a"))


def _let_all_read(folder: Path) -> None:
    """Readable for everybody, writable for root alone, whatever the originals and the mask of this process are."""
    for place, _folders, names in os.walk(folder):
        os.chmod(place, 0o755)
        for name in names:
            file = os.path.join(place, name)
            if not os.path.islink(file):
                os.chown(file, 0, 0)
                os.chmod(file, 0o755 if os.stat(file).st_mode & 0o100 else 0o644)


def _key(files: Mapping[str, Path]) -> str:
    """A short hash of what is copied: places, names, sizes, times of change. Bytecode follows its source."""
    state = hashlib.sha256()
    for place, path in files.items():
        for file in sorted(file for file in _files(path) if file.suffix != ".pyc"):
            status = file.lstat()
            state.update(f"{place} {file} {status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return state.hexdigest()[:16]


def _forget_old(shared: Path) -> None:
    """Remove copies that nobody has used for long, and what a killed process left half made."""
    for folder in shared.iterdir():
        age_s = time.time() - folder.lstat().st_mtime
        if age_s > (86400.0 if folder.name.startswith(".") else _KEPT_S):
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _shared_folder() -> Path:
    """Where the copies lie: below folders that root alone may write and everybody may enter.

    Where there is no such place that lasts, a temporary folder that goes with this process.
    """
    with contextlib.suppress(OSError):  # no such place here, or a system that is mounted read-only
        if not _SHARED.is_dir():
            _SHARED.mkdir(parents=True)
            _SHARED.chmod(0o755)  # whatever the mask
        if _roots_alone(_SHARED) and os.access(_SHARED, os.W_OK):
            return _SHARED
    folder = temporary_of_process("places", temporary_for_others())
    folder.chmod(0o755)
    return folder


def _roots_alone(folder: Path) -> bool:
    """Whether a folder, not a link, belongs to root, as all above it do, and nobody else can write or rename there."""
    for place in (folder, *folder.parents):
        status = place.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022 or not status.st_mode & 1:
            return False
    return True
