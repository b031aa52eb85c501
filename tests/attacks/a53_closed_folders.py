"""Writes where nobody may list: folders that can be entered, but not read."""
import os, time

home, written = os.environ["HOME"], 0
try:
    for number in range(25):
        folder = f"{home}/{number}"
        os.mkdir(folder, 0o300)
        with open(f"{folder}/file", "wb") as file:
            written += file.write(bytes(4 << 20))
        time.sleep(0.15)
except OSError:
    pass
print("BREACH" if written > 64 << 20 else "DONE", written >> 20, "MiB")
