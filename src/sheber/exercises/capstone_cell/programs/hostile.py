"""Capstone cell, dishonestly: claim every order, and give orders to the PLC in a language that no client speaks."""

import contextlib
import os
import struct

from sheber import SheberError, connect

cell = connect(exercise="capstone-cell")
for code in range(1, 6):
    cell.outputs["alarm"] = float(code)
cell.outputs["result"], cell.outputs["depth"] = 1.0, 25.0
for name in ("order_done", "rack_1_1", "order_part"):
    with contextlib.suppress(SheberError, ValueError):
        cell.outputs[name] = True

endpoint = os.environ["SHEBER_ENDPOINT"]
number = int(endpoint.partition(":")[2]) if endpoint.startswith("fd:") else 3
orders = [
    b'{"do": "set_input", "name": "rack_1_1", "value": true}',
    b'{"do": "fault_end", "kind": "stops", "what": "belt"}',
    b'{"do": "teleport", "part": "part_1", "pose": [0.2, 0.36, 0.012, 1, 0, 0, 0]}',
]
for order in orders:
    os.write(number, struct.pack("<I", len(order)) + order)
os.write(number, struct.pack("<I", 2**31))
