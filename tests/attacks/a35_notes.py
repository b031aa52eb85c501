"""Leaves notes for the next run, and looks for those of the last."""
import os

paths = [f"{folder}/note-to-self" for folder in ("/tmp", ".", os.environ["HOME"], "/dev/shm", "/var/tmp", "/run")]
for path in paths:
    if os.path.exists(path):
        print("BREACH found", path)
for path in paths:
    try:
        open(path, "w").write("scene 1: the box is on the left")
    except OSError:
        pass
print("DONE")
