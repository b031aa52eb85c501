"""Limiter: so many tries at once, and then so many in a time. Kept in memory, by a clock that never jumps.

Each web process keeps its own: with several of them somebody has as many times the tries.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable

from sheber.i18n import ngettext
from sheber.school.errors import TooMany

__all__ = ["Limiter"]

_MOST_KEYS = 20_000  # buckets that are remembered; those that are full again are forgotten first


class Limiter:
    """Token buckets by key. May be used from any thread."""

    def __init__(self, burst: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """burst: tries that may come at once. per_s: how many are given back in a second [1/s]."""
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}  # how much was left, and when [s]
        self._changing = threading.Lock()

    def take(self, key: Hashable) -> None:
        """One try. Raises TooMany where none is left, with the time until the next one."""
        with self._changing:
            now = self._clock()
            left = self._left(key, now)
            if left < 1.0:
                wait_s = (1.0 - left) / self._per_s
                seconds = math.ceil(wait_s)
                text = ngettext(
                    "There were too many tries. Please wait {n} second.",
                    "There were too many tries. Please wait {n} seconds.",
                    seconds,
                )
                raise TooMany(text.format(n=seconds), wait_s)
            self._buckets[key] = (left - 1.0, now)
            if len(self._buckets) > _MOST_KEYS:
                self._forget(now)

    def give_back(self, key: Hashable) -> None:
        """A try that shall not count."""
        with self._changing:
            now = self._clock()
            self._buckets[key] = (self._left(key, now) + 1.0, now)  # `_left` keeps it below the burst

    def _left(self, key: Hashable, now: float) -> float:
        left, since = self._buckets.get(key, (float(self._burst), now))
        return min(float(self._burst), left + (now - since) * self._per_s)

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again; where that is not enough, those with the most left."""
        left = {key: self._left(key, now) for key in self._buckets}
        order = sorted(left, key=left.__getitem__, reverse=True)
        for place, key in enumerate(order):
            if left[key] < self._burst and place >= _MOST_KEYS // 2:
                break
            del self._buckets[key]
