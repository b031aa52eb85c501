"""Quiet: what a compiled library prints on the standard output by itself, taken out of it.

HiGHS, as scipy brings it, prints a line of its own debugging now and then, whatever its options say. A command that
prints JSON must not have it in between. So the output is caught while it works; the lines of HiGHS are dropped and all
else is written afterwards.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

__all__ = ["without_lines"]

_OUTPUT: Final = 1  # the standard output, as the system counts
_one_at_a_time = threading.RLock()


@contextmanager
def without_lines(beginning: bytes) -> Iterator[None]:
    """Within the `with` block, lines with this beginning do not come to the standard output; others come after it."""
    with _one_at_a_time, tempfile.TemporaryFile() as caught:
        _flush()
        try:
            before = os.dup(_OUTPUT)
        except OSError:  # there is no standard output, so nothing can be printed on it
            yield
            return
        os.dup2(caught.fileno(), _OUTPUT)
        try:
            yield
        finally:
            _flush()
            os.dup2(before, _OUTPUT)
            os.close(before)
            _give_back(caught, beginning)


def _flush() -> None:
    """Write what Python and C hold back, each to where the output goes now."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, AttributeError, TypeError):  # a system without a C library that can be asked
        ctypes.CDLL(None).fflush(None)


def _give_back(caught: BinaryIO, beginning: bytes) -> None:
    caught.seek(0)
    rest = b"".join(line for line in caught if not line.startswith(beginning))
    while rest:
        rest = rest[os.write(_OUTPUT, rest) :]
