"""Palletising, dishonestly: speak to the judge directly, in a language that no client speaks."""

import os
import struct

from sheber import connect

cell = connect(exercise="palletising")
endpoint = os.environ["SHEBER_ENDPOINT"]
number = int(endpoint.partition(":")[2]) if endpoint.startswith("fd:") else 3

orders = [
    b'{"do": "set_score", "points": 100}',
    b'{"do": "teleport", "part": "box_1", "pose": [0.4, 0.3, 0.1, 1, 0, 0, 0]}',
    b"\x80\x04\x95not a pickle either",
]
for order in orders:
    os.write(number, struct.pack("<I", len(order)) + order)
os.write(number, struct.pack("<I", 2**31))
