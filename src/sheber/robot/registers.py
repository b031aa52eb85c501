"""Registers: the signals of a cell as one table of Modbus registers, as a PLC's manual prints it. No network here.

Four tables, each numbered from 0 (MODBUS Application Protocol Specification V1.1b3, 4.3):

    coils               digital outputs of the robot, which the PLC reads
    discrete inputs     digital inputs of the robot
    input registers     numbers that the robot reads, two registers each
    holding registers   numbers that the robot sets, two registers each

A number is an IEEE 754 binary32; its high word has the lower address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sheber.robot.cell.scene import Scene
from sheber.robot.cell.wires import analog_inputs, analog_outputs, digital_inputs, digital_outputs

__all__ = ["TABLES", "Register", "register_map"]

TABLES: Final = ("coil", "discrete input", "input register", "holding register")
_WORDS: Final = 2  # registers that a number takes


@dataclass(frozen=True, slots=True)
class Register:
    """Where one signal stands."""

    table: str  # one of TABLES
    address: int  # from 0; of a number, that of its high word
    name: str  # of the signal
    unit: str  # of a number; "" for a bit, and for a number without one


def register_map(scene: Scene) -> tuple[Register, ...]:
    """All signals of a scene, table by table, in the order in which the cell has them."""
    coils, discrete, inputs, holding = TABLES
    return (
        *_bits(coils, digital_outputs(scene)),
        *_bits(discrete, digital_inputs(scene)),
        *_numbers(inputs, analog_inputs(scene)),
        *_numbers(holding, analog_outputs(scene)),
    )


def _bits(table: str, names: Iterable[str]) -> Iterator[Register]:
    return (Register(table, address, name, "") for address, name in enumerate(names))


def _numbers(table: str, signals: Iterable[tuple[str, str]]) -> Iterator[Register]:
    return (Register(table, _WORDS * n, name, unit) for n, (name, unit) in enumerate(signals))
