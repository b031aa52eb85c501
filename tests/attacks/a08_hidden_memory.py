"""Memory that the address-space limit does not see: memfd, pipes, files in memory."""
import os

taken, keep = 0, []
for _ in range(60):
    try:
        file = os.memfd_create("x")
        keep.append(file)
        for _ in range(16):
            taken += os.write(file, bytes(1 << 20))
    except OSError:
        break
for _ in range(60):
    try:
        reading, writing = os.pipe()
        keep += [reading, writing]
        os.set_blocking(writing, False)
        while True:
            taken += os.write(writing, bytes(4096))
    except OSError:
        continue
for number in range(60):
    try:
        keep.append(os.open(f"/tmp/m{number}", os.O_CREAT | os.O_RDWR))
        taken += os.write(keep[-1], bytes(4 << 20))
    except OSError:
        break
print("BREACH" if taken > 64 << 20 else "DONE", taken >> 20, "MiB")
