"""Pretends that the judge failed, so that the run is repeated for ever or not counted."""
import os, sys

print("the box cannot be locked: nothing works", file=sys.stderr, flush=True)
os.write(4, b'{"ready": false}\n')
os._exit(70)
