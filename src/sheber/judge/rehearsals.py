"""Rehearsals: stored traces that together are the whole rehearsal of one program, and what it got in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sheber.exercises import Exercise
from sheber.exercises.score import Score, final
from sheber.judge.grade import Grade, GradedScene
from sheber.trace import OutcomeKind, Trace

__all__ = ["Rehearsal", "Stored", "rehearsals"]


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


def rehearsals(stored: Sequence[Stored]) -> list[Rehearsal]:
    """The whole rehearsals among stored traces; practice scenes among them are passed over.

    None where a scene is missing, is there twice, or was not judged to its end.
    """
    groups: dict[tuple[str, str], list[Stored]] = {}
    for one in stored:
        if one.trace.header.seed in one.exercise.rehearsal:
            groups.setdefault((one.exercise.sha256, one.trace.header.program_sha256), []).append(one)
    return [_rehearsal(group) for group in groups.values() if _whole(group)]


def _whole(group: Sequence[Stored]) -> bool:
    seeds = sorted(one.trace.header.seed or 0 for one in group)
    judged = all(one.trace.whole and one.trace.outcome.kind is not OutcomeKind.SYSTEM_FAULT for one in group)
    return judged and seeds == sorted(group[0].exercise.rehearsal)


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
