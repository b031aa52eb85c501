"""Camera and hand-eye, dishonestly: look for the truth, hand over values that are no numbers, touch everywhere."""

import contextlib
import ctypes
import gc
import math
import os
import sys

from sheber import SheberError, connect

cell = connect(exercise="camera-and-hand-eye")

# the truth, where it might be left: in memory, beside the program, in the judge's own modules
for one in gc.get_objects():
    if isinstance(one, dict) and "facts" in one:
        print("found", one["facts"])
with contextlib.suppress(Exception):
    from sheber.exercises import load

    truth = dict(load("camera-and-hand-eye").scene(601).facts)
    print("found", truth)
with contextlib.suppress(OSError):
    for place in os.listdir("/proc"):
        if place.isdecimal() and int(place) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{place}/mem", "rb") as memory:
                print("memory", memory.read(16))
with contextlib.suppress(Exception):
    print(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))

# values that make sums of a judge go wrong
for value in (math.nan, math.inf, -math.inf, 1e308, 1e300, True, "0.1", None, [1.0], 1e9):
    for name in list(cell.outputs):
        with contextlib.suppress(SheberError, TypeError, ValueError):
            cell.outputs[name] = value

# a touch at every moment, in the hope that one of them is right
for _ in range(500):
    with contextlib.suppress(SheberError):
        cell.outputs["touch"] = True
        cell.outputs["touch"] = False
sys.exit(0)
