"""Whatever bytes a program sends, the station answers, refuses or ends the run: none is a fault of ours."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sheber.exercises import load
from sheber.robot import commands
from sheber.station import ProtocolError, RunEnds
from sheber.trace import Header, TraceWriter

COMMANDS = [
    kind
    for kind in vars(commands).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag
]
VALUES: list[Any] = [
    0, 1, -1, 0.01, 0.05, 0.2, 0.5, 3.14, 10, 1000, 1e6, -1e6, 1e-9, 1e300, True, False, None, "", "é", "x" * 5000,
    "home", "suction", "gripper", "overhead", "part_present", [], [0] * 6, [0.1] * 6, [1e6] * 6, [-1.5] * 6,
    [0.4, 0.1, 0.3, 0, 1, 0, 0], [0.3, 0.2, 0.4, 0, 1, 0, 0], [0.4, 0.1, 0.3, 0, 0, 0, 0], [1e6, 0, 0, 1, 0, 0, 0],
    [0.5] * 7, {}, [[0.4, 0.1, 0.3, 0, 1, 0, 0]],
]  # fmt: skip
REQUESTS = 150  # of one run


@pytest.mark.physics
@pytest.mark.parametrize("name", ["poses-and-moves", "palletising", "vision-sorting"])
@pytest.mark.parametrize("seed", range(3))
def test_no_request_is_a_fault_of_ours(name: str, seed: int, tmp_path: Path) -> None:
    rng, exercise = random.Random(f"{name} {seed}"), load(name)
    with TraceWriter(tmp_path / "nowhere.trace", Header(name)) as nowhere:
        station = exercise.build(exercise.rehearsal[0], nowhere)
        try:
            station.handle(b'{"do":"connect","protocol":1,"client":"a test"}')
            answered = 0
            for _ in range(REQUESTS):
                try:
                    answered += bool(station.handle(request(rng)).body)
                except ProtocolError:
                    continue
            assert answered > 0
        except RunEnds:
            pass  # so it ends: no fault
        finally:
            station.close()


def request(rng: random.Random) -> bytes:
    """A command that the decoder would take, in one of ten cases with a byte of it changed."""
    kind = rng.choice(COMMANDS)
    command: dict[str, Any] = {"do": kind.__struct_config__.tag}
    for _ in range(60):
        for field in msgspec.structs.fields(kind):
            if rng.random() < 0.5:
                command[field.name] = rng.choice(VALUES)
            elif rng.random() < 0.2:
                command.pop(field.name, None)
        try:
            msgspec.convert(command, kind)
        except msgspec.ValidationError:
            continue
        break
    body = bytearray(json.dumps(command, ensure_ascii=False).encode())
    if rng.random() < 0.1:
        body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body)
