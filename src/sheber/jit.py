"""How this package compiles: numba without threads, without fast mathematics, with signatures and a cache.

Every kernel has an explicit signature, so that it is compiled when its module is imported and
never in the middle of a run. Without fast mathematics LLVM neither reorders nor fuses
operations: the same bytes come out of an old processor and a new one. numba notices only
changes in a kernel's own file, not in the helpers it calls from other files; so each part that
has kernels has a cache folder of its own, named after all its kernel files together. Importing
this module imports numba.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from sheber.cache import numba_cache

__all__ = ["Kernels", "inlined"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_one_at_a_time = threading.RLock()  # numba reads the folder of its cache from a global, when a kernel is made


class Kernels:
    """The kernels of one part of the package, and the modules that hold them.

    >>> KERNELS = Kernels(Path(__file__).parent, ("viterbi", "reed_solomon"))
    >>> @KERNELS.kernel("void(f8[:, ::1], i8)")
    ... def work(...): ...
    """

    def __init__(self, folder: Path, modules: tuple[str, ...]) -> None:
        self.modules = modules  # of this folder, in the order in which they import each other
        files = (folder / f"{name}.py" for name in modules)
        sources = Path(__file__).read_bytes() + b"".join(file.read_bytes() for file in files)
        self._edition = hashlib.sha256(sources).hexdigest()[:16]

    def kernel(self, signature: str) -> Callable[[_Function], _Function]:
        """Compile a function for one signature, e.g. "void(f8[:, ::1], i8)"."""

        def compiled(function: _Function) -> _Function:
            with _one_at_a_time:
                numba.config.CACHE_DIR = str(numba_cache(self._edition))
                decorate = numba.njit(
                    signature, cache=True, nogil=True, error_model="numpy", fastmath=False, parallel=False
                )
                return decorate(function)  # type: ignore[no-any-return]

        return compiled

    def compile(self, package: str) -> Iterator[tuple[str, int, int]]:
        """Compile all kernels, or load them from the cache; yields (name of the module, modules done, in all)."""
        for number, name in enumerate(self.modules, start=1):
            importlib.import_module(f"{package}.{name}")
            yield name, number, len(self.modules)


def inlined(function: _Function) -> _Function:
    """A part of a kernel, written into it where it is called: an array passed on is a dozen machine words."""
    compiled: Any = numba.njit(inline="always", error_model="numpy", fastmath=False)(function)
    return compiled  # type: ignore[no-any-return]


def _numba() -> Any:
    """numba, which would else take settings from a file `.numba_config.yaml` in the working folder, maybe a hand-in.

    It reads that file, where it finds a package yaml, when it is imported and at every compilation.
    """
    numba_cache()
    found = sys.modules.get("yaml")
    sys.modules["yaml"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that the file is there and cannot be read
            from numba.core import config
    finally:
        del sys.modules["yaml"]
        if found is not None:
            sys.modules["yaml"] = found
    config._config_fname = ""  # no file has this name
    return importlib.import_module("numba")


numba = _numba()
