"""Trying: how long scenes take on this machine, found out by judging some, before there is a school that tells it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from sheber.exercises import Exercise, catalogue
from sheber.judge import Program
from sheber.judge.pool import Job, Judgement, Pool, cores
from sheber.judge.sandbox import Sandbox
from sheber.school.operating.planning import Measured, of

__all__ = ["try_here"]

ROUNDS: Final = 2  # scenes for each place that are judged of each exercise: all places are busy, as in a queue


def try_here(sandbox: Sandbox, places: int | None = None) -> tuple[Measured, ...]:
    """Judge the reference program of each exercise on a few scenes, all places busy. Raises SandboxError, SystemFault.

    Where an installation has no reference programs, the starters are judged: they do less, so they take less.
    """
    places = places or cores()
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, Pool(sandbox, places) as pool:
        for exercise in catalogue():
            program = _program(exercise)
            for number, seed in enumerate(exercise.rehearsal[: ROUNDS * places], 1):
                file = Path(folder, f"{exercise.name}-{number}.trace")
                pool.submit(Job(exercise, program, seed, f"scene {number}", file))
        for job, found in pool.endings():
            if isinstance(found, Judgement):
                taken.setdefault(job.exercise.name, []).append(found.seconds)
    return tuple(of(name, seconds) for name, seconds in taken.items())


def _program(exercise: Exercise) -> Program:
    file = exercise.folder / "programs" / "reference.py"
    file = file if file.is_file() else exercise.folder / "starter.py"
    return Program(file.name, file.read_bytes())
