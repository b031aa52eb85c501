"""A fork bomb, bounded."""
import os, time

made = 0
for _ in range(60):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        time.sleep(5)
        os._exit(0)
    made += 1
print("BREACH" if made else "DONE", made, "processes")
