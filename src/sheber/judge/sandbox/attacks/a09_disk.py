"""Fills whatever disk it can write, bounded."""
import os

written = 0
folders = ("/tmp", ".", "/var/tmp", "/dev/shm", "/run", "/box", "/site", os.path.expanduser("~"))
for number, folder in enumerate(folders * 8):
    try:
        with open(f"{folder}/fill{number}", "wb", buffering=0) as file:
            for _ in range(16):
                written += file.write(bytes(1 << 20))
    except OSError:
        pass
print("BREACH" if written > int("@DISK@") else "DONE", written >> 20, "MiB")
