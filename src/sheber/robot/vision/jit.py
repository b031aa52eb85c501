"""How this package compiles: numba without threads, without fast mathematics, with signatures and a cache.

Every kernel has an explicit signature, so that it is compiled when its module is imported and
never in the middle of a run. Without fast mathematics LLVM neither reorders nor fuses
operations: the same bytes come out of an old processor and a new one. numba notices only
changes in a kernel's own file, not in the helpers it calls from other files; so the cache
folder is named after all kernel files together.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sheber.cache import numba_cache

__all__ = ["KERNEL_MODULES", "inlined", "kernel"]

KERNEL_MODULES = ("project", "creases", "coverage", "texels", "lamps", "panels", "shading", "tiles", "resample")
"""The modules of compiled kernels, in the order in which they import each other."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _edition() -> str:
    """A short hash of all kernel files."""
    files = (Path(__file__).with_name(f"{name}.py") for name in ("jit", *KERNEL_MODULES))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _numba() -> Any:
    """numba, which would else take settings from a file `.numba_config.yaml` in the working folder, maybe a hand-in.

    It reads that file, where it finds a package yaml, when it is imported and at every compilation.
    """
    numba_cache(_edition())
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


def kernel(signature: str) -> Callable[[_Function], _Function]:
    """Compile a function for one signature, e.g. "void(f8[:, ::1], i8)"."""
    compiled: Any = numba.njit(signature, cache=True, nogil=True, error_model="numpy", fastmath=False, parallel=False)
    return compiled  # type: ignore[no-any-return]


def inlined(function: _Function) -> _Function:
    """A part of a kernel, written into it where it is called: an array passed on is a dozen machine words."""
    compiled: Any = numba.njit(inline="always", error_model="numpy", fastmath=False)(function)
    return compiled  # type: ignore[no-any-return]
