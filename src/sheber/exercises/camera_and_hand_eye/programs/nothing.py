"""Camera and hand-eye: a program that only connects."""

from sheber import connect

cell = connect(exercise="camera-and-hand-eye")
