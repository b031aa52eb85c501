"""Connects and does nothing else."""

from sheber import connect

connect(exercise="hear-the-satellite")
