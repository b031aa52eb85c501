"""Vision sorting, dishonestly: use up the machine, in the hope that the judge gives way."""

import contextlib
import os
import socket
import threading

from sheber import connect

cell = connect(exercise="vision-sorting")

with contextlib.suppress(OSError):
    socket.create_connection(("127.0.0.1", 80), timeout=0.2)
for _ in range(200):
    with contextlib.suppress(OSError, RuntimeError):
        threading.Thread(target=os.getpid).start()
children = []
for _ in range(100):
    with contextlib.suppress(OSError):
        child = os.fork()
        if child == 0:
            os._exit(0)
        children.append(child)
print("spam " * 100_000)

hoard = []
while True:  # ends where the box ends it
    hoard.append(bytearray(64 << 20))
