"""Grade: one program on several scenes, several at a time, and the final score. A pool of workers judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from sheber.exercises.score import Score, final
from sheber.i18n import _
from sheber.judge.errors import SystemFault
from sheber.judge.pool import Gradable, Job, Judgement, Pool, cores
from sheber.judge.program import Program
from sheber.judge.sandbox import Sandbox, best_sandbox
from sheber.temporary import temporary_folder
from sheber.trace import Outcome, OutcomeKind, Trace, read

__all__ = ["Grade", "GradedScene", "Progress", "SceneSeed", "grade", "rehearsal"]


class SceneSeed(NamedTuple):
    """A scene to judge: what people call it, and the seed that it is drawn from."""

    name: str
    seed: int


class Progress(Protocol):
    """Called once before the first scene and after each one, with what it got."""

    def __call__(self, done: int, total: int, scene: GradedScene | None) -> None: ...


@dataclass(frozen=True, slots=True)
class GradedScene:
    """One scene of a grade."""

    scene: str  # what people call it
    seed: int
    outcome: Outcome
    score: Score
    trace_sha256: str  # hash of what the equipment did
    trace_path: Path | None  # None where no folder for the traces was named
    read_trace: Trace | None = None  # the trace itself, where its file was temporary

    @property
    def trace(self) -> Trace:
        """The trace, read from its file."""
        if self.read_trace is not None:
            return self.read_trace
        assert self.trace_path is not None
        return read(self.trace_path)


@dataclass(frozen=True, slots=True)
class Grade:
    """What a program got: the final score and each scene."""

    final: float  # 0.7 mean + 0.3 worst scene
    level: str  # of the sandbox
    scenes: tuple[GradedScene, ...]


def rehearsal(exercise: Gradable) -> tuple[SceneSeed, ...]:
    """The public scenes of an exercise."""
    return tuple(SceneSeed(f"rehearsal {place}", seed) for place, seed in enumerate(exercise.rehearsal, 1))


def grade(
    exercise: Gradable,
    program: Program,
    sandbox: Sandbox | None = None,
    *,
    scenes: Sequence[SceneSeed | tuple[str, int]] | None = None,
    workers: int | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Grade:
    """Judge a program on several scenes.

    sandbox: the strongest that works here if left out; level C is marked as practice. scenes: names and seeds, each
    seed once; the rehearsal if left out. workers: scenes at a time; one for each processor core if left out. out:
    folder that keeps the traces, as scene-SEED.trace.

    Raises SandboxError where no box can be had, TraceError where a trace cannot be written, ExerciseError where the
    exercise cannot build a scene, ValueError where a seed is there twice, and SystemFault where a scene could not be
    judged through a fault of ours: such a scene is never a zero.
    """
    sandbox = sandbox or best_sandbox()
    chosen = [SceneSeed(*one) for one in (rehearsal(exercise) if scenes is None else scenes)]
    if not chosen or len({one.seed for one in chosen}) < len(chosen):
        raise ValueError(_("A grade needs at least one scene. Each seed may be there only once."))
    if progress is not None:
        progress(0, len(chosen), None)
    found: dict[int, GradedScene] = {}
    with (
        temporary_folder("grade") as scratch,
        Pool(sandbox, min(workers or cores(), len(chosen))) as pool,
    ):
        for name, seed in chosen:
            pool.submit(Job(exercise, program, seed, name, (out or Path(scratch)) / f"scene-{seed}.trace"))
        for job, ending in pool.endings():
            if isinstance(ending, Exception):
                raise ending
            found[job.seed] = _graded(job, ending, kept=out is not None)
            if progress is not None:
                progress(len(found), len(chosen), found[job.seed])
    graded = tuple(found[seed] for _name, seed in chosen)
    _refuse_faults(graded)
    return Grade(final([scene.score for scene in graded]), sandbox.level, graded)


def _graded(job: Job, judgement: Judgement, kept: bool) -> GradedScene:
    path, trace = (job.file, None) if kept else (None, read(job.file))
    return GradedScene(job.scene, job.seed, judgement.outcome, judgement.score, judgement.trace_sha256, path, trace)


def _refuse_faults(scenes: Sequence[GradedScene]) -> None:
    """Raise SystemFault where a scene ended by a fault of ours: it must not count."""
    faults = [scene for scene in scenes if scene.outcome.kind is OutcomeKind.SYSTEM_FAULT]
    if faults:
        text = _("{scenes} could not be judged: {why} Nothing was graded. Please grade again.")
        names = ", ".join(scene.scene for scene in faults)
        raise SystemFault(text.format(scenes=names, why=faults[0].outcome.reason))
