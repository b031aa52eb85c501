"""close_range gives a thread descriptors of its own: what it holds open, nobody counts, and 64 is no limit."""
import ctypes, os, threading, time

CLOSE_RANGE, UNSHARE = 436, 2  # the same number on every processor
libc = ctypes.CDLL(None, use_errno=True)
held = []


def hold():
    refused = libc.syscall(CLOSE_RANGE, ctypes.c_uint(4000), ctypes.c_uint(4001), ctypes.c_uint(UNSHARE))
    opened = 0
    try:
        while True:
            os.open("/dev/null", os.O_RDONLY)
            opened += 1
    except OSError:
        held.append(opened if refused == 0 else 0)
    time.sleep(0.5)


threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("BREACH" if sum(held) > 0 else "DONE", held)
