"""Queue: the moves between commands and the interpolator; which line of the program moves the robot.

The rule of corners. A move with a blend is queued and answered without being run, because its
corner needs the move that follows; that one makes the corner, and anything else closes it to a fine
point. Two moves wait at most: a third lets simulated time pass until the first is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.motion.moves import Move

__all__ = ["Accepted", "Queue"]

DEPTH = 2


@dataclass(frozen=True, slots=True)
class Accepted:
    """One move that waits or runs, as it is recorded."""

    kind: str  # move_joints, move_to, move_linear, move_circular
    line: int  # of the program
    blend: float  # m
    waited: bool
    speed: float  # rad/s or m/s, as it will be
    acceleration: float  # rad/s2 or m/s2, as it will be


class Queue:
    """Feeds the interpolator and tells the record what begins and ends."""

    def __init__(
        self,
        interpolator: Interpolator,
        record: Callable[[str, dict[str, Any]], None],
        new_move: Callable[[], None],
    ) -> None:
        """`record` takes the kind and the values of an event; `new_move` tells the cell that a move begins."""
        self._interpolator = interpolator
        self._record = record
        self._new_move = new_move
        self._moves: deque[Accepted] = deque()
        self._stopping = False  # the robot brakes, and what it was about does not end as asked
        self._begun = False  # the first of the queue moves already
        self._open = False  # the last of the queue waits for its corner
        self.pending = 0  # as of the last look

    @property
    def line(self) -> int:
        """Line of the move that runs; 0 where none does."""
        return self._moves[0].line if self._begun and self._moves else 0

    @property
    def full(self) -> bool:
        """No further move fits before one is done."""
        return self._interpolator.pending > DEPTH

    @property
    def owed(self) -> bool:
        """Some move that the program waits for is not finished."""
        return any(move.waited for move in self._moves)

    def add(self, move: Move, accepted: Accepted) -> None:
        """Check and queue a move; raises MotionError and changes nothing where it cannot be made."""
        self._interpolator.add(move)
        self._moves.append(accepted)
        self._open = accepted.blend > 0.0
        if not self._open:
            self._interpolator.close_corner()
        self.look()

    def close_corner(self) -> None:
        """No move follows: the end of the last one is a fine point."""
        if self._open:
            self._open = False
            self._interpolator.close_corner()
            self.look()

    def look(self) -> None:
        """Notice what began and what ended; called whenever the interpolator may have gone on."""
        pending = self._interpolator.pending
        while len(self._moves) > pending:
            self._end(self._stopping)
        if self._moves and not self._begun and self._interpolator.moving:
            self._begin()
        self.pending = pending

    def stop(self) -> None:
        """Brake on the path; the moves that had not begun are forgotten."""
        self._stopping = bool(self._moves)
        self._open = False
        self._interpolator.stop()
        self._forget_all_but(1 if self._begun else 0)
        self.look()

    def forget(self) -> None:
        """The arm was stopped from outside: nothing of the queue goes on."""
        self._stopping, self._open = True, False
        self._forget_all_but(1 if self._begun else 0)
        if self._moves:
            self._end(stopped=True)

    def _forget_all_but(self, kept: int) -> None:
        while len(self._moves) > kept:
            self._moves.pop()

    def _begin(self) -> None:
        first = self._moves[0]
        self._begun = True
        self._new_move()
        self._record(
            "move",
            {
                "kind": first.kind,
                "line": first.line,
                "blend": first.blend,
                "speed": first.speed,
                "acceleration": first.acceleration,
            },
        )

    def _end(self, stopped: bool) -> None:
        if not self._begun:
            self._begin()  # shorter than a tick
        done = self._moves.popleft()
        self._record("move_done", {"kind": done.kind, "line": done.line, **({"stopped": True} if stopped else {})})
        self._begun = False
        self._stopping = stopped and bool(self._moves)
