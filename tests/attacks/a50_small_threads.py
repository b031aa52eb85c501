"""Threads with small stacks, which the limit of memory does not bound; held for two seconds."""
import threading, time

threading.stack_size(65536)
made = 0
try:
    for _ in range(400):
        threading.Thread(target=time.sleep, args=(2.0,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
time.sleep(1.5)
print("BREACH" if made > 64 else "DONE", made, "threads")
