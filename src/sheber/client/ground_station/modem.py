"""The modem of the station: the mode of a satellite's downlink, and what arrives of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sheber.client import checks
from sheber.client.errors import NotGiven, wrong
from sheber.client.fixed import Fixed
from sheber.client.named import Named, missing
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["Mode", "Modem", "Reading"]

MODE = message("client.what_mode", "mode")
CHANGES = message("client.mode_changes", "A plan is a list of pairs: a time in s and a mode. You gave {value}.")
TOO_MANY = message("client.mode_changes_many", "A plan holds {most:d} changes at most. You gave {count:d}.")
MOST_CHANGES = 500  # of one plan


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to send frames.

    >>> mode = station.modem.modes["qpsk-rs"]
    >>> bit_rate = mode.bits_a_symbol * station.modem.symbol_rate
    """

    name: str
    bits_a_symbol: float  # bits of frames in one symbol
    needed_db: float  # Eb/N0 [dB] of these bits at which one frame of 1000 is lost, with an ideal demodulator


@dataclass(frozen=True, slots=True)
class Reading:
    """What the receiver says at one moment.

    >>> reading = station.modem.read()
    >>> print(reading.mode, reading.locked, reading.cn0_dbhz)
    """

    time: float  # s after the start of the run
    mode: str  # "": nothing is sent
    locked: bool  # whether frames arrive: a signal is there, and the gap is over
    cn0_dbhz: float | None  # measured carrier over noise density [dBHz]; None while the satellite is not up
    sent: int  # frames since the start
    lost: int  # of these
    bits: int  # in frames that arrived


class Modem(Fixed):
    """The downlink of a satellite. It is silent until the program chooses a mode."""

    __slots__ = ("_session", "frame_bits", "gap", "implementation_db", "modes", "satellite", "symbol_rate")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.satellite = str(given["satellite"])  # whose downlink it is
        self.modes: Named[Mode] = Named(MODE, {name: Mode(name, **one) for name, one in given["modes"].items()})
        self.symbol_rate = float(given["symbol_rate"])  # symbols in a second, in every mode
        self.gap = float(given["gap"])  # s without frames after each change, and when the satellite rises
        self.implementation_db = float(given["implementation_db"])  # what the demodulator loses to an ideal one
        self.frame_bits = int(given["frame_bits"])  # of one frame, in every mode

    def __repr__(self) -> str:
        return f"Modem({self.satellite!r}, {self.symbol_rate:g} symbols/s, {', '.join(self.modes)})"

    def use(self, mode: str) -> None:
        """Send in this mode from now on; "" sends nothing. It replaces a plan. Costs no simulated time.

        Raises NotGiven for a mode that the satellite does not have.

        >>> station.modem.use("qpsk-rs")
        """
        self._session.call("modem_use", mode=self._checked(mode))

    def plan(self, changes: Iterable[tuple[float, str]]) -> None:
        """Change modes at times [s after the start of the run], in place of the plan before. Costs no simulated time.

        `changes` are pairs of a time and a mode; "" sends nothing. Raises StationError for times that do not rise or
        have passed, NotGiven for a mode that the satellite does not have, ValueError for more than 500 changes.

        >>> now = station.clock.time
        >>> station.modem.plan([(now + 60.0, "bpsk-1/2-rs"), (now + 200.0, "qpsk-rs"), (now + 400.0, "")])
        """
        times, modes = [], []
        for change in _pairs(changes):
            times.append(checks.number(change[0], "time", "s"))
            modes.append(self._checked(change[1]))
        if len(times) > MOST_CHANGES:
            raise wrong(ValueError, TOO_MANY(most=MOST_CHANGES, count=len(times)))
        self._session.call("modem_plan", times=times, modes=modes)

    def read(self) -> Reading:
        """What the receiver says. One step of simulated time passes.

        >>> level = station.modem.read().cn0_dbhz
        """
        said = self._session.call("modem_read")["reading"]
        return Reading(time=self._session.time, **said)

    def _checked(self, mode: str) -> str:
        name = checks.text(mode, "mode", 40)
        if name and name not in self.modes:
            raise NotGiven(missing(MODE, name, self.modes))
        return name


def _pairs(changes: Any) -> list[tuple[Any, Any]]:
    try:
        pairs = [tuple(change) for change in changes]
    except TypeError:
        pairs = [()]
    if any(len(pair) != 2 for pair in pairs):
        raise wrong(ValueError, CHANGES(value=str(changes)[:80]))
    return [(pair[0], pair[1]) for pair in pairs]
