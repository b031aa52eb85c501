"""Makes empty files without end: no byte of the disk, but the kernel's memory."""
import os

number = 0
while number < 2_000_000:
    try:
        open(os.environ["HOME"] + f"/{number}", "w").close()
    except OSError:
        break
    number += 1
print("BREACH" if number > 500_000 else "DONE", number, "files")
