"""Exercises: what is asked of students, and how a trace becomes a score."""

from sheber.exercises.catalogue import catalogue, load, load_typed
from sheber.exercises.exercise import PROGRAMS, Exercise
from sheber.exercises.numbers import ExerciseError
from sheber.exercises.score import Check, Score, final, ramp

__all__ = [
    "PROGRAMS",
    "Check",
    "Exercise",
    "ExerciseError",
    "Score",
    "catalogue",
    "final",
    "load",
    "load_typed",
    "ramp",
]
