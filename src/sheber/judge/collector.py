"""Collector: Python's cycle collector, set for the length of a run by whoever owns the whole process.

It is a setting of the process, not of a run: right in a worker and in the command line, wrong in one thread of a
server. So `run` leaves it alone, and the owner of the process asks for it:

    with collector_at_rest():
        trace = run(exercise, program, seed)
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["collector_at_rest"]

COLLECT_AFTER = 50_000  # new objects, while a run lasts


@contextlib.contextmanager
def collector_at_rest() -> Iterator[None]:
    """Leave alone what was there before, and collect seldom: collecting took 2 % of a run."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
