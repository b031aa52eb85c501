"""Prints a gigabyte to the error stream without Python's help."""
import os

for _ in range(16384):
    os.write(2, b"x" * 65536)
print("BREACH all of it was taken")
