"""Talks garbage to the protocol."""
import os

os.write(3, b"GET / HTTP/1.1\r\n\r\n" * 10)
os.read(3, 1)
