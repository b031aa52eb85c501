"""What can go wrong for a program, sorted by what the student must look at.

    SheberError
    ├── RobotError           the robot cannot or may not do what was asked
    │   ├── Unreachable      no joint angles bring the tool there
    │   ├── JointLimit       a joint would leave its range
    │   ├── Singularity      a straight path runs through a place where joints would have to race
    │   ├── SpeedLimit       faster, or with more acceleration, than the arm can move
    │   ├── SelfCollision    the arm would touch itself on the way
    │   ├── Collision        an emergency stop: the run is over
    │   └── ToolError        the tool did not do what was asked: it holds nothing, or the cup does not seal
    ├── Timeout              what was waited for did not come in time
    └── NotGiven             the exercise does not have it, or withholds it

Each message says what was asked, what was wrong and what exists. Wrong kinds of arguments are Python's own
ValueError and TypeError, raised on the program's side before anything is sent.

Every error that this package raises carries its sentence as `text`: the id of the sentence and its values, or None.
A run that ends with such an error can then be read in any language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sheber.i18n import Text

__all__ = [
    "KINDS",
    "Collision",
    "JointLimit",
    "NotGiven",
    "RobotError",
    "RunOver",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "Timeout",
    "ToolError",
    "Unreachable",
    "wrong",
]

E = TypeVar("E", bound=Exception)


class SheberError(Exception):
    """The root of everything that the station reports to a program.

    `line` is the line of the program whose call or move caused it, 0 where none is known.

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
    """The robot cannot, or may not, do what was asked."""


class Unreachable(RobotError):
    """No joint angles bring the tool to that pose, or to some point of that path."""


class JointLimit(RobotError):
    """A joint would leave its range."""


class Singularity(RobotError):
    """The path leads through a place where joints would have to race; go around it, or use a joint move."""


class SpeedLimit(RobotError):
    """Faster, or with more acceleration, than the arm allows."""


class SelfCollision(RobotError):
    """The arm or its tool would touch the arm itself on the way; nothing has moved."""


class Collision(RobotError):
    """The emergency stop has acted (a collision, a joint at its limit, a blocked arm): the run is over."""


class ToolError(RobotError):
    """The tool did not do what was asked of it."""


class Timeout(SheberError):
    """What was waited for did not come within the simulated time given."""


class NotGiven(SheberError):
    """This exercise does not have what was asked for, or withholds it; the message says which."""


class RunOver(SystemExit):
    """The run has ended on the other side (time used up, emergency stop earlier): nothing can be asked any more.

    It ends the program as `sys.exit` does, and is no `Exception`, so that ``except Exception`` in a loop
    does not catch it again and again.
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
        Collision,
        ToolError,
        Timeout,
        NotGiven,
    )
}
"""Kinds of errors as they travel on the wire."""


def wrong(kind: type[E], text: Text, **about: Any) -> E:
    """An error of one of Python's own kinds that carries its sentence as `text`; `about`: more for its constructor."""
    error = kind(str(text), **about)
    error.text = text.form()  # type: ignore[attr-defined]
    return error
