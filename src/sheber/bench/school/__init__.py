"""Bench of the school: a real server, asked by many at once, watched by many, killed, and filled with rows.

Each measurement makes a school of its own in a temporary folder. Counts gate; times are printed against an aim, because
they say as much about the machine and its load as about us.
"""

from __future__ import annotations
