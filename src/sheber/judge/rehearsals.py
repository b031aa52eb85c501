"""Rehearsals: stored traces that together are the whole rehearsal of one program, and what it got in all.

A folder keeps the traces of one submission. So two students whose programs are the same, byte for byte, have a
rehearsal each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheber.exercises import Exercise
from sheber.exercises.score import Score, final
from sheber.judge.grade import Grade, GradedScene
from sheber.trace import OutcomeKind, Trace

__all__ = ["Double", "Rehearsal", "Stored", "doubles", "rehearsals"]


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored trace with what it earns."""

    path: Path
    trace: Trace
    exercise: Exercise
    score: Score


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Every public scene of one exercise, once, with one program."""

    exercise: Exercise
    scenes: tuple[Stored, ...]  # in the order of the rehearsal
    grade: Grade


@dataclass(frozen=True, slots=True)
class Double:
    """Several traces of one public scene with the same program, in one folder."""

    traces: tuple[Stored, ...]  # in the order in which they were given

    @property
    def same(self) -> bool:
        """Whether the equipment did the same in all of them. Then the first counts, and the others are left out."""
        return len({(one.trace.sha256, one.trace.whole) for one in self.traces}) == 1


_Scenes = dict[int, list[Stored]]  # by seed


def rehearsals(stored: Sequence[Stored]) -> list[Rehearsal]:
    """The whole rehearsals among stored traces, one for each folder, exercise and program.

    Practice scenes are passed over. None where a scene is missing, was not judged to its end, or has traces that
    differ (see `doubles`).
    """
    return [_rehearsal([traces[0] for traces in scenes.values()]) for scenes in _groups(stored) if _whole(scenes)]


def doubles(stored: Sequence[Stored]) -> list[Double]:
    """The public scenes of which a folder has several traces with the same program."""
    return [Double(tuple(traces)) for scenes in _groups(stored) for traces in scenes.values() if len(traces) > 1]


def _groups(stored: Sequence[Stored]) -> Iterable[_Scenes]:
    """The traces of public scenes, by folder, exercise and program, and then by scene."""
    groups: dict[tuple[Path, str, str], _Scenes] = {}
    for one in stored:
        if (seed := one.trace.header.seed) is not None and seed in one.exercise.rehearsal:
            group = (one.path.absolute().parent, one.exercise.sha256, one.trace.header.program_sha256)
            groups.setdefault(group, {}).setdefault(seed, []).append(one)
    return groups.values()


def _whole(scenes: _Scenes) -> bool:
    traces = [one for several in scenes.values() for one in several]
    judged = all(one.trace.whole and one.trace.outcome.kind is not OutcomeKind.SYSTEM_FAULT for one in traces)
    clear = all(Double(tuple(several)).same for several in scenes.values())
    return judged and clear and scenes.keys() == set(traces[0].exercise.rehearsal)


def _rehearsal(group: Sequence[Stored]) -> Rehearsal:
    exercise = group[0].exercise
    order = {seed: place for place, seed in enumerate(exercise.rehearsal)}
    scenes = tuple(sorted(group, key=lambda one: order[one.trace.header.seed or 0]))
    graded = tuple(
        GradedScene(
            one.trace.header.scene,
            one.trace.header.seed or 0,
            one.trace.outcome,
            one.score,
            one.trace.sha256,
            one.path,
            one.trace,
        )
        for one in scenes
    )
    levels = ", ".join(sorted({one.trace.header.sandbox for one in scenes}))
    return Rehearsal(exercise, scenes, Grade(final([one.score for one in scenes]), levels, graded))
