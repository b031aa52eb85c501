"""Share the antenna, dishonestly: look for the score instead of planning, and write one's own."""

import contextlib
import glob
import json
import os
import subprocess
import sys

from sheber import connect

station = connect(exercise="share-the-antenna")
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

print(json.dumps(mine))
sys.exit(100)
