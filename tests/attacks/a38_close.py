"""Closes the conversation in the middle of a request and computes on."""
import os, struct

os.write(3, struct.pack("<I", 100) + b"{")
os.close(3)
while True:
    pass
