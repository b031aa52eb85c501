"""Several: many programs on one exercise, judged by one pool that stays warm. Each program is told when it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheber.exercises import Exercise
from sheber.exercises.numbers import ExerciseError
from sheber.exercises.score import final
from sheber.i18n import _
from sheber.judge.errors import SystemFault
from sheber.judge.grade import Grade, GradedScene, SceneSeed
from sheber.judge.pool import Gradable, Job, Judgement, Pool
from sheber.judge.program import Program
from sheber.judge.sandbox import Sandbox
from sheber.trace import OutcomeKind, TraceReadError, read

__all__ = ["Submission", "grade_several", "judged_before"]


@dataclass(frozen=True, slots=True)
class Submission:
    """One program that somebody handed in, and where its traces are."""

    name: str  # what people call it
    program: Program
    scenes: tuple[SceneSeed, ...]
    folder: Path  # of the traces: scene-SEED.trace
    judged: tuple[GradedScene, ...] = ()  # scenes that were judged before, and are not judged again

    def file(self, seed: int) -> Path:
        """The trace of a scene."""
        return self.folder / f"scene-{seed}.trace"


def judged_before(exercise: Exercise, submission: Submission, sandbox: Sandbox) -> tuple[GradedScene, ...]:
    """The scenes whose traces are there and whole, of the same program, exercise and level; scored again.

    What cannot be read or scored was not made by a judge: its scene counts as not judged.
    """
    found = []
    for name, seed in submission.scenes:
        file = submission.file(seed)
        try:
            trace = read(file)
        except (OSError, TraceReadError):
            continue
        header = trace.header
        wanted = (submission.program.sha256, exercise.sha256, seed, sandbox.level)
        same = (header.program_sha256, header.exercise_sha256, header.seed, header.sandbox) == wanted
        if same and trace.whole and trace.channels:
            with contextlib.suppress(ExerciseError, TraceReadError, ArithmeticError, RecursionError, MemoryError):
                score = exercise.score(trace)
                if trace.outcome.kind is not OutcomeKind.SYSTEM_FAULT:
                    found.append(GradedScene(name, seed, trace.outcome, score, trace.sha256, file))
    return tuple(found)


def grade_several(
    exercise: Gradable, submissions: Sequence[Submission], sandbox: Sandbox, workers: int | None = None
) -> Iterator[tuple[Submission, Grade | Exception]]:
    """Each submission when all its scenes are judged: with its grade, or with the error that says why there is none.

    The folders must be there, a different one for each submission. An error of one submission does not hold up the
    others. A run that ended by a fault of ours gives no grade: it is never a zero.
    """
    found = {one.folder: {scene.seed: scene for scene in one.judged} for one in submissions}
    waiting: dict[Path, Submission] = {}
    with Pool(sandbox, workers) as pool:
        for one in submissions:
            left = [scene for scene in one.scenes if scene.seed not in found[one.folder]]
            for name, seed in left:
                waiting[one.file(seed)] = one
                pool.submit(Job(exercise, one.program, seed, name, one.file(seed)))
            if not left:
                yield one, _grade(one, found[one.folder], sandbox)
        failed: set[Path] = set()
        for job, ending in pool.endings():
            owner = waiting[job.file]
            scenes = found[owner.folder]
            if isinstance(ending, Exception) or ending.outcome.kind is OutcomeKind.SYSTEM_FAULT:
                if owner.folder not in failed:
                    yield owner, _error(job, ending)
                failed.add(owner.folder)
                continue
            scenes[job.seed] = _graded(job, ending)
            if len(scenes) == len(owner.scenes):
                yield owner, _grade(owner, scenes, sandbox)


def _grade(submission: Submission, scenes: dict[int, GradedScene], sandbox: Sandbox) -> Grade:
    graded = tuple(scenes[seed] for _name, seed in submission.scenes)
    return Grade(final([scene.score for scene in graded]), sandbox.level, graded)


def _graded(job: Job, judgement: Judgement) -> GradedScene:
    return GradedScene(job.scene, job.seed, judgement.outcome, judgement.score, judgement.trace_sha256, job.file)


def _error(job: Job, ending: Judgement | Exception) -> Exception:
    """Why a submission has no grade."""
    if isinstance(ending, Exception):
        return ending
    text = _("{scene} could not be judged: {why} Please grade again.")
    return SystemFault(text.format(scene=job.scene, why=ending.outcome.reason))
