"""Mode laws: which mode a downlink has at which time, what a pass delivers by it, and the law that delivers most.

A law is a list of changes. A change costs a gap: the receiver locks anew, and no frames are sent meanwhile. The best
law is found exactly, by dynamic programming over the steps of time: at each step the best volume so far that ends in a
mode is that of the step before in the same mode, or the best of any mode one gap earlier. A mode counts at a step only
where it loses no more frames than is allowed; sending nothing is always allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.link.errors import Floats, LinkError, checked, finite
from sheber.ground.link.fading import even_step
from sheber.ground.link.modes import ALLOWED, FRAME_BITS, Mode
from sheber.i18n import message

__all__ = ["ModeLaw", "Volume", "best_law", "eb_n0_db", "volume"]

GAP_S: Final = 1.0  # s: a receiver that locks anew, where nobody says another

NOT_RISING: Final = message(
    "ground.link.law_not_rising", "The times of a mode law must rise. Change {number:d} does not."
)
NOT_A_MODE: Final = message(
    "ground.link.law_mode", "The mode law has the mode {name!r}. It can have: {names}, and '' to send nothing."
)
SHAPES: Final = message(
    "ground.link.law_shapes",
    "The link has {times:d} times and {levels:d} values of C/N0. They must be as many, 2 or more.",
)


@dataclass(frozen=True, slots=True)
class ModeLaw:
    """Modes over time. Raises LinkError for times that do not rise."""

    changes: tuple[tuple[float, str], ...]  # from this time [s] on, this mode; "" sends nothing, as before the first

    def __post_init__(self) -> None:
        finite("time of a change", [time for time, _mode in self.changes])
        for number, (one, other) in enumerate(zip(self.changes, self.changes[1:], strict=False), start=2):
            if other[0] <= one[0]:
                raise LinkError(NOT_RISING(number=number))

    def at(self, time: float) -> str:
        """The mode at a time; "" for none."""
        names = [name for start, name in self.changes if start <= time]
        return names[-1] if names else ""

    def places(self, times: Floats, modes: Sequence[Mode], gap_s: float = GAP_S) -> NDArray[np.int64]:
        """Places in `modes` at these times; -1 where nothing is sent, in the gaps too; (n,).

        Raises LinkError for a mode that is not among them.
        """
        known = {mode.name: place for place, mode in enumerate(modes)} | {"": -1}
        for _time, name in self.changes:
            if name not in known:
                raise LinkError(NOT_A_MODE(name=str(name)[:40], names=", ".join(mode.name for mode in modes)))
        found = np.full(times.shape, -1)
        before = -1
        for start, name in self.changes:
            place = known[name]
            found[times >= start - 1e-9] = place
            if place not in (-1, before):
                found[(times >= start - 1e-9) & (times < start + gap_s - 1e-9)] = -1
            before = place
        return found


@dataclass(frozen=True, slots=True)
class Volume:
    """What a downlink delivered."""

    sent_bits: float
    delivered_bits: float

    @property
    def sent_frames(self) -> float:
        """Frames that were sent (a mean: not a whole number)."""
        return self.sent_bits / FRAME_BITS

    @property
    def lost_part(self) -> float:
        """The part of the sent frames that was lost; 0 where nothing was sent."""
        return 1.0 - self.delivered_bits / self.sent_bits if self.sent_bits else 0.0


def eb_n0_db(cn0_dbhz: ArrayLike, bit_rate: float, implementation_db: float = 0.0) -> Floats:
    """Eb/N0 in dB: C/N0 less the bit rate, and less what the demodulator loses to an ideal one; (n,)."""
    checked({"bit_rate": (bit_rate, 1e-3, 1e12), "implementation_db": (implementation_db, 0.0, 20.0)})
    return np.asarray(finite("cn0_dbhz", cn0_dbhz) - 10.0 * np.log10(bit_rate) - implementation_db)


def volume(
    times: ArrayLike,
    cn0_dbhz: ArrayLike,
    law: ModeLaw,
    modes: Sequence[Mode],
    symbol_rate: float,
    implementation_db: float = 0.0,
    gap_s: float = GAP_S,
) -> Volume:
    """What a pass delivers by a law: bits that were sent, and those in frames that arrived. Even times [s], (n,)."""
    instants, levels = _even(times, cn0_dbhz)
    step = float(instants[1] - instants[0])
    places = law.places(instants, modes, gap_s)
    sent = delivered = 0.0
    for place, mode in enumerate(modes):
        here = levels[places == place]
        rate = mode.bit_rate(symbol_rate)
        arrived = 1.0 - mode.frame_error_rate(eb_n0_db(here, rate, implementation_db))
        sent += rate * step * here.size
        delivered += rate * step * float(arrived.sum())
    return Volume(sent, delivered)


def best_law(
    times: ArrayLike,
    cn0_dbhz: ArrayLike,
    modes: Sequence[Mode],
    symbol_rate: float,
    implementation_db: float = 0.0,
    gap_s: float = GAP_S,
    frame_error_rate: float = ALLOWED,
) -> ModeLaw:
    """The law that delivers most, where no moment may lose more than this part of its frames. Even times [s], (n,)."""
    instants, levels = _even(times, cn0_dbhz)
    step = float(instants[1] - instants[0])
    checked({"number of modes": (len(modes), 1, 1000)})
    checked({"gap_s": (gap_s, 0.0, 1e4), "frame_error_rate": (frame_error_rate, 1e-9, 0.99)})
    gains = [_gains(mode, levels, symbol_rate, implementation_db, frame_error_rate) * step for mode in modes]
    nothing = np.zeros((1, instants.size))
    states = _best_states(np.concatenate([nothing, *(gain[None] for gain in gains)]), int(np.ceil(gap_s / step - 1e-9)))
    names = ["", *(mode.name for mode in modes)]
    changed = [0, *(np.flatnonzero(np.diff(states)) + 1)]
    changes = [(float(instants[place]), names[states[place]]) for place in changed]
    return ModeLaw(tuple(changes[1:] if changes[0][1] == "" else changes))


def _gains(mode: Mode, levels: Floats, symbol_rate: float, implementation_db: float, allowed: float) -> Floats:
    """Delivered bits in a second at each step; -inf where the mode may not be used; (n,)."""
    rate = mode.bit_rate(symbol_rate)
    lost = mode.frame_error_rate(eb_n0_db(levels, rate, implementation_db))
    return np.where(lost <= allowed, rate * (1.0 - lost), -np.inf)


def _best_states(gains: Floats, gap: int) -> NDArray[np.int64]:
    """The best state at each step; gains (s, n), state 0 is silence. A change to another takes `gap` silent steps."""
    states, n = gains.shape
    best = np.full((n + 1, states), -np.inf)  # volume before step k, in a state
    best[0, 0] = 0.0
    came = np.zeros((n, states), np.int64)  # the state before, or -1 - the state one gap before
    for k in range(n):
        others = _best_others(best[k - gap]) if k >= gap else np.zeros(states, np.int64)
        changed = best[k - gap, others] if k >= gap else np.full(states, -np.inf)
        silent = int(np.argmax(best[k]))
        changed[0] = -np.inf
        changes = changed > best[k]
        came[k] = np.where(changes, -1 - others, np.arange(states))
        came[k, 0] = silent  # falling silent takes no time
        best[k + 1] = np.where(changes, changed, best[k]) + gains[:, k]
        best[k + 1, 0] = best[k, silent]
    return _traced(came, int(np.argmax(best[n])), gap)


def _best_others(volumes: Floats) -> NDArray[np.int64]:
    """For each state the best of the others; volumes (s,)."""
    first, second = np.argsort(-volumes, kind="stable")[:2]
    return np.asarray(np.where(np.arange(volumes.size) == first, second, first), np.int64)


def _traced(came: NDArray[np.int64], state: int, gap: int) -> NDArray[np.int64]:
    """Back from the last step; a gap belongs to the state that follows it."""
    n = len(came)
    found = np.zeros(n, np.int64)
    k = n - 1
    while k >= 0:
        found[k] = state
        before = int(came[k, state])
        if before < 0:
            found[k - gap : k] = state
            k -= gap
            state = -1 - before
        else:
            state = before
        k -= 1
    return found


def _even(times: ArrayLike, cn0_dbhz: ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays (n,). Raises LinkError where they are not as many, or the times do not rise evenly."""
    instants, levels = finite("times", times), finite("cn0_dbhz", cn0_dbhz)
    if instants.ndim != 1 or instants.shape != levels.shape or instants.size < 2:
        raise LinkError(SHAPES(times=instants.size, levels=levels.size))
    even_step(instants)
    return instants, levels
