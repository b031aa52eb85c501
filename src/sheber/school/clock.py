"""Clock: the time of the school, in UTC. One place, so that tests can stop it and a jump can be seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["now"]


def _system() -> datetime:
    return datetime.now(UTC)


_clock: Callable[[], datetime] = _system


def now() -> datetime:
    """This moment, to the millisecond."""
    moment = _clock()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
