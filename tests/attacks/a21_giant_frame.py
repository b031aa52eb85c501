"""Announces a request of two GiB."""
import os, struct

os.write(3, struct.pack("<I", 1 << 31) + b"x" * 1000)
os.read(3, 1)
