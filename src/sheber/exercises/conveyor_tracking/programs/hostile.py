"""Conveyor tracking, dishonestly: stop the belt, which no program may, and say so in a language that no client speaks."""

import contextlib
import os
import struct

from sheber import SheberError, connect

cell = connect(exercise="conveyor-tracking")
for name in ("belt", "belt_run", "encoder"):
    with contextlib.suppress(SheberError, ValueError):
        cell.outputs[name] = False

endpoint = os.environ["SHEBER_ENDPOINT"]
number = int(endpoint.partition(":")[2]) if endpoint.startswith("fd:") else 3
orders = [
    b'{"do": "set_output", "name": "belt", "value": false}',
    b'{"do": "fault", "kind": "stops", "what": "belt", "begins": 0.0}',
    b'{"do": "teleport", "part": "part_1", "pose": [0.1, 0.3, 0.02, 1, 0, 0, 0]}',
]
for order in orders:
    os.write(number, struct.pack("<I", len(order)) + order)
os.write(number, struct.pack("<I", 2**31))
