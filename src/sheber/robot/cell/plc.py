"""PLC: the controller beside the robot. It does jobs that the robot asks for, by a handshake of three signals.

    state      busy   done   left for
    idle       off    off    noticed, when the request rises; deaf, where it goes unanswered
    noticed    off    off    working, after `begins` seconds
    working    on     off    done, after `takes` seconds: coils are set, numbers given, faults cleared
    done       off    on     -
    deaf       off    off    -

Whatever the state, it is idle again when the request falls: in `done` the robot has seen the answer; before that the
request is taken back, and nothing is done.

The scene says which requests are answered late or never; the robot has to take such a request back and ask again.

A job may be one that the PLC calls for, such as a rush order: from a time on, the input of its name is on until the job
is done. A request that comes before stays unnoticed until then. A job that gives numbers writes them into analog
inputs when it is done, others each time: a request that is taken back uses none of them up.
"""

from __future__ import annotations

from collections.abc import Callable

from sheber.robot.cell.scene import Handshake
from sheber.robot.cell.wires import BUSY, DONE, REQUEST, Wires
from sheber.robot.clock import NEVER, steps_in

__all__ = ["Job"]

_IDLE, _NOTICED, _WORKING, _DONE, _DEAF = range(5)


class Job:
    """One job, alive."""

    def __init__(self, job: Handshake, wires: Wires, clear: Callable[[str], None]) -> None:
        """`clear` ends the faults of what has this name."""
        self.silent = False  # a fault: it takes no notice of new requests
        self.name = job.name
        self._job, self._wires, self._clear = job, wires, clear
        self._request, self._busy, self._done = (name.format(job.name) for name in (REQUEST, BUSY, DONE))
        self._late = dict(job.late)
        self._asked, self._times = 0, 0  # requests so far, and how often it was done
        self._calls = NEVER if job.calls is None else steps_in(job.calls)  # steps until the PLC calls for it
        self._called = job.calls is None
        self._state = _IDLE
        self._left = NEVER  # steps until what comes next

    def fall_silent(self, silent: bool, _value: float) -> None:
        """A fault: take no notice of new requests; or hear again."""
        self.silent = silent

    def update(self, steps: int) -> None:
        """Look at the request and let `steps` pass: the answers are those of their end."""
        if self._calls != NEVER:
            self._calls -= steps
            if self._calls <= 0:
                self._call()
        if not self._wires.outputs[self._request]:
            if self._state != _IDLE:
                self._become(_IDLE, NEVER)
            return
        if self._state == _IDLE:
            if not self._called:
                return
            self._notice()
        self._left -= steps
        if self._left <= 0:
            self._go_on()

    def _call(self) -> None:
        self._calls, self._called = NEVER, True
        self._wires.inputs[self.name] = True

    def _notice(self) -> None:
        number, self._asked = self._asked, self._asked + 1
        if self.silent or number in self._job.unanswered:
            self._become(_DEAF, NEVER)
        else:
            self._become(_NOTICED, steps_in(self._job.begins + self._late.get(number, 0.0)))

    def _go_on(self) -> None:
        if self._state == _NOTICED:
            self._become(_WORKING, steps_in(self._job.takes))
        else:
            self._finish()
            self._become(_DONE, NEVER)

    def _finish(self) -> None:
        job, wires = self._job, self._wires
        wires.coils.update(job.sets)
        if job.gives:
            wires.analog_inputs.update(job.gives[min(self._times, len(job.gives) - 1)])
        self._times += 1
        for what in job.clears:
            self._clear(what)
        if job.calls is not None:
            wires.inputs[self.name] = self._called = False

    def _become(self, state: int, steps: int) -> None:
        self._state, self._left = state, steps
        self._wires.inputs[self._busy] = state == _WORKING
        self._wires.inputs[self._done] = state == _DONE
