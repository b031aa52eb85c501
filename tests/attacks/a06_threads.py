"""As many threads as it can get, up to 300."""
import threading

stop = threading.Event()
made = 0
try:
    for _ in range(300):
        threading.Thread(target=stop.wait, daemon=True).start()
        made += 1
except RuntimeError:
    pass
stop.set()
print("BREACH" if made > 64 else "DONE", made, "threads")
