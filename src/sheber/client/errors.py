"""The errors that a program can get.

    SheberError
    ├── RobotError           the robot cannot do what you asked for
    │   ├── Unreachable      no joint angles bring the tool there
    │   ├── JointLimit       a joint would leave its range
    │   ├── Singularity      a straight path goes through a place where joints would have to jump
    │   ├── SpeedLimit       faster, or with more acceleration, than the arm can move
    │   ├── SelfCollision    the arm would touch itself on the way
    │   ├── NoContact        a guarded or compliant motion ended and met nothing
    │   ├── Collision        an emergency stop: the run is over
    │   └── ToolError        the tool did not do what you asked for: it holds nothing, or the cup does not seal
    ├── StationError         the ground station cannot do what you asked for
    │   ├── MountLimit       the mount cannot turn there, or not so fast
    │   └── ElementsTooOld   the elements of a satellite are too old for what you asked
    ├── Timeout              the program waited for something, and it did not come in time
    └── NotGiven             the exercise does not have it, or does not give it to you

Each message says what you asked for, what was wrong and what exists. For a wrong kind of argument you get Python's own
ValueError or TypeError, before anything is sent to the cell.

Every error of this package has its sentence in `text`: the id of the sentence and its values, or None. So the report
can show the error in any language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sheber.i18n import Text

__all__ = [
    "KINDS",
    "Collision",
    "ElementsTooOld",
    "JointLimit",
    "MountLimit",
    "NoContact",
    "NotGiven",
    "RobotError",
    "RunOver",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "StationError",
    "Timeout",
    "ToolError",
    "Unreachable",
    "wrong",
]

E = TypeVar("E", bound=Exception)


class SheberError(Exception):
    """The base class of all errors that the station reports to a program.

    `line` is the line of the program with the call or the move that caused the error, or 0 if it is not known.

    >>> from sheber import SheberError
    >>> try:
    ...     raise SheberError("the cell says no", line=12)
    ... except SheberError as error:
    ...     print(error, error.line)
    the cell says no 12
    """

    def __init__(self, message: str | Text = "", line: int = 0, text: Mapping[str, Any] | None = None) -> None:
        """Take the sentence; `text`: its id and values as the station sent them beside words."""
        super().__init__(str(message))
        self.line = line
        self.text = message.form() if isinstance(message, Text) else text


class RobotError(SheberError):
    """The robot cannot do what you asked for."""


class Unreachable(RobotError):
    """No joint angles bring the tool to this pose, or to a point of this path."""


class JointLimit(RobotError):
    """A joint would leave its range."""


class Singularity(RobotError):
    """The path goes through a place where joints would have to jump. Go around it, or use a joint move."""


class SpeedLimit(RobotError):
    """The speed or the acceleration is more than the arm can do."""


class SelfCollision(RobotError):
    """The arm or its tool would touch the arm itself on the path. Nothing has moved."""


class NoContact(RobotError):
    """A guarded move came to its end, or a compliant motion to the end of its travel, and met nothing."""


class Collision(RobotError):
    """The emergency stop was triggered (a collision, a joint that is too fast, a blocked arm). The run is over."""


class ToolError(RobotError):
    """The tool did not do what you asked for."""


class Timeout(SheberError):
    """The program waited for something, and it did not come within the simulated time."""


class NotGiven(SheberError):
    """This exercise does not have what you asked for, or does not give it to you. The message says which."""


class RunOver(SystemExit):
    """The run is over (no simulated time left, or an emergency stop before). The station answers no more requests.

    It ends the program like `sys.exit`. It is not an `Exception`, so ``except Exception`` in a loop does not catch it
    again and again.
    """


class StationError(SheberError):
    """The station cannot do this. The message says what it can do.

    >>> from sheber import StationError
    """


class MountLimit(StationError):
    """The mount cannot turn there: azimuth, elevation, speed or acceleration is beyond its limits.

    >>> from sheber import MountLimit
    """


class ElementsTooOld(StationError):
    """The elements of a satellite are too old for what was asked.

    >>> from sheber import ElementsTooOld
    """


KINDS: dict[str, type[SheberError]] = {
    kind.__name__: kind
    for kind in (
        RobotError,
        Unreachable,
        JointLimit,
        Singularity,
        SpeedLimit,
        SelfCollision,
        NoContact,
        Collision,
        ToolError,
        Timeout,
        NotGiven,
        StationError,
        MountLimit,
        ElementsTooOld,
    )
}
"""Kinds of errors as they travel on the wire."""


def wrong(kind: type[E], text: Text, **about: Any) -> E:
    """An error of one of Python's own kinds that carries its sentence as `text`; `about`: more for its constructor."""
    error = kind(str(text), **about)
    error.text = text.form()  # type: ignore[attr-defined]
    return error
