"""Faults: what fails in a cell, from when to when. The program is not told; the trace has each as an event.

    kind            of what                what it does
    stops           a belt                 it stands, whatever runs it
    jams            a turntable            it comes to rest, whatever it is told; an index goes on afterwards
    sticks          a light barrier        it says `value` (0 or 1), whatever stands in its beam
    leaks           a suction cup          it loses the share `value` of its vacuum
    falls_silent    a job of the PLC       it takes no notice of new requests
    goes_dark       a light, a lamp        it gives no light, whatever its output says

A job of the PLC may clear the faults of something: they end when it is done, and are told as ended.

A part that is missing is simply not in the scene, and a reply that comes late is one of a `Handshake`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sheber.i18n import message
from sheber.robot.cell.docks import tools_of_docks
from sheber.robot.cell.scene import Fault, Scene
from sheber.robot.cell.wires import lamp_outputs
from sheber.robot.clock import NEVER, STEP_S

__all__ = ["WORDS", "Faults", "Switch", "may_fail"]

WORDS: Final = {
    "stops": message("fault.stops", "The belt {what!r} stands, whatever runs it."),
    "jams": message("fault.jams", "The turntable {what!r} comes to rest, whatever it is told."),
    "sticks": message("fault.sticks", "The light barrier {what!r} says the same, whatever stands in its beam."),
    "leaks": message("fault.leaks", "The suction cup leaks."),
    "goes_dark": message("fault.goes_dark", "{what!r} gives no light, whatever its output says."),
    "falls_silent": message("fault.falls_silent", "The PLC does not answer requests for the job {what!r}."),
}
GONE = message("fault.gone", "{what!r} works again.")

Switch = Callable[[bool, float], None]
"""Makes something fail (True) or lets it work again (False); the number is the `value` of the fault."""


def may_fail(scene: Scene) -> list[tuple[str, str]]:
    """What can fail in this scene: kinds of faults with the names of what they are of."""
    return [
        *(("stops", belt.name) for belt in scene.belts),
        *(("jams", table.name) for table in scene.turntables),
        *(("sticks", barrier.name) for barrier in scene.barriers),
        *([("leaks", "tool")] if scene.tool.kind == "suction" else []),
        *(("leaks", dock.tool_name) for dock, tool in tools_of_docks(scene) if tool.kind == "suction"),
        *(("falls_silent", job.name) for job in scene.plc),
        *(("goes_dark", light.name) for light in scene.lights),
        *(("goes_dark", lamp) for stack in scene.stacks for lamp in lamp_outputs(stack)),
    ]


class Faults:
    """All faults of a cell, alive."""

    def __init__(
        self, faults: Sequence[Fault], switches: Mapping[tuple[str, str], Switch], tell: Callable[..., None]
    ) -> None:
        """switches: by kind and name. tell: takes the kind and the values of an event."""
        moments = [(one.begins, True, one) for one in faults]
        moments += [(one.ends, False, one) for one in faults if one.ends is not None]
        self._coming = sorted(moments, key=lambda moment: moment[0])
        self._switches, self._tell = switches, tell
        self._now: list[Fault] = []  # what fails now
        self.next = self._step()

    def update(self, step: int) -> None:
        """Let begin and end what is due at this step."""
        while step >= self.next:
            _time, begins, fault = self._coming.pop(0)
            if begins:
                self._now.append(fault)
                self._switch(fault, True)
            elif fault in self._now:
                self._end(fault)
            self.next = self._step()

    def clear(self, what: str) -> None:
        """End what fails now of the thing with this name."""
        for fault in [one for one in self._now if one.what == what]:
            self._end(fault)

    def _end(self, fault: Fault) -> None:
        self._now.remove(fault)
        self._switch(fault, False)

    def _switch(self, fault: Fault, begins: bool) -> None:
        self._switches[fault.kind, fault.what](begins, fault.value)
        text = (WORDS[fault.kind] if begins else GONE)(what=fault.what)
        self._tell("fault" if begins else "fault_end", {"kind": fault.kind, "what": fault.what, "text": text})

    def _step(self) -> int:
        return round(self._coming[0][0] / STEP_S) if self._coming else NEVER
