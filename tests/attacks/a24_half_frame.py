"""Begins a request and sends the rest byte by byte, slowly."""
import os, struct, time

os.write(3, struct.pack("<I", 1000))
for _ in range(1000):
    time.sleep(0.2)
    os.write(3, b"x")
