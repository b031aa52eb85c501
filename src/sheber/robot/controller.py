"""Controller: carries out a program's commands on a robot cell, and alone owns simulated time.

One tick is 10 ms, five physics steps. What happens in it, in this order and nowhere else (`tick`):

    1. the motion gives the joint targets of the five steps; it may look     motion
       at the cell for that
    2. the cell advances: belts, tool, servos at each step, light barriers   cell
    3. time moves on
    4. what began or ended is recorded: moves, contacts, grips, inputs       queue, watch
    5. every second tick one sample is taken, with the bodies that moved     record
    6. who looks on is told: a live view, what paces it                      after_tick
    7. what must end the run ends it: an emergency stop, time used up        watch, limits

A command is served between two ticks and lets as many pass as it needs. Time moves only here. Where nobody
asks in between (a move that is waited for, a wait), two ticks are taken at once, from sample to sample. The cell
itself looks at contacts and light barriers after every step, so no touch between two ticks is missed.

How a run ends. A limit brakes the arm on its path, and a collision on the way is what ended the run; an emergency
stop holds the joints where they are. Then 2 s are recorded, and up to 3 s more until every part rests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Desk, Reply
from sheber.i18n import Message, message
from sheber.robot import commands as c
from sheber.robot.appearance import notices
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.wires import analog_inputs, analog_outputs
from sheber.robot.clock import SAMPLE_STEPS, STEP_S, TICK_S, TICK_STEPS
from sheber.robot.devices import DEVICES, channels_beside, ports_beside, tool_channels, tool_port
from sheber.robot.io import Signals, signal_channels
from sheber.robot.motion.errors import MotionError
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.queue import Queue
from sheber.robot.record import EVENTS, Record, channels
from sheber.robot.services import SERVICES
from sheber.robot.serving import Motion
from sheber.robot.watch import EmergencyStop, Watch
from sheber.station import Answer, Limits, RunEnds
from sheber.trace import Outcome, OutcomeKind, TraceWriter

if TYPE_CHECKING:
    from sheber.geometry import Pose
    from sheber.robot.cell.cell import Cell

__all__ = ["Controller"]

Array = NDArray[np.float64]

REST_SPEED = 0.005  # rad/s: slower than this every joint counts as standing
REST_TICKS = 30  # a fine point waits so long at most for the arm to come to rest
HELD_TICKS = 30  # recorded after an emergency stop
BRAKE_S = 3.0  # an arm that brakes stands by then; one that does not is held
SETTLE_S = 2.0  # recorded after the program's end
SETTLE_MORE_S = 3.0  # and at most so much longer, until every part rests
ERRORS_RECORDED = 500  # refusals kept on the record; a program that is refused all the time shall not fill the disk
LARGEST_LINE = 0xFFFF  # that a sample holds

TIME_UP = message("robot.time_up", "The simulated time of this exercise, {limit:g} s, is used up.")


class _LimitReached(Exception):
    """A limit of the run is used up."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Controller:
    """The robot cell as a station (`sheber.station.Station`)."""

    def __init__(self, cell: Cell, scene: Scene, limits: Limits, recorder: TraceWriter) -> None:
        """`cell`: alive, at step 0; `recorder` is told channels and bodies here."""
        self.cell, self.scene, self.limits = cell, scene, limits
        self.step = 0  # physics steps since the start
        self.arm = cell.arm
        self.tool_frame = cell.tool_now.told
        self.tool = tool_port(scene.tool.kind, cell.tool)
        self.beside = ports_beside(cell)
        self.inputs = Signals(cell.inputs, cell.analog_inputs)
        self.outputs = Signals(cell.outputs, cell.analog_outputs)
        self.record = self._begun(recorder)
        self.interpolator = Interpolator(self.arm, cell.tool_now.told, cell.measured_joints, cell.self_collides)
        self.motion: Motion = self.interpolator  # what gives the joint targets
        cell.self_collides(self.interpolator.joints[None])  # makes the checker now, not within the first move
        self.queue = Queue(self.interpolator, self.event, cell.new_move)
        self.watch = Watch(cell, self.arm, self.inputs, self.tool, self.event)
        self.after_tick: list[Callable[[Controller], None]] = []  # called after a tick, or after two at once
        self.line = 0  # of the command that is served
        self._used: dict[str, int] = {}  # of what is limited
        self._most = limits.shown()
        self._limit_step: float = round(limits.simulated_s / STEP_S)
        self._refusals = 0
        self._over: RunEnds | None = None
        self._settled = self._closed = False
        self._watching = True  # until the arm stands for good
        self._held: Array | None = None  # joint targets (k, n) after an emergency stop
        self._desk = Desk(c.decoder, self.serve, lambda: self.time, (CommandError, MotionError))
        self._sample()

    def _begun(self, recorder: TraceWriter) -> Record:
        """Declare what is recorded."""
        scene, cell = self.scene, self.cell
        numbers = [
            *tool_channels(scene),
            *signal_channels("input", analog_inputs(scene)),
            *signal_channels("output", analog_outputs(scene)),
            *channels_beside(scene),
        ]
        row = recorder.begin(
            channels([joint.name for joint in self.arm.joints], numbers),
            cell.bodies,
            cell.visuals(),
            dict(scene.facts),
            step_s=STEP_S,
            taught=dict(scene.frames),
            events={**EVENTS, **{kind: about for device in DEVICES for kind, about in device.events.items()}},
            notices=notices(scene.arm),
        )
        return Record(recorder, row, cell, self.arm, [channel.name for channel in numbers])

    # --- the station ----------------------------------------------------------------------

    def handle(self, request: bytes) -> Answer:
        """Carry out one request; see `sheber.station.Station`."""
        return self._desk.handle(request)

    def serve(self, command: Command) -> Reply:
        """Carry out one command and let simulated time pass; any order, any number: `Desk` and the judge hold those.

        Raises CommandError or MotionError for what cannot be done, RunEnds where the run is over.
        """
        if self._over is not None:
            raise self._over
        self.line = command.line
        try:
            if not isinstance(command, c.PURE + c.MOVES):
                self._close_corner()
            reply = SERVICES[type(command)](self, command)
            if self.motion.fault is not None:
                self._take_back()
            return reply or Reply()
        except (CommandError, MotionError) as error:
            self._refused(error)
            raise
        except EmergencyStop as stop:
            raise self._emergency(stop) from stop
        except _LimitReached as limit:
            raise self._braked(limit.outcome) from limit

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
                self.release()
        except EmergencyStop as stop:
            raise self._emergency(stop) from stop
        except _LimitReached as limit:
            raise self._braked(limit.outcome) from limit
        except MotionError as error:  # the program is over, and nobody is told
            self._refused(error)
        finally:
            self._come_to_rest()

    def close(self) -> None:
        """Hand over what is recorded; may be called again."""
        if not self._closed:
            self._closed = True
            self.record.hand_over()

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return round(self.step * STEP_S, 6)

    # --- time -----------------------------------------------------------------------------

    def tick(self, steps: int = TICK_STEPS) -> None:
        """One tick, or two at once (`SAMPLE_STEPS`); the order is that of the module's first page."""
        queue, watch = self.queue, self.watch
        targets = self.motion.next(steps, self.cell) if self._held is None else self._held[:steps]
        self.cell.advance(targets)
        self.step += steps
        if queue.pending:
            queue.look()
        watch.events(queue.line or self.line)
        sampled = not self.step % SAMPLE_STEPS
        if sampled:
            self._sample()
        if self.after_tick:
            for hook in self.after_tick:
                hook(self)
        if self._watching:
            watch.collision()
            if sampled:
                watch.joints(targets[-1])
                if self.step >= self._limit_step:
                    raise _LimitReached(self._time_up())

    def run(self, ticks: int) -> None:
        """Let ticks pass while nothing asks in between: two at once from sample to sample, which costs half."""
        end = self.step + ticks * TICK_STEPS
        while self.step < end:
            two = end - self.step >= SAMPLE_STEPS and not self.step % SAMPLE_STEPS and not self.motion.every_tick
            self.tick(SAMPLE_STEPS if two else TICK_STEPS)

    def ticks(self, seconds: float) -> int:
        """Whole ticks that cover `seconds`, at least one."""
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
        self.queue.close_corner()
        while self.motion.moving:
            self.run(max(1, self.motion.remaining_steps() // TICK_STEPS))
        for _tick in range(REST_TICKS):
            if np.abs(self.cell.joint_speeds).max() < REST_SPEED:
                return
            self.tick()

    def release(self) -> None:
        """End what moves the arm by its sensors, if anything does: it brakes, and the interpolator goes on."""
        if self.motion is not self.interpolator:
            self.motion.stop()
            self.stand()
            self._take_back()

    def use_tool(self, T_flange_tcp: Pose) -> None:
        """Plan, read the wrench and compute with this TCP from now on; only at rest. The record keeps the true one."""
        self.tool_frame = T_flange_tcp
        self.interpolator.use_tool(T_flange_tcp)
        self.cell.refer_wrench(T_flange_tcp)

    def _take_back(self) -> None:
        """Let the interpolator go on from where the arm stands; raises MotionError where it stands for a fault."""
        motion, self.motion = self.motion, self.interpolator
        self.queue.stop()
        self.interpolator.start_from(motion.joints)
        self.queue.look()
        motion.over()
        if motion.fault is not None:
            raise motion.fault

    def _close_corner(self) -> None:
        """Only a move can make an open corner: finish what the program waits for before anything else."""
        self.queue.close_corner()
        if self.queue.owed:
            self.stand()

    def _sample(self) -> None:
        motion, held = self.motion, self._held
        numbers = self.tool.row() + self.inputs.row() + self.outputs.row()
        for port in self.beside:
            numbers += port.row()
        self.record.sample(
            self.step,
            motion.joints if held is None else held[-1],
            numbers,
            self.inputs.bits,
            self.outputs.bits,
            motion.moving and held is None,
            min(self.queue.line or self.line, LARGEST_LINE),
        )

    # --- the record -----------------------------------------------------------------------

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        self.record.event(self.step, kind, data)

    def picture(self, jpeg: bytes, title: str) -> None:
        """Record a picture that the program showed now."""
        self.record.picture(self.step, jpeg, title)

    def _refused(self, error: CommandError | MotionError) -> None:
        self._refusals += 1
        if self._refusals <= ERRORS_RECORDED:
            self.event("error", {"kind": error.kind, "text": error.text, "line": self.line})

    def count(self, what: str, over: Message) -> int:
        """Count one use of what is limited and give how many there were before; one too many ends the run."""
        before = self._used.get(what, 0)
        limit = self._most.get(what, math.inf)
        if before >= limit:
            raise _LimitReached(Outcome(OutcomeKind.RESOURCE_LIMIT, over(limit=int(limit)), self.line))
        self._used[what] = before + 1
        return before

    # --- how a run ends -------------------------------------------------------------------

    def _time_up(self) -> Outcome:
        text = TIME_UP(limit=self.limits.simulated_s)
        return Outcome(OutcomeKind.TIME_LIMIT, text, self.queue.line or self.line)

    def _braked(self, outcome: Outcome) -> RunEnds:
        """Brake on the path until the arm stands; a collision meanwhile is what ended the run."""
        self._limit_step = self.step + BRAKE_S / STEP_S
        try:
            self.queue.stop()
            self.motion.stop()
            self.stand()
        except EmergencyStop as stop:
            return self._emergency(stop)
        except _LimitReached:
            self._hold()
        return self._ended(outcome)

    def _emergency(self, stop: EmergencyStop) -> RunEnds:
        """Record what stopped the arm, and hold it."""
        line = self.queue.line or self.line
        (a, b), force_N = stop.pair, round(stop.force_N, 2)
        self.event("emergency_stop", {"text": stop.text, "a": a, "b": b, "force_N": force_N, "line": line})
        self._hold()
        return self._ended(Outcome(OutcomeKind.EMERGENCY_STOP, stop.text, line))

    def _hold(self) -> None:
        """Hold the joints where they are, whatever was planned, and record what follows."""
        self.queue.forget()
        self._watching = False
        self._held = np.tile(self.cell.measured_joints, (SAMPLE_STEPS, 1))
        self.cell.halt()
        self.run(HELD_TICKS)

    def _ended(self, outcome: Outcome) -> RunEnds:
        self.record.hand_over()
        self._over = RunEnds(outcome)
        return self._over

    def _come_to_rest(self) -> None:
        """The arm stands: the parts fall, roll and lie."""
        self._watching = False
        self.line = 0
        self.run(self.ticks(SETTLE_S))
        for _tick in range(self.ticks(SETTLE_MORE_S)):
            if self.cell.settled():
                break
            self.tick()
        self.watch.finish(self.step)
        self.event("end", {})
        self.record.hand_over()
