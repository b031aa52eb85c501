"""Controller: carries out a program's commands on a robot cell, and alone owns simulated time.

One tick is 10 ms, five physics steps. What happens in it, in this order and nowhere else (`tick`):

    1. the interpolator gives the joint targets of the five steps            moves
    2. the cell advances: belts, tool, servos at each step, light barriers   cell
    3. time moves on
    4. what began or ended is recorded: moves, contacts, grips, inputs       moves, watch
    5. every second tick one sample is taken, with the bodies that moved     record
    6. what must end the run ends it: an emergency stop, time used up        watch, limits

A command is served between two ticks and lets as many pass as it needs. Time moves only here. Where nobody
asks in between (a move that is waited for, a wait), two ticks are taken at once, from sample to sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sheber.i18n import _
from sheber.robot import commands as c
from sheber.robot.appearance import notices
from sheber.robot.cell.scene import Scene
from sheber.robot.io import Signals, tool_port
from sheber.robot.motion.errors import MotionError
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.moves import Moves
from sheber.robot.record import Record, channels
from sheber.robot.services import SERVICES, CommandError, Reply
from sheber.robot.watch import EmergencyStop, Watch
from sheber.station import Answer, Limits, ProtocolError, RunEnds
from sheber.trace import Outcome, OutcomeKind

__all__ = ["SAMPLE_STEPS", "STEP_S", "TICK_STEPS", "Controller"]

Array = NDArray[np.float64]

STEP_S = 0.002
TICK_STEPS = 5
SAMPLE_STEPS = 10
TICK_S = TICK_STEPS * STEP_S

REST_SPEED = 0.005  # rad/s: slower than this every joint counts as standing
REST_TICKS = 30  # a fine point waits so long at most for the arm to come to rest
BRAKE_TICKS = 30  # recorded after an emergency stop
SETTLE_S = 2.0  # recorded after the program's end
SETTLE_MORE_S = 3.0  # and at most so much longer, until every part rests
ERRORS_RECORDED = 500  # refusals kept on the record; a program that is refused all the time shall not fill the disk


class _TimeUp(Exception):
    """The simulated time is used up."""


class Controller:
    """The robot cell as a station (`sheber.station.Station`)."""

    def __init__(self, cell: Any, scene: Scene, limits: Limits, recorder: Any) -> None:
        """`cell`: alive, at step 0; `recorder`: a TraceWriter, which is told channels and bodies here."""
        self.cell, self.scene, self.limits = cell, scene, limits
        self.step = 0  # physics steps since the start
        arm = self.arm = cell.arm
        self.recorder = recorder
        self.tool_frame = scene.tool.pose
        self.tool = tool_port(scene.tool, cell.tool)
        self.inputs, self.outputs = Signals(cell.inputs), Signals(cell.outputs)
        row = recorder.begin(
            channels(len(arm.joints), scene.tool.kind),
            cell.bodies,
            cell.visuals(),
            dict(scene.facts),
            step_s=STEP_S,
            taught=dict(scene.frames),
            notices=notices(scene.arm),
        )
        self.record = Record(recorder, row, cell, arm, scene.tool.pose)
        self.interpolator = Interpolator(arm, scene.tool.pose, cell.measured_joints, cell.self_collides)
        cell.self_collides(self.interpolator.joints[None])  # makes the checker now, not within the first move
        self.moves = Moves(self.interpolator, self.event, cell.new_move)
        self.watch = Watch(cell, arm, self.inputs, self.tool, self.event)
        self.line = 0  # of the command that is served
        self.used = {"commands": 0, "captures": 0, "pictures": 0, "notes": 0}
        self._limit_step = round(limits.simulated_s / STEP_S)
        self._connected = False
        self._refusals = 0
        self._over: RunEnds | None = None
        self._settled = False
        self._hold: Array | None = None  # joint targets (k, n) after an emergency stop
        self._sample()

    # --- the station ----------------------------------------------------------------------

    def handle(self, request: bytes) -> Answer:
        """Carry out one request; see `sheber.station.Station`."""
        if self._over is not None:
            raise self._over
        command = c.decode(request)
        self._check_order(command)
        self.line = command.line
        try:
            self.count("commands", _("commands"))
            fields, binary = self._serve(command)
        except (CommandError, MotionError) as error:
            return self._refused(error)
        except EmergencyStop as stop:
            raise self._ends(self._emergency(stop)) from stop
        except _TimeUp as up:
            raise self._ends(self._time_up()) from up
        fields["time"] = self.time
        return Answer(msgspec.json.encode(fields), binary)

    def settle(self) -> None:
        """Finish the moves under way, then record 2 s and, where parts still move, up to 3 s more.

        Raises RunEnds where a move that the program left running ends the run. May be called again.
        """
        if self._settled:
            return
        self._settled = True
        try:
            if self._over is None:
                self.line = 0
                self.stand()
        except EmergencyStop as stop:
            raise self._ends(self._emergency(stop)) from stop
        except _TimeUp as up:
            raise self._ends(self._time_up()) from up
        finally:
            self._come_to_rest()

    def close(self) -> None:
        """Hand over what is recorded and let go of the cell; may be called again."""
        if self.cell is not None:
            self.cell = None
            self.record.hand_over()

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return round(self.step * STEP_S, 6)

    # --- time -----------------------------------------------------------------------------

    def tick(self, steps: int = TICK_STEPS) -> None:
        """One tick, or two at once (`SAMPLE_STEPS`); the order is that of the module's first page."""
        moves, watch = self.moves, self.watch
        targets = self.interpolator.next(steps, self.cell) if self._hold is None else self._hold[:steps]
        self.cell.advance(targets)
        self.step += steps
        if moves.pending:
            moves.look()
        watch.events(moves.line or self.line)
        sampled = not self.step % SAMPLE_STEPS
        if sampled:
            self._sample()
        if self._hold is None:
            watch.collision()
            if sampled:
                watch.joints(targets[-1])
                if self.step >= self._limit_step:
                    raise _TimeUp

    def run(self, ticks: int) -> None:
        """Let ticks pass while nothing asks in between: two at once from sample to sample, which costs half."""
        end = self.step + ticks * TICK_STEPS
        while self.step < end:
            self.tick(SAMPLE_STEPS if end - self.step >= SAMPLE_STEPS and not self.step % SAMPLE_STEPS else TICK_STEPS)

    def ticks(self, seconds: float) -> int:
        """Whole ticks that cover `seconds`."""
        return max(1, int(np.ceil(seconds / TICK_S - 1e-9)))

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let ticks pass, at least one, until `condition` or `seconds` are over; whether it came true."""
        for _tick in range(self.ticks(seconds)):
            self.tick()
            if condition():
                return True
        return False

    def stand(self) -> None:
        """Let every move end, the last in a fine point, and the arm come to rest."""
        self.moves.close_corner()
        while self.moves.moving:
            self.run(max(1, self.interpolator.remaining_steps() // TICK_STEPS))
        for _tick in range(REST_TICKS):
            if np.abs(self.cell.joint_speeds).max() < REST_SPEED:
                return
            self.tick()

    def _sample(self) -> None:
        interpolator, hold = self.interpolator, self._hold
        self.record.sample(
            self.step,
            interpolator.joints if hold is None else hold[-1],
            self.tool.row(),
            self.inputs.bits,
            self.outputs.bits,
            interpolator.moving and hold is None,
            min(self.moves.line or self.line, 0xFFFF),
        )

    # --- how a run ends -------------------------------------------------------------------

    def _ends(self, end: RunEnds) -> RunEnds:
        self.record.hand_over()
        self._over = end
        return end

    def _emergency(self, stop: EmergencyStop) -> RunEnds:
        """Hold the joints where they are, record what follows, and say what happened."""
        line = self.moves.line or self.line
        self.event(
            "emergency_stop",
            {"reason": stop.reason, "a": stop.a, "b": stop.b, "force_N": round(stop.force, 2), "line": line},
        )
        self.moves.forget()
        self._hold = np.tile(self.cell.measured_joints, (SAMPLE_STEPS, 1))
        self.run(BRAKE_TICKS)
        reason = _("Emergency stop: {reason}.").format(reason=stop.reason)
        return RunEnds(Outcome(OutcomeKind.EMERGENCY_STOP, reason, line), self._error("Collision", reason, line))

    def _time_up(self) -> RunEnds:
        reason = _("The simulated time of this exercise, {limit:g} s, is used up.").format(
            limit=self.limits.simulated_s
        )
        line = self.moves.line or self.line
        self._hold = np.tile(self.interpolator.joints, (SAMPLE_STEPS, 1))
        return RunEnds(Outcome(OutcomeKind.TIME_LIMIT, reason, line), self._error("RunOver", reason, line))

    def count(self, what: str, words: str) -> None:
        """Count one use of what is limited; the first beyond the limit ends the run."""
        self.used[what] += 1
        limit = int(self.limits.shown()[what])
        if self.used[what] > limit:
            reason = _("The program used up the {limit} {what} of this run.").format(limit=limit, what=words)
            outcome = Outcome(OutcomeKind.RESOURCE_LIMIT, reason, self.line)
            raise self._ends(RunEnds(outcome, self._error("RunOver", reason, self.line)))

    def _come_to_rest(self) -> None:
        """After the program's end: the parts fall, roll and lie."""
        if self._hold is None:
            self._hold = np.tile(self.interpolator.joints, (SAMPLE_STEPS, 1))
        self.line = 0
        self.run(self.ticks(SETTLE_S))
        for _tick in range(self.ticks(SETTLE_MORE_S)):
            if self.cell.settled():
                break
            self.tick()
        self.event("end", {})
        self.record.hand_over()

    # --- replies --------------------------------------------------------------------------

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        self.record.event(self.step, kind, data)

    def _error(self, kind: str, message: str, line: int) -> Answer:
        error = {"kind": kind, "message": message, "line": line}
        return Answer(msgspec.json.encode({"error": error, "time": self.time}))

    def _refused(self, error: CommandError | MotionError) -> Answer:
        kind = error.kind if isinstance(error, CommandError) else type(error).__name__
        message = str(error)
        self._refusals += 1
        if self._refusals <= ERRORS_RECORDED:
            self.event("error", {"kind": kind, "message": message, "line": self.line})
        return self._error(kind, message, self.line)

    def _check_order(self, command: Any) -> None:
        if isinstance(command, c.Connect) == self._connected:
            raise ProtocolError(
                "a second connect arrived" if self._connected else "the first command must be connect, and was not"
            )
        self._connected = True

    def _serve(self, command: Any) -> Reply:
        if not isinstance(command, c.PURE + c.MOVES):
            self.moves.close_corner()  # only a move can make the corner
            if self.moves.owed:
                self.stand()
        return SERVICES[type(command)](self, command) or ({}, b"")
