"""Wires: the signals of a cell by name, alive, and what they are called in a scene.

    outputs          what the program sets, digital; with those of machines, lights, lamps, changer, requests to a PLC
    inputs           what the program reads, digital: light barriers, probes, answers of machines, controls, changer
    analog_*         numbers with a unit: those of the exercise, counts of encoders, brightness of lights, tool numbers
    coils            what the PLC tells the other machines; no program sees them

Values change in place: whoever keeps one of the mappings sees what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sheber.robot.cell.docks import CHANGER, occupied
from sheber.robot.cell.scene import Control, Handshake, LampStack, Scene

__all__ = [
    "BUSY",
    "CALL",
    "COUNTS",
    "DONE",
    "LOCK",
    "LOCKED",
    "MOST_BITS",
    "PER_CENT",
    "PRESENT",
    "REQUEST",
    "TOOL_ID",
    "UNLOCK",
    "UNLOCKED",
    "Wires",
    "analog_inputs",
    "analog_outputs",
    "control_inputs",
    "digital_inputs",
    "digital_outputs",
    "lamp_outputs",
]

REQUEST, BUSY, DONE = "{}_request", "{}_busy", "{}_done"  # signals of a job of the PLC
CALL = "{}"  # the input by which the PLC calls for a job
OF = "{}_{}"  # a position of a selector, a lamp of a stack
COUNTS = "counts"  # unit of an encoder
MOST_BITS = 32  # digital inputs, and digital outputs, that a trace holds
PER_CENT = "%"  # unit of a light that can be dimmed
LOCK, UNLOCK = "changer_lock", "changer_unlock"  # the two coils of a changer's valve
LOCKED, UNLOCKED, PRESENT = "changer_locked", "changer_unlocked", "tool_present"  # its sensors
TOOL_ID = "tool_id"  # number that a locked tool tells of itself; 0: none


@dataclass(frozen=True, slots=True)
class Wires:
    """All signals of one cell."""

    inputs: dict[str, bool]
    outputs: dict[str, bool]
    analog_inputs: dict[str, float]
    analog_outputs: dict[str, float]
    coils: dict[str, bool]

    @classmethod
    def of(cls, scene: Scene) -> Wires:
        """The wires of a scene, everything off but the lights that are on at the start."""
        on = {light.name: light.initial for light in scene.lights}
        return cls(
            dict.fromkeys(digital_inputs(scene), False) | _at_rest(scene),
            {name: on.get(name, 0.0) > 0.0 for name in digital_outputs(scene)},
            {name: 0.0 for name, _unit in analog_inputs(scene)},
            {name: 100.0 * on.get(name, 0.0) for name, _unit in analog_outputs(scene)},
            dict.fromkeys(_coils(scene), False),
        )


def digital_inputs(scene: Scene) -> list[str]:
    """Names of the digital inputs, in their order."""
    answers = [name.format(job.name) for job in scene.plc for name in _answers(job)]
    answers += [table.done for table in scene.turntables if table.done]
    answers += [scene.positioner.clamped] if scene.positioner and scene.positioner.clamped else []
    controls = (name for control in scene.controls for name in control_inputs(control))
    sensors = [*(barrier.name for barrier in scene.barriers), *(probe.name for probe in scene.probes)]
    changer = (*_of_changer(scene, LOCKED, UNLOCKED, PRESENT), *map(occupied, scene.docks))
    return [*sensors, *answers, *controls, *changer]


def _answers(job: Handshake) -> tuple[str, ...]:
    return (BUSY, DONE) if job.calls is None else (CALL, BUSY, DONE)


def _of_changer(scene: Scene, *signals: str) -> tuple[str, ...]:
    return signals if scene.tool.kind == CHANGER else ()


def digital_outputs(scene: Scene) -> list[str]:
    """Names of the digital outputs, in their order: those of the scene, its belts, the PLC, lights, lamps."""
    known = _once([*scene.outputs, *_of_machines(scene), *(REQUEST.format(job.name) for job in scene.plc)])
    lamps = (name for stack in scene.stacks for name in lamp_outputs(stack))
    known = [*known, *_of_changer(scene, LOCK, UNLOCK)]
    return [*known, *(light.name for light in scene.lights if not light.dimmable), *lamps]


def analog_outputs(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Names and units of the analog outputs, in their order; those that dim lights are the last."""
    return (*scene.analog_outputs, *((light.name, PER_CENT) for light in scene.lights if light.dimmable))


def analog_inputs(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Names and units of the analog inputs, in their order; encoders and the tool's number are the last."""
    encoders = [*(belt.encoder for belt in scene.belts), *(table.encoder for table in scene.turntables)]
    counts = ((encoder, COUNTS) for encoder in encoders if encoder)
    return (*scene.analog_inputs, *counts, *((name, "") for name in _of_changer(scene, TOOL_ID)))


def control_inputs(control: Control) -> list[str]:
    """Names of the inputs of a button, which has one, or of a selector, which has one a position."""
    return [OF.format(control.name, position) for position in control.positions] or [control.name]


def lamp_outputs(stack: LampStack) -> list[str]:
    """Names of the outputs of a lamp stack, from below; each is also the body of what is lit."""
    return [OF.format(stack.name, colour) for colour in stack.colours]


def _at_rest(scene: Scene) -> dict[str, bool]:
    """Inputs of the controls that are on while nobody touches them; a selector stands in its first position."""
    first = (control_inputs(control)[0] for control in scene.controls if control.positions or control.rests)
    return dict.fromkeys(first, True)


def _of_machines(scene: Scene) -> Iterator[str]:
    """Belts, turntables and the clamp, unless the PLC closes it; several may obey one output."""
    yield from (belt.output for belt in scene.belts if belt.output)
    yield from (name for table in scene.turntables for name in (table.output, table.index) if name)
    clamp = scene.positioner.clamp if scene.positioner else ""
    if clamp and clamp not in _coils(scene):
        yield clamp


def _coils(scene: Scene) -> list[str]:
    """What the PLC tells the other machines."""
    return [coil for job in scene.plc for coil, _value in job.sets]


def _once(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)
