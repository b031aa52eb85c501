"""Force: what ends a guarded move, what it tells, and compliant motion."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client import checks
from sheber.client.errors import Collision, wrong
from sheber.client.fixed import Fixed
from sheber.client.session import Session
from sheber.client.wire import LONGEST_NAME
from sheber.geometry import Pose
from sheber.i18n import message

__all__ = ["Compliance", "Contact", "Signal", "Touch", "guards", "wanted"]

NO_THRESHOLD = message(
    "client.no_threshold",
    "Contact needs the force in N at which the robot stops: Contact(5.0). Below the noise of the "
    "sensor it stops at once.",
)
NO_GUARD = message(
    "client.no_guard",
    "until must be Contact(force), Signal(name), or several of them in a list: until=Contact(5.0). You gave {value}.",
)
DIRECTION = message("client.direction", "along must be a direction: three numbers, not all 0. You gave {value}.")
NO_FORCES = message(
    "client.no_forces",
    "force must be a dict of axes and forces in N (torques in Nm), for example {{'z': 10.0, 'x': 0.0}}. The axes are: "
    "{known}. You gave {value}.",
)
AXES = ("x", "y", "z", "rx", "ry", "rz")


class Contact:
    """A guard for `move_linear`: stop when the force on the tool is above `force` [N].

    `along`: a direction (3,), in the axes of base: only the force on the tool in this direction counts. With
    `tool=True` it is in the axes of the TCP. Without it, a force in any direction counts. The force is the one of
    `robot.wrench`: zero it first (`robot.zero_wrench`).

    >>> from sheber import Contact
    >>> Contact(5.0, along=(0, 0, 1))
    Contact(5 N, along (0, 0, 1) of base)
    """

    __slots__ = ("along", "force", "tool")

    def __init__(self, force: float | None = None, along: ArrayLike | None = None, tool: bool = False) -> None:
        if force is None:
            raise wrong(ValueError, NO_THRESHOLD())
        self.force = checks.number(force, "force", "N", above=0.0)
        self.along = None if along is None else _direction(along)
        self.tool = checks.truth(tool, "tool")

    def __repr__(self) -> str:
        if self.along is None:
            return f"Contact({self.force:g} N)"
        numbers = ", ".join(f"{one:g}" for one in self.along)
        return f"Contact({self.force:g} N, along ({numbers}) of {'the tool' if self.tool else 'base'})"

    def _asked(self) -> dict[str, Any]:
        return {"on": "force", "force": self.force, "along": self.along, "tool": self.tool}


class Signal:
    """A guard for `move_linear`: stop when the digital input `name` is `value`.

    >>> from sheber import Signal
    >>> Signal("part_present")
    Signal('part_present' is True)
    """

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: bool = True) -> None:
        self.name = checks.text(name, "name", LONGEST_NAME)
        self.value = checks.truth(value, "value")

    def __repr__(self) -> str:
        return f"Signal({self.name!r} is {self.value})"

    def _asked(self) -> dict[str, Any]:
        return {"on": "input", "name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True, eq=False)
class Touch:
    """Where and why a guarded move stopped.

    >>> from sheber import Contact
    >>> robot.move_to(robot.pose.offset(z=-0.2))
    >>> touch = robot.move_linear(robot.pose.offset(z=-0.2), speed=0.01, until=Contact(5.0))
    >>> touch.reason
    'force'
    """

    pose: Pose  # T_base_tcp, from the encoders, at the moment when the guard was met
    reason: str  # "force", or the name of the input
    wrench: NDArray[np.float64]  # (6,) N, Nm at the TCP in TCP axes at that moment
    time: float  # simulated s of that moment


class Compliance(Fixed):
    """A robot that gives way along chosen axes. `robot.compliance` gives it; its `with` block ends it.

    >>> with robot.compliance({"z": 5.0}, speed=0.02):
    ...     cell.wait(0.5)
    """

    __slots__ = ("_ended", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ended = False

    def __repr__(self) -> str:
        return "Compliance(ended)" if self._ended else "Compliance(end)"

    def end(self) -> None:
        """End the compliant motion: the robot brakes and holds its position again. May be called again.

        >>> soft = robot.compliance({"z": 5.0})
        >>> soft.end()
        """
        if not self._ended:
            self._ended = True
            self._session.call("comply_end")

    def __enter__(self) -> Compliance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or (issubclass(kind, Exception) and not issubclass(kind, Collision)):
            self.end()


def guards(until: Any) -> list[dict[str, Any]]:
    """The guards of `until` as they are sent; raises TypeError or ValueError that shows how to write one."""
    several = list(until) if isinstance(until, list | tuple) else [until]
    if not several or not all(isinstance(one, Contact | Signal) for one in several):
        raise wrong(TypeError, NO_GUARD(value=f"{until!r} ({type(until).__name__})"))
    return [one._asked() for one in several]


def wanted(force: Any) -> dict[str, float]:
    """Forces by axis as they are sent; raises TypeError or ValueError that shows how to write them."""
    if not isinstance(force, dict) or not force or not all(isinstance(axis, str) for axis in force):
        raise wrong(TypeError, NO_FORCES(value=f"{force!r} ({type(force).__name__})", known=list(AXES)))
    if not set(force) <= set(AXES):
        raise wrong(ValueError, NO_FORCES(value=repr(force), known=list(AXES)))
    return {
        axis: checks.number(value, f"force[{axis!r}]", "N" if axis in AXES[:3] else "Nm")
        for axis, value in force.items()
    }


def _direction(along: ArrayLike) -> list[float]:
    try:
        numbers = np.asarray(along, dtype=np.float64)
    except (TypeError, ValueError):
        raise wrong(TypeError, DIRECTION(value=repr(along))) from None
    if numbers.shape != (3,) or not np.isfinite(numbers).all() or not numbers.any() or np.abs(numbers).max() > 1e6:
        raise wrong(ValueError, DIRECTION(value=repr(along)))
    return [float(one) for one in numbers]
