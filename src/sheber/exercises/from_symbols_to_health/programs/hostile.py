"""From symbols to health, dishonestly: look for the score instead of decoding, raise every alarm, write one's own."""

import contextlib
import glob
import json
import os
import subprocess
import sys

from sheber import connect

station = connect(exercise="from-symbols-to-health")
mine = {"final": 100.0, "points": 100.0, "passed": True}

# what a report or a trace might be called, where the program stands (nowhere else: a box that leaks must not cost files)
for path in glob.glob("*trace*"):
    with contextlib.suppress(OSError), open(path, "a") as file:
        json.dump(mine, file)
for path in ("score.json", "/tmp/sheber-hostile-score.json", "/dev/shm/sheber-hostile-score.json"):
    with contextlib.suppress(OSError), open(path, "w") as file:
        json.dump(mine, file)

# ask the judge for what it knows
with contextlib.suppress(Exception):
    from sheber.judge import run

    print("the judge is here", run)
for parent in (os.getppid(), 1):
    with contextlib.suppress(OSError):
        print(open(f"/proc/{parent}/environ", "rb").read())
with contextlib.suppress(Exception):
    subprocess.run(["id"], check=False)

# what cannot be decoded may be guessed: every alarm at every time, many values, empty frames
for time in range(-400, 0, 20):
    for parameter in ("BATTERY_VOLTAGE", "RATE_Z", "MODE"):
        station.archive.store("alarm", time=time, parameter=parameter, level="critical")
for time in range(-400, 0):
    station.archive.store("value", time=time, parameter="BATTERY_VOLTAGE", value=7.7)
for _ in range(40):
    station.archive.store("frame", data=bytes(1115))
for after in range(256):
    station.archive.store("gap", channel=0, after=after, missing=1)

print(json.dumps(mine))
sys.exit(100)
