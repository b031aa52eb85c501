"""Layout: what lies in a box and where it comes from on this machine.

A box has the interpreter, its standard library, the shared libraries of the system, numpy, OpenCV and zxing-cpp,
SciPy and sgp4 where they are installed, and of
this package only what a program imports (`PROGRAMS_SIDE`) and the catalogues of its messages. No shell, no tools, no
other package, no /proc, no /sys.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = [
    "PROGRAMS_SIDE",
    "Interpreter",
    "copy_sheber_files",
    "environment",
    "interpreter",
    "packages",
    "sheber_files",
    "stub_file",
    "system_libraries",
]

PACKAGES = ("numpy", "cv2", "zxingcpp", "scipy", "sgp4")  # beside the standard library; the documentation names them
PROGRAMS_SIDE = ("__init__.py", "geometry.py", "i18n.py", "seeds.py", "client", "locale")
"""What of this package lies in a box: files and folders below `sheber/`."""
_SHEBER = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that runs in the box: the one that runs the judge, without its environment."""

    executable: Path  # the real file, not a link of a virtual environment
    standard_library: Path
    libraries: Path | None  # its own shared libraries, where they are not the system's
    hidden: tuple[Path, ...]  # folders below the standard library that the box does not get


@cache
def interpreter() -> Interpreter:
    """The interpreter of this process, as the box needs it."""
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})).resolve()
    own = Path(sys.base_prefix, "lib").resolve()
    libraries = None if sys.base_prefix == "/usr" or not own.is_dir() else own
    hidden = tuple(library / name for name in ("site-packages", "dist-packages") if (library / name).is_dir())
    return Interpreter(executable, library, libraries, hidden)


@cache
def packages() -> dict[str, Path]:
    """Folders of the packages in the box, by the name they have there; with the libraries that came in their wheels."""
    found: dict[str, Path] = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            continue
        folder = Path(next(iter(spec.submodule_search_locations)))
        found[name] = folder
        for beside in folder.parent.glob("*.libs"):
            if beside.name.startswith((name, "opencv") if name == "cv2" else name):
                found[beside.name] = beside
    return found


def sheber_files() -> dict[str, Path]:
    """What of this package lies in the box, by its place below `sheber/`."""
    return {name: _SHEBER / name for name in PROGRAMS_SIDE}


def copy_sheber_files(folder: Path) -> None:
    """Copy what of this package lies in a box into a folder, for a level that neither mounts nor links."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in sheber_files().items():
        if path.is_dir():
            shutil.copytree(path, folder / name)
        else:
            shutil.copy(path, folder / name)


def stub_file() -> Path:
    """The stub."""
    return Path(__file__).with_name("stub.py")


@cache
def system_libraries() -> tuple[tuple[Path, ...], tuple[tuple[str, str], ...]]:
    """Folders of the system's shared libraries, and the links (target, link) through which they are found."""
    links = tuple((os.readlink(link), link) for link in ("/lib", "/lib64", "/usr/lib64") if os.path.islink(link))
    architecture = sysconfig.get_config_var("MULTIARCH") or f"{platform.machine()}-linux-gnu"
    named = [Path(root, architecture) for root in ("/usr/lib", "/lib")]
    folders = [folder for folder in named if folder.is_dir() and not _through_link(folder)]
    wide = ("/lib64", "/usr/lib64") if folders else ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
    folders += [Path(name) for name in wide if os.path.isdir(name) and not os.path.islink(name)]
    return tuple(folders), links


def _through_link(folder: Path) -> bool:
    return any(parent.is_symlink() for parent in folder.parents)


def environment(home: str, language: str) -> dict[str, str]:
    """The whole environment of a program: short, and the same everywhere. language: the run's, for what it is told."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "SHEBER_LANGUAGE": language,
        "PATH": "/usr/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        # with the limit of threads used up, OpenBLAS would die as a KeyboardInterrupt
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENCV_FOR_THREADS_NUM": "1",
    }
