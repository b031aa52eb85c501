"""Soft bits, and the rotor that makes IQ of a phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["RATE_TOO_LOW", "SignalError", "Soft", "checked_bits", "rotor"]

RATE_TOO_LOW = message(
    "ground.rate_too_low",
    "A signal of {baud:.0f} symbols a second needs at least {least:.0f} samples a second; there are {rate:.0f}.",
)
NO_BITS = message("ground.no_bits", "Bits are numbers 0 and 1 in one row; {shown} is something else.")


class SignalError(GroundError):
    """A signal that cannot be made or received as it was asked for."""


@dataclass(frozen=True, slots=True)
class Soft:
    """What a demodulator heard: one soft bit for each bit."""

    bits: NDArray[np.float32]  # (n,) positive means 1; about 1 where it is sure
    times: NDArray[np.float64]  # (n,) [s] of the middle of each, from the first sample of the recording

    def hard(self) -> NDArray[np.uint8]:
        """The bits without their sureness."""
        return (self.bits > 0).astype(np.uint8)


def rotor(turns: NDArray[np.floating[Any]]) -> NDArray[np.complex64]:
    """A carrier of amplitude 1 at these phases [turns]."""
    fraction = (turns - np.rint(turns)).astype(np.float32) * np.float32(2 * np.pi)
    made = np.empty(fraction.shape, np.complex64)
    made.real = np.cos(fraction)
    made.imag = np.sin(fraction)
    return made


def checked_bits(bits: object) -> NDArray[np.uint8]:
    """Bits as uint8; raises SignalError for anything else than zeros and ones in one row."""
    found = np.asarray(bits)
    if found.ndim != 1 or not np.isin(found, (0, 1)).all():
        raise SignalError(NO_BITS(shown=str(bits)[:60]))
    return found.astype(np.uint8)
