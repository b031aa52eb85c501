"""Keeps one page of each removed file in memory: all of the file stays, and it is neither in a folder nor open."""
import mmap, os, time

kept, written = [], 0
try:
    for number in range(25):
        name = f"{os.environ['HOME']}/{number}"
        with open(name, "w+b", buffering=0) as file:
            os.unlink(name)
            written += file.write(bytes(4 << 20))
            kept.append(mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))
        time.sleep(0.15)
except OSError:
    pass
print("BREACH" if written > 64 << 20 else "DONE", written >> 20, "MiB")
