"""Wires: the signals of a cell by name, alive, and what they are called in a scene.

    outputs          what the program sets, digital: those of the exercise, of belts, and requests to the PLC
    inputs           what the program reads, digital: light barriers, answers of the PLC
    analog_*         numbers with a unit: those of the exercise, counts of encoders
    coils            what the PLC tells the other machines; no program sees them

Values change in place: whoever keeps one of the mappings sees what is new.
"""

from __future__ import annotations

from dataclasses import dataclass

from sheber.robot.cell.scene import Scene

__all__ = ["BUSY", "COUNTS", "DONE", "REQUEST", "Wires", "analog_inputs", "digital_inputs", "digital_outputs"]

REQUEST, BUSY, DONE = "{}_request", "{}_busy", "{}_done"  # signals of a job of the PLC
COUNTS = "counts"  # unit of an encoder


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
        """The wires of a scene, everything off."""
        return cls(
            dict.fromkeys(digital_inputs(scene), False),
            dict.fromkeys(digital_outputs(scene), False),
            {name: 0.0 for name, _unit in analog_inputs(scene)},
            {name: 0.0 for name, _unit in scene.analog_outputs},
            dict.fromkeys((coil for job in scene.plc for coil, _value in job.sets), False),
        )


def digital_inputs(scene: Scene) -> list[str]:
    """Names of the digital inputs, in their order."""
    answers = (name.format(job.name) for job in scene.plc for name in (BUSY, DONE))
    return [*(barrier.name for barrier in scene.barriers), *answers]


def digital_outputs(scene: Scene) -> list[str]:
    """Names of the digital outputs, in their order: those of the scene, of its belts, and requests to the PLC."""
    of_belts = (belt.output for belt in scene.belts if belt.output)
    requests = (REQUEST.format(job.name) for job in scene.plc)
    return list(dict.fromkeys((*scene.outputs, *of_belts, *requests)))  # several belts may obey one


def analog_inputs(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Names and units of the analog inputs, in their order; the encoders of belts are the last."""
    return (*scene.analog_inputs, *((belt.encoder, COUNTS) for belt in scene.belts if belt.encoder))
