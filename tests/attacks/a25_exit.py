"""Leaves with exit code 0, at once, without Python's farewell."""
import os

os._exit(0)
