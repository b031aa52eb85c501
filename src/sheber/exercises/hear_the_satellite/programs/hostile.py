"""Hands in what was never sent, looks for the truth, and asks for what no receiver gives."""

import os

from sheber import connect

station = connect(exercise="hear-the-satellite")
for name in ("facts", "true", "_station", "controller"):
    print(getattr(station, name, None))
for number in range(300):
    station.archive.store("frame", data=os.urandom(40), at=float(number))
for attempt in (
    lambda: station.receiver.read(1e6),
    lambda: station.receiver.tune(float("nan")),
    lambda: station.receiver.gain(1e9),
    lambda: station.archive.store("transmission", data=b""),
    lambda: station.elements.look("AL-FARABI-2", [float("inf")]),
):
    try:
        attempt()
    except Exception as error:
        print(error)
block = station.receiver.read(1.0)
station.archive.store("frame", data=bytes(block.samples.view("u1")[:200]), at=block.start)
