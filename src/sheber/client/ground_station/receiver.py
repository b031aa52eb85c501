"""The receiver of the station: IQ around a frequency, block after block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.client import checks
from sheber.client.session import Session

__all__ = ["Block", "Receiver"]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A piece of signal.

    >>> block = station.receiver.read(10.0)
    >>> print(np.abs(block.samples).mean())
    """

    samples: NDArray[np.complex64]  # I + jQ; full scale is 1
    start: float  # s after the start of the run: when the first sample was taken
    rate: float  # samples a second
    frequency: float  # Hz: what 0 Hz of the samples was
    clipped: int  # numbers that exceeded full scale

    @property
    def time(self) -> NDArray[np.float64]:
        """When each sample was taken, s after the start of the run.

        >>> print(block.time[-1] - block.start)
        """
        return self.start + np.arange(len(self.samples)) / self.rate


class Receiver:
    """Tuned to a frequency, it gives what the antenna hears around it."""

    __slots__ = ("_session", "frequency", "highest", "highest_gain", "lowest", "lowest_gain", "rate")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.rate = float(given["rate"])  # samples a second
        self.lowest = float(given["lowest"])  # Hz, to which it can be tuned
        self.highest = float(given["highest"])  # Hz, likewise
        self.lowest_gain = float(given["lowest_gain"])  # dB
        self.highest_gain = float(given["highest_gain"])  # dB
        self.frequency = float(given["frequency"])  # Hz that it is tuned to

    def __repr__(self) -> str:
        return f"Receiver({self.frequency:.0f} Hz, {self.rate:.0f} samples a second)"

    def tune(self, frequency: float) -> None:
        """Put 0 Hz of the samples on `frequency` [Hz]. Costs no simulated time. Raises StationError outside its range.

        >>> station.receiver.tune(436.5e6)
        """
        value = checks.number(frequency, "frequency", "Hz", least=0.0, most=1e12)
        self._session.call("tune", frequency=value)
        self.frequency = value

    def gain(self, gain: float) -> None:
        """Amplify by `gain` [dB]; 0 at the start. Costs no simulated time. Raises StationError outside its range.

        What exceeds full scale is cut off, and what is smaller than a step of 16 bits is lost.

        >>> station.receiver.gain(6.0)
        """
        self._session.call("gain", gain=checks.number(gain, "gain", "dB"))

    def read(self, seconds: float) -> Block:
        """Let `seconds` pass, up to 20, and give what was heard meanwhile.

        Blocks that are read one after the other follow each other without a gap. What passes unread is lost.

        >>> block = station.receiver.read(10.0)
        """
        value = checks.number(seconds, "seconds", "s", above=0.0)
        reply, binary = self._session.call_for_bytes("listen", seconds=value)
        sides = np.frombuffer(binary, dtype="<i2").astype(np.float32) / np.float32(32767.0)
        samples = sides.view(np.complex64)
        return Block(samples, float(reply["start"]), self.rate, float(reply["frequency"]), int(reply["clipped"]))
