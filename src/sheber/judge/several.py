"""Several: many programs on one exercise, judged by one pool that stays warm. Each program is told when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheber.exercises.score import final
from sheber.judge.grade import Grade, GradedScene, SceneSeed
from sheber.judge.pool import Gradable, Job, Judgement, Pool, cores
from sheber.judge.program import Program
from sheber.judge.sandbox import Sandbox
from sheber.trace import OutcomeKind

__all__ = ["Submission", "grade_several"]


@dataclass(frozen=True, slots=True)
class Submission:
    """One program that somebody handed in, and where its traces go."""

    name: str  # what people call it
    program: Program
    scenes: tuple[SceneSeed, ...]
    folder: Path  # of the traces: scene-SEED.trace

    def file(self, seed: int) -> Path:
        """The trace of a scene."""
        return self.folder / f"scene-{seed}.trace"


def grade_several(
    exercise: Gradable, submissions: Sequence[Submission], sandbox: Sandbox, workers: int | None = None
) -> Iterator[tuple[Submission, Grade | Exception]]:
    """Each submission when all its scenes are judged: with its grade, or with the error that says why there is none.

    The folders must be there, a different one for each submission. An error of one submission does not hold up the
    others. A run that ended by a fault of ours gives no grade: it is never a zero.
    """
    owners = {one.file(seed): one for one in submissions for _name, seed in one.scenes}
    found: dict[Path, dict[int, GradedScene]] = {one.folder: {} for one in submissions}
    failed: set[Path] = set()
    with Pool(sandbox, workers or cores()) as pool:
        for one in submissions:
            for name, seed in one.scenes:
                pool.submit(Job(exercise, one.program, seed, name, one.file(seed)))
        for job, ending in pool.endings():
            owner = owners[job.file]
            if isinstance(ending, Exception) or ending.outcome.kind is OutcomeKind.SYSTEM_FAULT:
                if owner.folder not in failed:
                    yield owner, _error(job, ending)
                failed.add(owner.folder)
                continue
            scenes = found[owner.folder]
            scenes[job.seed] = _graded(job, ending)
            if len(scenes) == len(owner.scenes):
                graded = tuple(scenes[seed] for _name, seed in owner.scenes)
                yield owner, Grade(final([scene.score for scene in graded]), sandbox.level, graded)


def _graded(job: Job, judgement: Judgement) -> GradedScene:
    return GradedScene(job.scene, job.seed, judgement.outcome, judgement.score, judgement.trace_sha256, job.file)


def _error(job: Job, ending: Judgement | Exception) -> Exception:
    """Why a submission has no grade."""
    from sheber.i18n import _
    from sheber.judge.errors import SystemFault

    if isinstance(ending, Exception):
        return ending
    text = _("{scene} could not be judged: {why} Please grade again.")
    return SystemFault(text.format(scene=job.scene, why=ending.outcome.reason))
