"""Keeps files open that have no name any more: their bytes stay, and no folder shows them."""
import os, time

kept, written = [], 0
try:
    for number in range(25):
        name = f"{os.environ['HOME']}/{number}"
        kept.append(open(name, "wb", buffering=0))
        os.unlink(name)
        written += kept[-1].write(bytes(4 << 20))
        time.sleep(0.15)
except OSError:
    pass
print("BREACH" if written > 64 << 20 else "DONE", written >> 20, "MiB")
