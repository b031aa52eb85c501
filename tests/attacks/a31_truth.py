"""Searches its own memory, modules and descriptors for the truth and for the judge."""
import gc, importlib, os, sys

for name in ("sheber.judge", "sheber.station", "sheber.robot", "sheber.exercises", "sheber.trace", "mujoco", "msgspec", "numba"):
    try:
        importlib.import_module(name)
        print("BREACH imported", name)
    except ImportError:
        pass
for thing in gc.get_objects():
    if type(thing).__name__ in ("Controller", "Cell", "FakeStation", "TraceWriter"):
        print("BREACH", type(thing))
for descriptor in range(5, 256):
    try:
        print("BREACH descriptor", descriptor, os.fstat(descriptor))
    except OSError:
        pass
print("DONE")
