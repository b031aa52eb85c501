"""Time codes of packets: CUC and CDS (CCSDS 301.0-B-4), to and from instants.

CUC counts seconds and binary fractions of them since an epoch; the epoch of the book is 1958-01-01 in TAI, which has no
leap seconds. CDS counts days since 1958-01-01 and milliseconds of the day in UTC. A satellite may count from an epoch
of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from sheber.ground.errors import GroundError
from sheber.ground.instants import DAY, tai, tai_minus_utc
from sheber.i18n import message

__all__ = ["Cds", "Cuc", "TimeCodeError"]

_DAYS_1958_TO_1970 = 4383
_SECONDS_1958_TO_1970 = _DAYS_1958_TO_1970 * 86400
_BAD_TIME = message("ground.time_code", "this is no time in this code: {reason}")


class TimeCodeError(GroundError):
    """Bytes are no time, or a time does not fit."""


@dataclass(frozen=True, slots=True)
class Cuc:
    """Unsegmented: whole seconds and fractions."""

    coarse: int = 4  # bytes of seconds, 1 to 4
    fine: int = 2  # bytes of fractions, 0 to 3
    epoch: float | None = None  # an instant from which the satellite counts; None: 1958-01-01 TAI

    @property
    def size(self) -> int:
        """Bytes of a time."""
        return self.coarse + self.fine

    @property
    def preamble(self) -> int:
        """The byte before a time that says which code it is, where it is sent."""
        return (0b001 if self.epoch is None else 0b010) << 4 | self.coarse - 1 << 2 | self.fine

    def encoded(self, t: float) -> bytes:
        """The bytes of an instant. Raises TimeCodeError."""
        units = round((float(tai(t)) - self._zero()) * (1 << 8 * self.fine))
        if not 0 <= units < 1 << 8 * self.size:
            raise TimeCodeError(_BAD_TIME(reason=f"{units} units do not fit into {self.size} bytes"))
        return units.to_bytes(self.size, "big")

    def decoded(self, data: bytes) -> float:
        """The instant of bytes. Raises TimeCodeError."""
        if len(data) != self.size:
            raise TimeCodeError(_BAD_TIME(reason=f"it has {len(data)} bytes, not {self.size}"))
        return _from_tai(int.from_bytes(data, "big") / (1 << 8 * self.fine) + self._zero())

    def _zero(self) -> float:
        """Seconds of TAI since 1970 at the epoch."""
        return -_SECONDS_1958_TO_1970 if self.epoch is None else float(tai(self.epoch))


@dataclass(frozen=True, slots=True)
class Cds:
    """Segmented by day: days, milliseconds, and maybe microseconds of a millisecond."""

    day: int = 2  # bytes of the day, 2 or 3
    fine: int = 0  # bytes after the milliseconds: 0, or 2 for microseconds
    epoch: float | None = None  # an instant at a day's beginning; None: 1958-01-01

    @property
    def size(self) -> int:
        """Bytes of a time."""
        return self.day + 4 + self.fine

    @property
    def preamble(self) -> int:
        """The byte before a time that says which code it is, where it is sent."""
        return 0b100 << 4 | (self.epoch is not None) << 3 | (self.day == 3) << 2 | (self.fine == 2)

    def encoded(self, t: float) -> bytes:
        """The bytes of an instant. Raises TimeCodeError."""
        units = 1_000_000 if self.fine else 1000
        days, rest = divmod(round((t - self._zero()) * units), round(DAY) * units)
        if not 0 <= days < 1 << 8 * self.day:
            raise TimeCodeError(_BAD_TIME(reason=f"day {days} does not fit into {self.day} bytes"))
        head = days.to_bytes(self.day, "big")
        if not self.fine:
            return head + rest.to_bytes(4, "big")
        return head + (rest // 1000).to_bytes(4, "big") + (rest % 1000).to_bytes(2, "big")

    def decoded(self, data: bytes) -> float:
        """The instant of bytes; in a leap second that of the second after it. Raises TimeCodeError."""
        if len(data) != self.size:
            raise TimeCodeError(_BAD_TIME(reason=f"it has {len(data)} bytes, not {self.size}"))
        days, after = int.from_bytes(data[: self.day], "big"), data[self.day :]
        ms, us = int.from_bytes(after[:4], "big"), int.from_bytes(after[4:], "big")
        if ms >= 86_401_000 or us >= 1000:
            raise TimeCodeError(_BAD_TIME(reason=f"a day has no {ms} ms, or a millisecond no {us} µs"))
        return self._zero() + days * DAY + ms / 1e3 + us / 1e6

    def _zero(self) -> float:
        """The epoch as an instant."""
        return -_SECONDS_1958_TO_1970 if self.epoch is None else self.epoch


def _from_tai(seconds: float) -> float:
    """The instant of seconds of TAI since 1970."""
    t = seconds - float(tai_minus_utc(seconds))
    return seconds - float(tai_minus_utc(t))
